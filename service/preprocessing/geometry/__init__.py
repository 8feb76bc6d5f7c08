"""Where things are: on the photograph, on a reduced photograph and on the model's input, and the way back."""

from service.preprocessing.geometry.field_of_view import FieldOfView
from service.preprocessing.geometry.reduction import Factor, Reduction
from service.preprocessing.geometry.shapes import Box, Circle, Points
from service.preprocessing.geometry.square_mapping import Number, SquareMapping

__all__ = ["Box", "Circle", "Factor", "FieldOfView", "Number", "Points", "Reduction", "SquareMapping"]
