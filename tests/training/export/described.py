"""The metadata of a model of tests."""

from service.engines.contract import ModelMetadata, Threshold, TrainingData
from service.preprocessing import PreprocessingConstants

DATA = TrainingData(name="drawn retinas", images=4, licence="CC0-1.0", attribution="None.")
_HALF = Threshold(value=0.5, chosen_by="hand")


def metadata(size: int) -> ModelMetadata:
    return ModelMetadata(
        name="test",
        version="1",
        preprocessing=PreprocessingConstants(size=size),
        training_data=DATA,
        decision=_HALF,
        region=_HALF,
        pixel=_HALF,
        normal_scores=(0.0, 1.0),
    )
