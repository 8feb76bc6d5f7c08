"""What a reader must know to read a table."""

from collections.abc import Sequence

import torch

from training.paper.tables.budgets import Budget
from training.paper.tables.runner import threads_of_each
from training.paper.tables.setting import Setting
from training.run import RunRecord

_FIGURES = (
    "Ours with its 95 % bootstrap interval by image in brackets: what another draw of photographs like these "
    "would change. It says nothing of another training; where a row has several seeds, they do. AUPR is "
    "average precision. ACC is balanced accuracy: its threshold is chosen on the test masks themselves, as "
    "in the paper; that of 'honest' on held-back normal photographs with synthetic lesions, the same for "
    "every row. Pixel figures are over all pixels, as the paper's."
)
_SECONDS = (
    "Seconds are wall time of training, stage 1 included in every row that builds on it, though it is "
    "trained once for all of them."
)


def notes(
    setting: Setting, record: RunRecord, preset: str, budget: Budget, jobs: int, assignments: Sequence[str]
) -> list[str]:
    """Return the notes of a table, a paragraph each.

    Args:
        setting: The table's.
        record: Of its normals, any seed's.
        preset: Name of the preset.
        budget: What each row may learn.
        jobs: Rows made at a time.
        assignments: What the user set beside.
    """
    changes = ", ".join([*budget.overrides, *assignments])
    trained = (
        f"Whatever learns here learned from {len(record.training)} normal photographs ({record.data.name}), "
        f"with {len(record.held_back)} held back; every row was measured on {setting.evaluation_name}. "
        f"Preset {preset}, budget {budget.name}{f' ({changes})' if changes else ''}. {budget.note}"
    )
    return [trained, f"{_SECONDS} Device: {_device(setting, jobs)}.", _FIGURES]


def _device(setting: Setting, jobs: int) -> str:
    if setting.hardware.device == "cuda":
        return torch.cuda.get_device_name() + (f", {jobs} rows at a time" if jobs > 1 else "")
    threads = torch.get_num_threads() if jobs == 1 else threads_of_each(jobs)
    return f"CPU, {threads} thread{'s' if threads > 1 else ''} a row"
