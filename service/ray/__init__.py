"""The service on Ray Serve: preparation and networks as deployments that scale apart; the extra ``ray``.

Nothing else imports this room, and a single host needs none of it.
"""
