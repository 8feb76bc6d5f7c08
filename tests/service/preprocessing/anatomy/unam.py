"""Which photographs of UNAM are ultra-wide, by eye."""

from pathlib import Path


def is_ultra_wide(photograph: Path) -> bool:
    """Whether it is from the ultra-wide camera."""
    patient = int(photograph.name.partition("_")[0])
    return 1976 <= patient <= 1979 or patient >= 1989
