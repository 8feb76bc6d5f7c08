"""The commands of ``python -m training``, one per file."""
