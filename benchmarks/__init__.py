"""Five questions about speed: ``request``, ``load``, ``gpu``, ``training`` and ``scale``."""
