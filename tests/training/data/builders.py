"""Small data sets in the layouts of the large ones, made of files whose content does not matter."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

GRADING = "B. Disease Grading"
SEGMENTATION = "A. Segmentation"


def write(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or path.name.encode())
    return path


def write_rows(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def grading(root: Path, training: Mapping[str, object], testing: Mapping[str, object]) -> Path:
    """Writes part B of IDRiD with the header of the official archive: stray spaces, empty columns."""
    part = root / GRADING
    for letter, name, labels in (("a", "Training", training), ("b", "Testing", testing)):
        header = ["Image name", "Retinopathy grade", "Risk of macular edema ", "", "", ""]
        rows = [[image, grade, 0, "", "", ""] for image, grade in labels.items()]
        write_rows(
            part / "2. Groundtruths" / f"{letter}. IDRiD_Disease Grading_{name} Labels.csv", [header, *rows]
        )
        for image in labels:
            write(
                part / "1. Original Images" / f"{letter}. {name} Set" / f"{image}.jpg",
                f"{name}{image}".encode(),
            )
    return root


def segmentation(root: Path, image: str, masks: Sequence[str], split: str = "a. Training Set") -> Path:
    """Writes one photograph of part A with masks of the given codes."""
    folders = {
        "MA": "1. Microaneurysms",
        "HE": "2. Haemorrhages",
        "EX": "3. Hard Exudates",
        "SE": "4. Soft Exudates",
        "OD": "5. Optic Disc",
    }
    part = root / SEGMENTATION
    write(part / "1. Original Images" / split / f"{image}.jpg")
    for code in masks:
        write(part / "2. All Segmentation Groundtruths" / split / folders[code] / f"{image}_{code}.tif")
    return root
