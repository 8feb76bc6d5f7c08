"""What a DICOM answer states, as plain values that a worker process can take."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.pictures.regions import Region
from service.preprocessing import QualityNote


@dataclass(frozen=True)
class Statement:
    """What the service says of a photograph.

    Attributes:
        model: Name of the model.
        version: Of the model.
        score: How anomalous the photograph is, 0 to 1.
        threshold: Scores from here on are anomalous.
        percentile: Percentage of normal photographs that score lower.
        p_value: How often a normal photograph of the camera scores as high; None for an unknown camera.
        finding: A code of :class:`~service.serving.finding.Finding`.
        camera: Name of the camera's profile.
        chosen_by: How the profile was chosen; None for an unknown camera.
        normals: Normal photographs in the profile; None for an unknown camera.
        quality: What makes the photograph hard to judge.
        regions: Those with the highest peaks, first.
        regions_total: Regions found.
    """

    model: str
    version: str
    score: float
    threshold: float
    percentile: float
    p_value: float | None
    finding: str
    camera: str
    chosen_by: str | None
    normals: int | None
    quality: Sequence[QualityNote]
    regions: Sequence[Region]
    regions_total: int
