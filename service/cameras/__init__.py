"""Cameras: what the normal photographs of each look like and how they score."""
