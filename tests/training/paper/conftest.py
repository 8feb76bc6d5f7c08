from tests.training.evaluation.conftest import constants, perfect, predicted, prepared

__all__ = ["constants", "perfect", "predicted", "prepared"]
