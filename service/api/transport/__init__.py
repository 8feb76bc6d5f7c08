"""How requests and responses travel, whatever the route: connections, uploads, media types, middleware."""
