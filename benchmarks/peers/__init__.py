"""The same stages behind other servers; ``python -m benchmarks.peers``."""
