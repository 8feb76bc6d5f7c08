"""Step 2, find the retina: the disc that the camera lights, or a frame that is retina all over."""

from service.preprocessing.retina.find import find_field_of_view

__all__ = ["find_field_of_view"]
