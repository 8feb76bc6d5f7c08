"""The tables, as data: rows with what each changes, the paper's figures, and budgets.

The paper's figures are those of Tables 1 to 4 of *ReSynthDetect: A Fundus Anomaly Detection Network with
Reconstruction and Synthetic Features*.
"""

import json
from collections.abc import Callable, Mapping

from training.config import LesionConfig, LesionKind
from training.data.datasets import Layout
from training.paper.tables.columns import (
    EYEQ_ALL_COLUMNS,
    EYEQ_COLUMNS,
    IDRID_GRADE_COLUMNS,
    PIXEL_COLUMNS,
)
from training.paper.tables.row import QUOTED, SHIPPED, YARDSTICK, Budget, Row, TableDefinition


def _eyeq(*figures: float) -> dict[str, float]:
    return dict(zip(("eyeq-1", "eyeq-2", "eyeq-3", "eyeq-4", "eyeq"), figures, strict=True))


def _idrid(auroc: float, acc: float, aupr: float) -> dict[str, float]:
    return {"auroc": auroc, "acc": acc, "aupr": aupr}


def _both(auroc: float, acc: float, aupr: float, eyeq: float) -> dict[str, float]:
    return _idrid(auroc, acc, aupr) | {"eyeq": eyeq}


def _papers_lesions(**values: object) -> str:
    """Put the paper's generator in the place of a preset's, with some of its values changed."""
    return f"generator={json.dumps({'method': 'paper', **values})}"


def _lesions(kept: Callable[[LesionKind], bool]) -> str:
    """Draw some of the kinds of lesions alone."""
    kinds = [kind.model_dump() for kind in LesionConfig().lesions if kept(kind)]
    return f"generator.lesions={json.dumps(kinds)}"


_YARDSTICK = Row("yardstick", "yardstick: green channel against its local mean", YARDSTICK)
_SHIPPED = Row("shipped", "the shipped model (trained on IDRiD's normals)", SHIPPED)

_TABLE_1 = TableDefinition(
    "1",
    "Image AUROC by grade",
    {Layout.EYEQ: EYEQ_COLUMNS, Layout.IDRID_GRADES: IDRID_GRADE_COLUMNS},
    (
        _YARDSTICK,
        Row("fanogan", "fAnoGAN", "f-anogan", paper=_eyeq(0.508, 0.491, 0.525, 0.577, 0.514)),
        Row("mkd", "MKD", QUOTED, paper=_eyeq(0.582, 0.547, 0.623, 0.706, 0.546)),
        Row(
            "lesion2void",
            "Lesion2Void",
            "lesion2void",
            paper=_eyeq(0.567, 0.625, 0.877, 0.902, 0.632),
        ),
        Row("draem", "DRAEM", "draem", paper=_eyeq(0.585, 0.658, 0.742, 0.716, 0.614)),
        Row("padim", "PaDiM", "padim"),
        Row("patchcore", "PatchCore", "patchcore"),
        Row("reverse-distillation", "reverse distillation", "reverse-distillation"),
        Row("resynthdetect", "ReSynthDetect", paper=_eyeq(0.556, 0.764, 0.941, 0.919, 0.722)),
        _SHIPPED,
    ),
)

_TABLE_2 = TableDefinition(
    "2",
    "Pixels of lesions",
    {Layout.IDRID: PIXEL_COLUMNS},
    (
        _YARDSTICK,
        Row("fanogan", "fAnoGAN", "f-anogan", paper=_idrid(0.756, 0.686, 0.048)),
        Row("wdmt-net", "WDMT-Net", "wdmt-net", paper=_idrid(0.775, 0.566, 0.075)),
        Row("resad", "ReSAD", QUOTED, paper=_idrid(0.905, 0.819, 0.256)),
        Row("memae", "MemAE", "memae", paper=_idrid(0.749, 0.596, 0.058)),
        Row("draem", "DRAEM", "draem", paper=_idrid(0.827, 0.747, 0.100)),
        Row("padim", "PaDiM", "padim"),
        Row("patchcore", "PatchCore", "patchcore"),
        Row("reverse-distillation", "reverse distillation", "reverse-distillation"),
        Row("resynthdetect", "ReSynthDetect", paper=_idrid(0.931, 0.859, 0.427), seeds=3),
        _SHIPPED,
    ),
)

_ABLATION_COLUMNS = {Layout.IDRID: PIXEL_COLUMNS, Layout.EYEQ: EYEQ_ALL_COLUMNS}
_PAPERS_OWN = _both(0.931, 0.859, 0.427, 0.722)

_TABLE_3 = TableDefinition(
    "3",
    "What the localizer sees of the reconstruction network",
    _ABLATION_COLUMNS,
    (
        _YARDSTICK,
        Row(
            "reconstruction-error",
            "reconstruction error alone",
            "reconstruction-error",
            paper=_both(0.801, 0.719, 0.083, 0.485),
        ),
        Row(
            "localizer-alone",
            "localizer alone",
            changes=('network.guide="none"',),
            paper=_both(0.891, 0.815, 0.331, 0.656),
        ),
        Row(
            "random-features",
            "features of a random encoder",
            changes=('network.guide="random"',),
            paper=_both(0.883, 0.817, 0.267, 0.682),
        ),
        Row(
            "reconstructed-image",
            "the reconstructed image",
            changes=('network.guide="reconstruction"',),
            paper=_both(0.819, 0.742, 0.149, 0.581),
        ),
        Row("resynthdetect", "features of the trained encoder: ReSynthDetect", paper=_PAPERS_OWN),
    ),
)

_TABLE_4 = TableDefinition(
    "4",
    "How synthetic lesions are made",
    _ABLATION_COLUMNS,
    (
        _YARDSTICK,
        Row(
            "texture-source",
            "texture source, self-mix, mask",
            changes=(_papers_lesions(source="texture"),),
            paper=_both(0.849, 0.747, 0.181, 0.666),
        ),
        Row(
            "no-mask",
            "fundus source, self-mix, no mask",
            changes=(_papers_lesions(mask="whole"),),
            paper=_both(0.781, 0.720, 0.043, 0.560),
        ),
        Row(
            "no-self-mix",
            "fundus source, no self-mix, mask",
            changes=(_papers_lesions(alpha=1.0),),
            paper=_both(0.890, 0.819, 0.274, 0.682),
        ),
        Row(
            "papers-lesions",
            "fundus source, self-mix, mask: the paper's",
            changes=(_papers_lesions(),),
            paper=_PAPERS_OWN,
        ),
        Row(
            "resynthdetect",
            "drawn before CLAHE, and pasted: this project's",
            # With the paper's preset, too.
            changes=('generator={"method": "lesions"}',),
        ),
    ),
)

_IMPROVEMENTS = TableDefinition(
    "improvements",
    "What we changed",
    {Layout.IDRID: PIXEL_COLUMNS},
    (
        _YARDSTICK,
        Row("resynthdetect", "this project's preset"),
        Row("papers-lesions", "the paper's lesions, after CLAHE", changes=(_papers_lesions(),)),
        Row(
            "pastes-alone",
            "pasted lesions alone, before CLAHE",
            changes=(_lesions(lambda kind: kind.matter == "paste"),),
        ),
        Row("drawn-alone", "drawn lesions alone", changes=(_lesions(lambda kind: kind.matter != "paste"),)),
        Row("no-distractors", "nothing drawn that is no lesion", changes=("generator.distractors=[]",)),
        Row(
            "no-reflections",
            "no ghosts, reflexes or flare",
            changes=('generator.distractors=["shading", "sheen", "dust", "stroke"]',),
        ),
        Row("one-camera", "one camera", changes=("generator.camera.share=0.0",)),
        Row("one-distance", "eyes neither nearer nor farther", changes=("generator.zoom_share=0.0",)),
        Row("label-all", "every lesion labelled, visible or not", changes=("generator.visible=0.0",)),
        Row("pixels-alike", "every pixel of a lesion counts once", changes=("loss.lesion_area=null",)),
        Row("no-dice", "focal loss without Dice", changes=("loss.dice=0.0",)),
        Row("no-average", "weights not averaged over time", changes=("localization.average_decay=0.0",)),
        Row("no-local-contrast", "without local contrast", changes=("network.local_contrast=false",)),
        Row(
            "not-standardized",
            "colour and contrast as cameras give them",
            changes=("network.standardize=false",),
        ),
        Row("more-detail", "photographs of 1536 pixels", size=1536),
    ),
)

TABLES: Mapping[str, TableDefinition] = {
    table.name: table for table in (_TABLE_1, _TABLE_2, _TABLE_3, _TABLE_4, _IMPROVEMENTS)
}


_SMALL = Budget(
    "small",
    # Five minutes per row on one CPU core with the compact preset: enough to compare the rows, though each
    # would still improve.
    (
        "reconstruction.epochs=6",
        "reconstruction.warmup_epochs=1",
        "reconstruction.window=256",
        "localization.epochs=12",
        "localization.cycles=[1]",
        "localization.warmup_epochs=1",
        "localization.window=384",
    ),
    "A small budget shows how rows compare with each other; their levels are not those of a training to the "
    "end, and not the paper's.",
)
_FULL = Budget(
    "full",
    (),
    "The preset's own number of epochs. The paper does not state its own, nor the widths of its networks.",
)

BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in (_SMALL, _FULL)}
