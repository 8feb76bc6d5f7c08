"""Probability map to regions, overlay and PNG."""
