"""``python -m service bulk``: a folder or a prefix of an object store, scored on Ray Data; the extra ``ray``.

Nothing else imports this room, and a single host needs none of it.
"""
