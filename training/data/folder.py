"""A plain folder of normal photographs, which is what a clinic has."""

from pathlib import Path

from training.data.records import NORMAL_GRADE, DataError, Record, Split

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def load_folder(root: Path) -> tuple[Record, ...]:
    """Load every photograph in a folder and its subfolders as a normal training photograph.

    Args:
        root: The folder. Nothing is read from file names, so no patient is known: whoever has several
            photographs of a patient cannot have them kept together.

    Returns:
        One record per file with the suffix of a picture, sorted by path; hidden files are ignored.

    Raises:
        DataError: ``root`` is no folder or has no pictures.
    """
    if not root.is_dir():
        raise DataError(f"no such folder: {root}")
    images = sorted(path for path in root.rglob("*") if _is_picture(path.relative_to(root), path))
    if not images:
        raise DataError(f"no pictures ({', '.join(sorted(IMAGE_SUFFIXES))}) in {root}")
    return tuple(_record(image, root) for image in images)


def _is_picture(relative: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in relative.parts)
    return path.suffix.lower() in IMAGE_SUFFIXES and not hidden and path.is_file()


def _record(image: Path, root: Path) -> Record:
    return Record(image, image.relative_to(root).as_posix(), Split.TRAINING, NORMAL_GRADE)
