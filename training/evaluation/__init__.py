"""Metrics, the evaluation protocol, its tables and its pictures."""
