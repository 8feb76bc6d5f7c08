"""``python -m training calibrate``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from service.cameras.profile import Device, write_profile
from service.engines.model import Model
from training.commands import options
from training.commands.console import console
from training.commands.photographs import load, show_findings
from training.data.datasets import Layout
from training.data.split import SPECIFICITY
from training.export.camera_profile import (
    make_profile,
    measure_photographs,
    require_enough,
    suspicious,
    trust,
)


def calibrate(
    model: Annotated[
        Path,
        typer.Argument(help="An exported model (.onnx).", exists=True, dir_okay=False, show_default=False),
    ],
    normals: Annotated[
        Path,
        typer.Argument(
            help="Folder of normal photographs of one camera, at least some dozens.",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ],
    camera: Annotated[
        str,
        typer.Option(
            "--camera",
            help="Name of the camera: a-z, 0-9 and -.",
            show_default=False,
            callback=options.camera_name,
        ),
    ],
    specificity: Annotated[
        float,
        typer.Option(
            "--specificity", min=0.5, max=0.99, help="Share of normal photographs to call nothing found."
        ),
    ] = SPECIFICITY,
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--dicom", help="The camera in DICOM's words, as MANUFACTURER/MODEL NAME. May be repeated."
        ),
    ] = None,
    strict: options.Strict = False,
    workers: options.Workers = 2,
) -> None:
    """Calibrate a model on a camera's normal photographs, and write the profile beside it.

    The model stays as it is. The profile holds the scores of the photographs, a threshold that lets the
    wanted share of the camera's normal photographs pass, and what its photographs look like, by which the
    service knows the camera again. Photographs that score as if they were not normal are listed: look at
    them, and calibrate again without those that are none.
    """
    devices = _devices(device or ())
    loaded = Model(model)
    records = load(normals, Layout.FOLDER, strict, workers).training
    require_enough(len(records), specificity)
    scores, looks, report = measure_photographs(loaded, records, strict=strict)
    show_findings(report)
    profile = make_profile(camera, loaded.metadata, scores, looks, specificity, devices)
    path = write_profile(profile, model)
    low, high = trust(specificity, len(scores))
    console.print(
        f"wrote {path}: threshold {profile.threshold:.4f} of {len(scores)} normal photographs", markup=False
    )
    console.print(
        f"Of future normal photographs, {low:.0%} to {high:.0%} will score lower in 90 of 100 such "
        f"calibrations. The smallest p-value is {1 / (len(scores) + 1):.3f}."
    )
    for index in suspicious(scores):
        name = report.accepted[index].identifier
        console.print(f"look at {name}: it scores {scores[index]:.3f}", markup=False)


def _devices(names: Sequence[str]) -> list[Device]:
    devices = []
    for name in names:
        manufacturer, slash, model = name.partition("/")
        if not slash:
            raise typer.BadParameter(f"{name!r} is not MANUFACTURER/MODEL NAME", param_hint="--dicom")
        devices.append(Device(manufacturer=manufacturer, model=model))
    return devices
