"""Photographs with what is known about them: loaders, validation, splits and the prepared cache."""
