from tests.training.paper.tables.conftest import normals
from training.paper.tables.budgets import BUDGETS
from training.paper.tables.notes import notes


def test_budget_data_and_device_are_named(setting):
    text = " ".join(notes(setting, normals().record, "compact", BUDGETS["small"], 2, ["loss.focusing=1.0"]))
    assert "4 normal photographs (drawn retinas), with 2 held back" in text
    assert "every row was measured on drawn retinas (2+2)" in text
    assert "budget small (reconstruction.epochs=6, " in text
    assert "loss.focusing=1.0)" in text
    assert "not the paper's" in text
    assert "Device: CPU, " in text
