"""The tables, as data.

The paper's figures are those of Tables 1 to 4 of *ReSynthDetect: A Fundus Anomaly Detection Network with
Reconstruction and Synthetic Features*. A new row is a line: a name for its folder, a label, and the values
that it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.data.datasets import Layout
from training.tables.columns import (
    EYEQ_ALL_COLUMNS,
    EYEQ_COLUMNS,
    IDRID_GRADE_COLUMNS,
    PIXEL_COLUMNS,
    Column,
)
from training.tables.recipes import Quoted, Recipe, RivalMethod, Shipped, Trained, Yardstick


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        name: Name of its folder.
        label: What the table calls it.
        recipe: How it is made.
        paper: The paper's figures by the keys of the columns.
        seeds: How often it is trained unless the command says otherwise.
        size: Side at which its photographs are prepared, in pixels; None for the table's own, at which every
            row is measured.
    """

    name: str
    label: str
    recipe: Recipe
    paper: Mapping[str, float] = field(default_factory=dict)
    seeds: int = 1
    size: int | None = None


@dataclass(frozen=True)
class TableDefinition:
    """One table.

    Attributes:
        name: What the command line calls it.
        title: What it shows.
        columns: Its columns on each layout that it can be made on, the paper's own first.
        rows: Its rows, from the top.
    """

    name: str
    title: str
    columns: Mapping[Layout, tuple[Column, ...]]
    rows: tuple[Row, ...]


def _eyeq(*figures: float) -> dict[str, float]:
    return dict(zip(("eyeq-1", "eyeq-2", "eyeq-3", "eyeq-4", "eyeq"), figures, strict=True))


def _idrid(auroc: float, acc: float, aupr: float) -> dict[str, float]:
    return {"auroc": auroc, "acc": acc, "aupr": aupr}


def _both(auroc: float, acc: float, aupr: float, eyeq: float) -> dict[str, float]:
    return _idrid(auroc, acc, aupr) | {"eyeq": eyeq}


_YARDSTICK = Row("yardstick", "yardstick: green channel against its local mean", Yardstick())
_SHIPPED = Row("shipped", "the shipped model (trained on IDRiD's normals)", Shipped())

_TABLE_1 = TableDefinition(
    "1",
    "Image AUROC by grade",
    {Layout.EYEQ: EYEQ_COLUMNS, Layout.IDRID_GRADES: IDRID_GRADE_COLUMNS},
    (
        _YARDSTICK,
        Row("fanogan", "fAnoGAN", RivalMethod(key="f-anogan"), _eyeq(0.508, 0.491, 0.525, 0.577, 0.514)),
        Row("mkd", "MKD", Quoted(), _eyeq(0.582, 0.547, 0.623, 0.706, 0.546)),
        Row(
            "lesion2void",
            "Lesion2Void",
            RivalMethod(key="lesion2void"),
            _eyeq(0.567, 0.625, 0.877, 0.902, 0.632),
        ),
        Row("draem", "DRAEM", RivalMethod(key="draem"), _eyeq(0.585, 0.658, 0.742, 0.716, 0.614)),
        Row("padim", "PaDiM", RivalMethod(key="padim")),
        Row("patchcore", "PatchCore", RivalMethod(key="patchcore")),
        Row("reverse-distillation", "reverse distillation", RivalMethod(key="reverse-distillation")),
        Row("resynthdetect", "ReSynthDetect", Trained(), _eyeq(0.556, 0.764, 0.941, 0.919, 0.722)),
        _SHIPPED,
    ),
)

_TABLE_2 = TableDefinition(
    "2",
    "Pixels of lesions",
    {Layout.IDRID: PIXEL_COLUMNS},
    (
        _YARDSTICK,
        Row("fanogan", "fAnoGAN", RivalMethod(key="f-anogan"), _idrid(0.756, 0.686, 0.048)),
        Row("wdmt-net", "WDMT-Net", RivalMethod(key="wdmt-net"), _idrid(0.775, 0.566, 0.075)),
        Row("resad", "ReSAD", Quoted(), _idrid(0.905, 0.819, 0.256)),
        Row("memae", "MemAE", RivalMethod(key="memae"), _idrid(0.749, 0.596, 0.058)),
        Row("draem", "DRAEM", RivalMethod(key="draem"), _idrid(0.827, 0.747, 0.100)),
        Row("padim", "PaDiM", RivalMethod(key="padim")),
        Row("patchcore", "PatchCore", RivalMethod(key="patchcore")),
        Row("reverse-distillation", "reverse distillation", RivalMethod(key="reverse-distillation")),
        Row("resynthdetect", "ReSynthDetect", Trained(), _idrid(0.931, 0.859, 0.427), seeds=3),
        _SHIPPED,
    ),
)

_ABLATION_COLUMNS = {Layout.IDRID: PIXEL_COLUMNS, Layout.EYEQ: EYEQ_ALL_COLUMNS}
_OURS = _both(0.931, 0.859, 0.427, 0.722)

_TABLE_3 = TableDefinition(
    "3",
    "What the localizer sees of the reconstruction network",
    _ABLATION_COLUMNS,
    (
        _YARDSTICK,
        Row(
            "reconstruction-error",
            "reconstruction error alone",
            RivalMethod(key="reconstruction-error"),
            _both(0.801, 0.719, 0.083, 0.485),
        ),
        Row(
            "localizer-alone",
            "localizer alone",
            Trained(('network.guide="none"',)),
            _both(0.891, 0.815, 0.331, 0.656),
        ),
        Row(
            "random-features",
            "features of a random encoder",
            Trained(('network.guide="random"',)),
            _both(0.883, 0.817, 0.267, 0.682),
        ),
        Row(
            "reconstructed-image",
            "the reconstructed image",
            Trained(('network.guide="reconstruction"',)),
            _both(0.819, 0.742, 0.149, 0.581),
        ),
        Row("resynthdetect", "features of the trained encoder: ReSynthDetect", Trained(), _OURS),
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
            Trained(('generator.source="texture"',)),
            _both(0.849, 0.747, 0.181, 0.666),
        ),
        Row(
            "no-mask",
            "fundus source, self-mix, no mask",
            Trained(('generator.mask="whole"',)),
            _both(0.781, 0.720, 0.043, 0.560),
        ),
        Row(
            "no-self-mix",
            "fundus source, no self-mix, mask",
            Trained(("generator.alpha=1.0",)),
            _both(0.890, 0.819, 0.274, 0.682),
        ),
        Row("resynthdetect", "fundus source, self-mix, mask: ReSynthDetect", Trained(), _OURS),
    ),
)

_IMPROVEMENTS = TableDefinition(
    "improvements",
    "What we changed",
    {Layout.IDRID: PIXEL_COLUMNS},
    (
        _YARDSTICK,
        Row("resynthdetect", "ReSynthDetect", Trained(), _idrid(0.931, 0.859, 0.427)),
        Row(
            "in-place",
            "most lesions in place and smooth",
            Trained(("generator.in_place_share=0.6", "generator.texture=[0.1,1.0]")),
        ),
        Row(
            "large",
            "lesions up to 640 pixels, cut by the window",
            Trained(("generator.crop_side=[8,640]", "generator.overhang_share=0.5")),
        ),
        Row("label-all", "every paste labelled, visible or not", Trained(("generator.contrast=0.0",))),
        Row("no-average", "weights not averaged over time", Trained(("localization.average_decay=0.0",))),
        Row("no-jitter", "one camera: no jitter", Trained(("localization.camera_jitter=0.0",))),
        Row("no-local-contrast", "without local contrast", Trained(("network.local_contrast=false",))),
        Row("no-augmentation", "lesions not augmented", Trained(("generator.augmentations=0",))),
        Row(
            "tone-alone",
            "lesions differ in tone and sharpness alone",
            Trained(('generator.left_out=["change_hue","change_colour_temperature","shift_colour"]',)),
        ),
        Row(
            "hard-negatives",
            "half the windows where the retina is busiest",
            Trained(("localization.hard_share=0.5",)),
        ),
        Row("more-detail", "photographs of 1536 pixels, windows of as many pixels", Trained(), size=1536),
        Row(
            "more-detail-same-view",
            "photographs of 1536 pixels, windows and lesions of as much retina",
            Trained(
                (
                    "reconstruction.window=512",
                    "localization.window=512",
                    "generator.crop_side=[10,512]",
                    "generator.rim_blur=3.0",
                )
            ),
            size=1536,
        ),
    ),
)

TABLES: Mapping[str, TableDefinition] = {
    table.name: table for table in (_TABLE_1, _TABLE_2, _TABLE_3, _TABLE_4, _IMPROVEMENTS)
}
