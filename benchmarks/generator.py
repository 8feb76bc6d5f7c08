"""Synthetic images a second at 768x768: both generators beside DRAEM's way of making one.

    python -m benchmarks.generator [--photographs FOLDER] [--images 40] [--rounds 5]

DRAEM's way (Zavrtanik et al., ICCV 2021): Perlin noise at the size of the image with periods 2^0 to 2^5 drawn
for each axis, rotated by -90 to 90 degrees and thresholded at 0.5; three augmentations of a whole source
image; the two images blended inside the mask. It works on images whose contrast was evened out once and for
all, as the paper's generator does; drawn lesions come before CLAHE, which is done for each image, and a
camera photographs them.

They are measured in turn, on one thread, and compared round by round: these ratios hold when the machine's
speed drifts.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Spread
from service.preprocessing import decode, prepare
from service.preprocessing.constants import PreprocessingConstants
from training.config import LesionConfig, PaperConfig
from training.data.prepared import NormalImages, with_field_of_view
from training.paper.rivals.draem_samples import paste_texture
from training.synthesis.generator import make_generator

Image = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], object]

SIZE = 768
_MAX_PIXELS = 100_000_000


def ways(images: NormalImages) -> dict[str, Draw]:
    """How to make a synthetic image of two random ones, by name; none leaves its image normal."""
    constants = PreprocessingConstants()
    paper, lesions = (
        make_generator(config, constants)
        for config in (PaperConfig(normal_share=0), LesionConfig(normal_share=0))
    )

    def draem(target: Image, source: Image, generator: np.random.Generator) -> object:
        return paste_texture(target, source, generator, normal_share=0)

    return {
        "DRAEM's way": _of_two(draem, list(images.prepared)),
        "the paper's": _of_two(paper, list(images.prepared)),
        "drawn lesions, with camera and CLAHE": _of_two(lesions, list(images.natural)),
    }


def _of_two(draw: Callable[[Image, Image, np.random.Generator], object], images: list[Image]) -> Draw:
    def of_two(generator: np.random.Generator) -> object:
        target, source = (images[int(index)] for index in generator.integers(len(images), size=2))
        return draw(target, source, generator)

    return of_two


def seconds_an_image(draw: Draw, count: int, seed: int) -> float:
    """Average time of one image over ``count`` draws."""
    generator = np.random.default_rng(seed)
    start = time.perf_counter()
    for _ in range(count):
        draw(generator)
    return (time.perf_counter() - start) / count


def load_images(folder: Path | None) -> NormalImages:
    """Prepare the photographs of a folder, or draw round textured pictures where none is given."""
    if folder is None:
        pictures = [_drawn_picture(seed) for seed in range(4)]
    else:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        pictures = [decode(path.read_bytes(), max_pixels=_MAX_PIXELS) for path in files]
    inputs = [prepare(picture) for picture in pictures]
    return NormalImages(
        np.stack([each.image for each in inputs]),
        np.stack([with_field_of_view(each.natural, each.mask) for each in inputs]),
    )


def _drawn_picture(seed: int) -> Image:
    generator = np.random.default_rng(seed)
    picture = np.clip(generator.normal((170, 90, 45), 12, (SIZE, SIZE, 3)), 1, 255).astype(np.uint8)
    inside = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(inside, (SIZE // 2, SIZE // 2), SIZE // 2 - 2, 1, cv2.FILLED)
    return np.asarray(picture * inside[..., None], np.uint8)


def table(images: NormalImages, count: int, rounds: int) -> str:
    """Images a second of each way and its ratio to the first, as Markdown."""
    cv2.setNumThreads(1)
    draws = ways(images)
    # The first round warms up.
    measured = [
        [seconds_an_image(draw, count, seed) for draw in draws.values()] for seed in range(rounds + 1)
    ][1:]
    lines = ["| generator | images a second | ratio |", "| --- | ---: | ---: |"]
    for place, name in enumerate(draws):
        rate = Spread.of([1 / each[place] for each in measured])
        ratio = Spread.of([each[0] / each[place] for each in measured])
        lines.append(f"| {name} | {rate.text(1)} | {ratio.text(1)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="folder of photographs; default: drawn pictures")
    parser.add_argument("--images", type=int, default=40, help="images a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds")
    options = parser.parse_args()
    sys.stdout.write(table(load_images(options.photographs), options.images, options.rounds))


if __name__ == "__main__":
    main()
