"""Synthetic images a second at 768x768: this generator beside DRAEM's way of making one.

    python -m benchmarks.generator [--photographs FOLDER] [--images 40] [--rounds 5]

DRAEM's way (Zavrtanik et al., ICCV 2021): Perlin noise at the size of the image with periods 2^0 to 2^5 drawn
for each axis, rotated by -90 to 90 degrees and thresholded at 0.5; three augmentations of a whole source
image; the two images blended inside the mask. Both take the same three augmentations from
:mod:`training.synthesis`, so what differs is the noise and how much of the image is touched.

The two are measured in turn, on one thread, and compared round by round: these ratios hold when the machine's
speed drifts.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Spread
from service.preprocessing import decode, prepare
from training.config import GeneratorConfig
from training.rivals.draem_samples import perlin_noise
from training.synthesis.augmentations import augment
from training.synthesis.generator import AnomalyGenerator

Image = NDArray[np.uint8]
Draw = Callable[[Image, Image, np.random.Generator], object]

SIZE = 768
_MAX_PIXELS = 100_000_000


def draem_image(target: Image, source: Image, generator: np.random.Generator) -> Image:
    """One synthetic image in DRAEM's way, uint8 (768, 768, 3)."""
    centre = ((SIZE - 1) / 2, (SIZE - 1) / 2)
    rotation = cv2.getRotationMatrix2D(centre, generator.uniform(-90, 90), 1.0)
    noise = cv2.warpAffine(perlin_noise(SIZE, generator), rotation, (SIZE, SIZE))
    mask = (np.asarray(noise) > 0.5)[..., None]
    texture = augment(source, source, 3, generator).astype(np.float32)
    opacity = generator.random(dtype=np.float32) * 0.8
    blended = target * ~mask + (1 - opacity) * texture * mask + opacity * target * mask
    return np.asarray(blended, np.uint8)


def seconds_an_image(draw: Draw, images: Sequence[Image], count: int, seed: int) -> float:
    """Average time of one image over ``count`` draws."""
    generator = np.random.default_rng(seed)
    start = time.perf_counter()
    for _ in range(count):
        target, source = (images[int(index)] for index in generator.integers(len(images), size=2))
        draw(target, source, generator)
    return (time.perf_counter() - start) / count


def load_images(folder: Path | None) -> list[Image]:
    """Prepare the photographs of a folder, or draw round textured pictures where none is given."""
    if folder is None:
        return [_drawn_picture(seed) for seed in range(4)]
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [prepare(decode(path.read_bytes(), max_pixels=_MAX_PIXELS)).image for path in files]


def _drawn_picture(seed: int) -> Image:
    generator = np.random.default_rng(seed)
    picture = np.clip(generator.normal((170, 90, 45), 12, (SIZE, SIZE, 3)), 1, 255).astype(np.uint8)
    inside = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(inside, (SIZE // 2, SIZE // 2), SIZE // 2 - 2, 1, cv2.FILLED)
    return np.asarray(picture * inside[..., None], np.uint8)


def table(images: Sequence[Image], count: int, rounds: int) -> str:
    """Images a second of both and their ratio, as Markdown."""
    cv2.setNumThreads(1)
    ours = AnomalyGenerator(GeneratorConfig(normal_share=0.0))
    pairs = []
    for seed in range(rounds + 1):
        draem, here = (seconds_an_image(draw, images, count, seed) for draw in (draem_image, ours))
        pairs.append((draem, here))
    # The first round warms up.
    draems, heres = zip(*pairs[1:], strict=True)
    ratio = Spread.of([draem / here for draem, here in pairs[1:]])
    return (
        "| generator | images a second | ratio |\n| --- | ---: | ---: |\n"
        f"| DRAEM's way | {Spread.of([1 / each for each in draems]).text(1)} | 1 |\n"
        f"| this one | {Spread.of([1 / each for each in heres]).text(1)} | {ratio.text(1)} |\n"
    )


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
