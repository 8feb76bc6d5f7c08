"""The models that are served: found, opened, described, and reloaded."""
