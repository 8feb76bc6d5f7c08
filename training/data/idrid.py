"""IDRiD, the Indian Diabetic Retinopathy Image Dataset, in the layout its archives unpack to.

Part A ("A. Segmentation") has 81 photographs with a mask for each lesion type present; part B ("B. Disease
Grading") has 413 training and 103 testing photographs with grades. Either part may be absent or incomplete:
a labelled photograph whose file is absent is still a record, and :mod:`training.data.validation` names it.

Porwal et al., "Indian Diabetic Retinopathy Image Dataset (IDRiD)", 2018; CC BY 4.0.
"""

from pathlib import Path

from training.data.label_file import read_rows
from training.data.records import DataError, LesionType, Record, Split

SEGMENTATION = "A. Segmentation"
GRADING = "B. Disease Grading"

_IMAGES = "1. Original Images"
_SPLIT_FOLDERS = {Split.TRAINING: "a. Training Set", Split.TESTING: "b. Testing Set"}
_LABELS = {
    Split.TRAINING: "2. Groundtruths/a. IDRiD_Disease Grading_Training Labels.csv",
    Split.TESTING: "2. Groundtruths/b. IDRiD_Disease Grading_Testing Labels.csv",
}
_MASKS = "2. All Segmentation Groundtruths"
_LESION_FOLDERS = {
    LesionType.MICROANEURYSMS: "1. Microaneurysms",
    LesionType.HAEMORRHAGES: "2. Haemorrhages",
    LesionType.HARD_EXUDATES: "3. Hard Exudates",
    LesionType.SOFT_EXUDATES: "4. Soft Exudates",
}
# A normal of the training set that is, byte for byte, IDRiD_064 of the testing set, where it has grade 3.
_LEAKED = f"B/{Split.TRAINING}/IDRiD_118"
_OPTIC_DISC_FOLDER = "5. Optic Disc"


def load(root: Path) -> tuple[Record, ...]:
    """Load whichever of part B and part A lie below a folder, part B first.

    Raises:
        DataError: Neither does, or one cannot be understood.
    """
    loaders = {GRADING: load_grading, SEGMENTATION: load_segmentation}
    present = {part: loader for part, loader in loaders.items() if _candidates(root, part)} or loaders
    return tuple(record for loader in present.values() for record in loader(root))


def load_grading(root: Path) -> tuple[Record, ...]:
    """Load part B.

    Args:
        root: Folder into which the archives were unpacked.

    Returns:
        One record a labelled photograph, training before testing, in the order of the label files; without
        IDRiD_118 of the training set, which is a photograph of the testing set.

    Raises:
        DataError: There is no part B below ``root``, or a label file cannot be understood.
    """
    part = _find_part(root, GRADING)
    return tuple(record for split in Split for record in _graded(part, split))


def load_segmentation(root: Path) -> tuple[Record, ...]:
    """Load part A.

    A lesion type without a mask file is absent from that photograph, as IDRiD delivers it.

    Args:
        root: Folder into which the archives were unpacked.

    Returns:
        One record per photograph, training before testing, sorted by name.

    Raises:
        DataError: There is no part A below ``root``, or a mask belongs to no photograph.
    """
    part = _find_part(root, SEGMENTATION)
    return tuple(record for split in Split for record in _delineated(part, split))


def is_idrid(root: Path) -> bool:
    """Return whether either part of IDRiD is below ``root``."""
    return any(_candidates(root, part) for part in (SEGMENTATION, GRADING))


def _candidates(root: Path, part: str) -> list[Path]:
    # Some unpackers wrap an archive's content in a folder of the archive's own name.
    images = sorted(root.glob(f"{part}/{_IMAGES}")) + sorted(root.glob(f"*/{part}/{_IMAGES}"))
    return [folder.parent for folder in images]


def _find_part(root: Path, part: str) -> Path:
    candidates = _candidates(root, part)
    if not candidates:
        raise DataError(f"no folder '{part}/{_IMAGES}' in {root}: is this where IDRiD was unpacked?")
    return candidates[0]


def _graded(part: Path, split: Split) -> list[Record]:
    labels = part / _LABELS[split]
    if not labels.is_file():
        raise DataError(f"IDRiD's label file is missing: {labels}")
    # The header carries stray spaces and empty columns.
    rows = [{(key or "").strip(): value for key, value in row.items()} for row in read_rows(labels)]
    folder = part / _IMAGES / _SPLIT_FOLDERS[split]
    records = [_graded_record(row, split, folder, labels) for row in rows if row.get("Image name")]
    return [record for record in records if record.identifier != _LEAKED]


def _graded_record(row: dict[str, str], split: Split, folder: Path, labels: Path) -> Record:
    name = row["Image name"].strip()
    try:
        grade = int(row["Retinopathy grade"])
    except (KeyError, ValueError) as error:
        raise DataError(f"{labels}: no retinopathy grade for {name}") from error
    return Record(folder / f"{name}.jpg", f"B/{split}/{name}", split, grade)


def _delineated(part: Path, split: Split) -> list[Record]:
    images = sorted((part / _IMAGES / _SPLIT_FOLDERS[split]).glob("*.jpg"))
    masks = part / _MASKS / _SPLIT_FOLDERS[split]
    _refuse_orphan_masks(masks, {image.stem for image in images})
    return [_delineated_record(image, masks, split) for image in images]


def _refuse_orphan_masks(masks: Path, names: set[str]) -> None:
    orphans = sorted(mask.name for mask in masks.glob("*/*.tif") if mask.stem.rpartition("_")[0] not in names)
    if orphans:
        raise DataError(f"{masks}: masks without a photograph: {', '.join(orphans)}")


def _delineated_record(image: Path, masks: Path, split: Split) -> Record:
    lesions = {
        lesion: mask
        for lesion, folder in _LESION_FOLDERS.items()
        if (mask := masks / folder / f"{image.stem}_{lesion}.tif").is_file()
    }
    optic_disc = masks / _OPTIC_DISC_FOLDER / f"{image.stem}_OD.tif"
    return Record(
        image,
        f"A/{split}/{image.stem}",
        split,
        lesions=lesions,
        optic_disc=optic_disc if optic_disc.is_file() else None,
    )
