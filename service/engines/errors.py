"""What keeps a model from being served."""


class ModelError(Exception):
    """A model that cannot be served here; the message says why."""
