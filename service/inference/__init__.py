"""Photograph to prediction: the models served, the way to them, and what becomes of their maps."""
