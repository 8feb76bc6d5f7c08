"""Metrics, each with its bootstrap interval."""
