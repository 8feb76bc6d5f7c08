"""Everything about speed on a GPU, written to one page as it is measured.

    python -m benchmarks.gpu PHOTOGRAPHS [--device cuda] [--workers 8] [--quick]
        [--out docs/performance-gpu.md]

Needs ``pip install -c constraints.txt -c docker/constraints-gpu.txt -e '.[gpu,train,load]'``. ``PHOTOGRAPHS``
is a folder of files as cameras write them; the first by name is the one that is asked for. On a CPU it
measures less, and says so.
"""

import argparse
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.pages import told, versions
from training.presets import PRESETS

_MODEL = Path("models/resynthdetect.onnx")
_LIBRARIES = ("torch", "onnxruntime-gpu", "opencv-python-headless", "numpy")


def machine() -> str:
    """The card and versions."""
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    cuda = f"CUDA {torch.version.cuda}, cuDNN {cudnn}"
    return f"{card}; {cuda}, Python {platform.python_version()}, {versions(_LIBRARIES)}."


def sections(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield each section once it is measured."""
    photograph = min(arguments.photographs.iterdir())
    device = ("--device", arguments.device)
    seconds = 1 if arguments.quick else 2
    yield f"# Performance on a GPU\n\nWritten by `python -m benchmarks.gpu PHOTOGRAPHS` on {machine()}\n"
    yield "## Ways to run the network\n"
    batches = (1,) if arguments.quick else (1, 2, 4, 8, 16, 32)
    yield told("network", *device, "--model", _MODEL, "--batches", *batches)
    yield "## Photographs that arrive together\n\nWithout HTTP, by the service's own batcher:\n"
    yield told("batching", photograph, *device, "--seconds", 4 * seconds, "--clients", 1, 4, 16, "--batch", 4)
    yield "## The service and its stages\n\nOne photograph of a camera's size, `heatmap=none`:\n"
    contest = ("--seconds", seconds, "--rounds", 2, "--clients", 1, 4, 16)
    yield told("serving", photograph, *device, *contest)
    yield "## Photographs prepared by more threads\n"
    yield told("threads", photograph, "--rounds", 1 if arguments.quick else 3)
    yield "## Training\n\nSteps of stage 2, with the generator and with samples kept from before.\n"
    effort = ("--rounds", 1, "--steps", 2) if arguments.quick else ("--rounds", 3, "--steps", 60)
    for preset in sorted(PRESETS)[: 1 if arguments.quick else None]:
        how = ("--preset", preset, "--workers", arguments.workers, *effort)
        yield f"`benchmarks.training {' '.join(map(str, how))}`\n"
        yield f"```\n{told('training', *device, *how)}```\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="cuda")
    parser.add_argument("--workers", type=int, default=8, help="processes that draw samples")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/performance-gpu.md"))
    arguments = parser.parse_args()
    with arguments.out.open("w") as page:
        for section in sections(arguments):
            page.write(f"{section}\n")
            page.flush()
            sys.stderr.write(f"{section}\n")


if __name__ == "__main__":
    main()
