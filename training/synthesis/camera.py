"""The camera that photographs a drawn eye: another one each time, so that no camera is an anomaly."""

import cv2
import numpy as np

from training.config import CameraConfig
from training.synthesis.chance import happens, one_of
from training.synthesis.light import multiply_smoothly
from training.synthesis.scene import Picture

_LEVELS = np.linspace(0, 1, 256)
# Cameras that raise the contrast wash out the optic disc; the pivot keeps its brightness.
_CONTRAST_SHARE = 0.5
_PIVOT = (0.2, 0.5)
_LIGHTING_SHARE = 0.5
_LIGHTING_GRID = 3
# Of all pictures: blurred, taken at fewer pixels, sharpened; the rest are left as sharp as they are.
_FOCUS_SHARES = (0.25, 0.15, 0.10, 0.50)
_NOISE_SHARE = 0.3
_NOISE_TILE = 128
_JPEG_SHARE = 0.3


def photograph(picture: Picture, config: CameraConfig, generator: np.random.Generator) -> Picture:
    """Photograph a picture by a camera of random tone, light, focus, noise and compression.

    Args:
        picture: uint8 (height, width, 3), RGB, before CLAHE.
        config: How much cameras differ.
        generator: Source of randomness.

    Returns:
        uint8 (height, width, 3), RGB; the picture itself where nothing is changed.
    """
    if not happens(config.share, generator):
        return picture
    picture = _change_tone(picture, config.strength, generator)
    if happens(_LIGHTING_SHARE, generator):
        picture = _light(picture, config.strength, generator)
    picture = _focus(picture, generator)
    if happens(_NOISE_SHARE, generator):
        picture = _add_noise(picture, generator)
    if happens(_JPEG_SHARE, generator):
        picture = _compress(picture, generator)
    return picture


def _change_tone(picture: Picture, strength: float, generator: np.random.Generator) -> Picture:
    """Another gamma, contrast, exposure and white balance."""
    exponent = np.exp(generator.normal(0, strength))
    gains = np.exp(generator.normal(0, 0.8 * strength) + generator.normal(0, 0.8 * strength, 3))
    tones = _LEVELS[:, None] ** exponent * gains  # (256, 3)
    if happens(_CONTRAST_SHARE, generator):
        pivot = generator.uniform(*_PIVOT)
        tones = pivot + (tones - pivot) * np.exp(generator.normal(0.5 * strength, 1.5 * strength))
    curves = np.clip(255 * tones, 0, 255)
    # Channel by channel: OpenCV looks three tables up at once in twice the time.
    tables = np.rint(curves).astype(np.uint8).T
    channels = [cv2.LUT(channel, table) for channel, table in zip(cv2.split(picture), tables, strict=True)]
    return np.asarray(cv2.merge(channels), np.uint8)


def _light(picture: Picture, strength: float, generator: np.random.Generator) -> Picture:
    """A smooth field of light, the same in all colours as a flash is."""
    field = np.exp(generator.normal(0, 0.7 * strength, (_LIGHTING_GRID, _LIGHTING_GRID)))
    return multiply_smoothly(picture, field, cv2.INTER_CUBIC)


def _focus(picture: Picture, generator: np.random.Generator) -> Picture:
    return _FOCUSES[one_of(len(_FOCUSES), _FOCUS_SHARES, generator)](picture, generator)


def _blur(picture: Picture, generator: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), generator.uniform(0.4, 1.2)), np.uint8)


def _take_fewer_pixels(picture: Picture, generator: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    scale = generator.uniform(0.35, 0.8)
    small = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)


def _sharpen(picture: Picture, generator: np.random.Generator) -> Picture:
    amount = generator.uniform(0.3, 1.2)
    smooth = cv2.GaussianBlur(picture, (0, 0), generator.uniform(1.0, 2.0))
    return np.asarray(cv2.addWeighted(picture, 1 + amount, smooth, -amount, 0), np.uint8)


def _leave(picture: Picture, generator: np.random.Generator) -> Picture:
    del generator
    return picture


_FOCUSES = (_blur, _take_fewer_pixels, _sharpen, _leave)


def _add_noise(picture: Picture, generator: np.random.Generator) -> Picture:
    """Noise of 1 to 5 levels, a tile of it side by side: no network looks that far for a pattern."""
    height, width = picture.shape[:2]
    tile = generator.standard_normal((_NOISE_TILE, _NOISE_TILE, 3), np.float32) * generator.uniform(1, 5)
    times = (-(-height // _NOISE_TILE), -(-width // _NOISE_TILE), 1)
    noise = np.tile(np.rint(tile).astype(np.int16), times)[:height, :width]
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def _compress(picture: Picture, generator: np.random.Generator) -> Picture:
    # Red and blue change places, which JPEG's colours nearly do not care about and twice a copy does.
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(55, 96))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
