from tests.training.evaluation.conftest import constants, perfect, prepared

__all__ = ["constants", "perfect", "prepared"]
