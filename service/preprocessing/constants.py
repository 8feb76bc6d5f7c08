"""The constants that a model was trained with and that its input must be prepared with."""

from pydantic import BaseModel, ConfigDict, Field


class PreprocessingConstants(BaseModel):
    """How a photograph becomes a model input.

    They travel inside the exported model, so a service prepares photographs exactly as the training
    did. Defaults follow section 4.1 of the paper: 768x768, CLAHE with clip limit 2 and an 8x8 grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=768, ge=64, le=8192, description="Side of the square model input, in pixels.")
    clahe_clip_limit: float = Field(default=2.0, gt=0, allow_inf_nan=False, description="CLAHE clip limit.")
    clahe_grid: int = Field(default=8, ge=1, le=64, description="CLAHE tiles along each side.")
