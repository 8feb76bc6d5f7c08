"""Prepared photographs, with the masks of their lesions in the same pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from service.preprocessing.constants import PreprocessingConstants
from training.data.records import DataError, LesionType, Record
from training.data.store import ArrayStore
from training.data.validation import ValidationReport
from training.field_of_view import inside_field_of_view

ImageArray = npt.NDArray[np.uint8]
MaskArray = npt.NDArray[np.bool_]


class DrawnOn(NamedTuple):
    """Where the arrays are that training draws lesions on.

    Attributes:
        natural: Key of the photograph before CLAHE, with its field of view.
        scale: Key of how many pixels of the photograph one of these is wide.
    """

    natural: str
    scale: str


@dataclass(frozen=True)
class Entry:
    """Where the arrays of one photograph are in the store.

    Attributes:
        image: Key of the prepared photograph.
        drawn_on: Keys of what lesions are drawn on; None where it was not kept.
        lesions: Key of the mask of each lesion type delineated.
        optic_disc: Key of the mask of the optic disc, or None where there is none.
    """

    image: str
    drawn_on: DrawnOn | None
    lesions: Mapping[LesionType, str]
    optic_disc: str | None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of the photograph."""
        keys = (self.image, *(self.drawn_on or ()), *self.lesions.values(), self.optic_disc)
        return tuple(key for key in keys if key is not None)


def with_field_of_view(natural: ImageArray, mask: MaskArray) -> ImageArray:
    """Join a photograph before CLAHE, uint8 RGB (size, size, 3), and its field of view, bool (size, size).

    Returns:
        uint8 (size, size, 4), the field of view as 0 or 255.
    """
    return np.dstack([natural, mask.view(np.uint8) * np.uint8(255)])


class Images(Sequence[ImageArray]):
    """Pictures of photographs, uint8 (size, size, channels), each mapped from the disk when asked for."""

    def __init__(self, store: ArrayStore, keys: Sequence[str]) -> None:
        """Give the arrays of some keys, in their order."""
        self._store = store
        self._keys = keys

    def __len__(self) -> int:
        """Return the number of photographs."""
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> ImageArray: ...
    @overload
    def __getitem__(self, index: slice) -> "Images": ...
    def __getitem__(self, index: int | slice) -> "ImageArray | Images":
        """Return one photograph, or some as a sequence of the same kind."""
        if isinstance(index, slice):
            return Images(self._store, self._keys[index])
        return self._store.read(self._keys[index]).view(np.uint8)


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class NormalImages:
    """Normal photographs as a training needs them.

    Attributes:
        prepared: What the network sees, each uint8 RGB (size, size, 3), black outside the field of view.
        natural: The same before CLAHE, where lesions are drawn: each uint8 (size, size, 4), RGB and the field
            of view as 0 or 255.
        scales: How many pixels of the photograph each of these pixels is wide. Below 1 the photograph was
            enlarged, and what its camera showed of a lesion was less than these pixels could.
    """

    prepared: Sequence[ImageArray] | ImageArray
    natural: Sequence[ImageArray] | ImageArray
    scales: Sequence[float]

    def __len__(self) -> int:
        """Return the number of photographs."""
        return len(self.prepared)

    @property
    def size(self) -> int:
        """Side of the pictures."""
        return int(self.prepared[0].shape[0])

    def at_most(self, count: int) -> "NormalImages":
        """Return at most ``count`` of the photographs, evenly spread: every one, every second, ..."""
        step = -(-len(self) // count)
        return NormalImages(self.prepared[::step], self.natural[::step], self.scales[::step])


@dataclass(frozen=True)
class PreparedSet:
    """A validated data set in model space.

    Attributes:
        records: What is known of each photograph.
        entries: Where the arrays of each are, in the same order.
        store: The cache that has them.
        constants: How they were prepared.
        report: What was left out and why.
    """

    records: tuple[Record, ...]
    entries: tuple[Entry, ...]
    store: ArrayStore
    constants: PreprocessingConstants
    report: ValidationReport

    def __len__(self) -> int:
        """Return the number of photographs."""
        return len(self.records)

    @property
    def images(self) -> Images:
        """The prepared photographs; any channel above 0 is inside the field of view."""
        return Images(self.store, [entry.image for entry in self.entries])

    @property
    def normals(self) -> "NormalImages":
        """The photographs as a training needs them.

        Raises:
            ValueError: They were prepared without the photographs before CLAHE.
        """
        drawn_on = [entry.drawn_on for entry in self.entries if entry.drawn_on is not None]
        if len(drawn_on) < len(self):
            raise ValueError("the photographs were prepared for evaluation only")
        return NormalImages(
            self.images,
            Images(self.store, [keys.natural for keys in drawn_on]),
            [float(self.store.read(keys.scale).view(np.float64)[0]) for keys in drawn_on],
        )

    def load_images(self) -> ImageArray:
        """Return all prepared photographs in memory, uint8 RGB (N, size, size, 3)."""
        size = self.constants.size
        stack = np.empty((len(self), size, size, 3), np.uint8)
        for row, image in zip(stack, self.images, strict=True):
            row[...] = image
        return stack

    def field_of_view(self, index: int) -> MaskArray:
        """Return the field of view of a photograph, bool (size, size)."""
        return inside_field_of_view(self.images[index])

    def lesions(self, index: int) -> dict[LesionType, MaskArray]:
        """Return the mask of each lesion type in a photograph, bool (size, size); none in a normal one.

        Raises:
            DataError: The photograph is anomalous and its lesions were not delineated.
        """
        record = self.records[index]
        if record.lesions is None and not record.is_normal:
            raise DataError(f"the lesions of {record.identifier} were not delineated")
        return {lesion: self._mask(key) for lesion, key in self.entries[index].lesions.items()}

    def lesion_union(self, index: int) -> MaskArray:
        """Return where any lesion is in a photograph, bool (size, size).

        Raises:
            DataError: The photograph is anomalous and its lesions were not delineated.
        """
        union = np.zeros((self.constants.size, self.constants.size), np.bool_)
        for mask in self.lesions(index).values():
            union |= mask
        return union

    def optic_disc(self, index: int) -> MaskArray | None:
        """Return the mask of the optic disc, bool (size, size), or None where it was not delineated."""
        key = self.entries[index].optic_disc
        return None if key is None else self._mask(key)

    def subset(self, indices: Sequence[int]) -> "PreparedSet":
        """Return the set of some of the photographs, in the order of their indices."""
        return PreparedSet(
            tuple(self.records[index] for index in indices),
            tuple(self.entries[index] for index in indices),
            self.store,
            self.constants,
            self.report,
        )

    def _mask(self, key: str) -> MaskArray:
        return self.store.read(key).view(np.bool_)
