"""This file is about places: which item and which frame a row of the frame index is."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.core.errors import IncompatibleIndexError

_NOBODY = -1


class FramePlaces:
    """Places from 0 on, each given once. One thread writes, any number read without waiting.

    Attributes:
        owners: int64 [P] item number of each place; stays when the frame is gone.
        at_ms: int64 [P] when its frame is shown.
        keys: P keys of its frame.
    """

    def __init__(self) -> None:
        self.owners = np.empty(0, np.int64)
        self.at_ms = np.empty(0, np.int64)
        self.keys: list[str] = []
        self._of_item: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.owners)

    def add(self, numbers: np.ndarray, keys: Sequence[str], at_ms: np.ndarray) -> np.ndarray:
        """New places [F] for frames; they belong to no item until `replaced` says so."""
        start = len(self.owners)
        # Keys first and owners last: a reader that sees a place finds all of it.
        self.keys.extend(keys)
        self.at_ms = np.concatenate([self.at_ms, at_ms])
        self.owners = np.concatenate([self.owners, numbers])
        return np.arange(start, start + len(numbers), dtype=np.int64)

    def replaced(self, numbers: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        """Places that the items had before; from now on they have those of `fresh` that are theirs."""
        gone = [self._of_item.pop(number) for number in numbers.tolist() if number in self._of_item]
        owners = self.owners[fresh]
        for number in np.unique(owners).tolist():
            self._of_item[number] = fresh[owners == number]
        return np.concatenate([np.empty(0, np.int64), *gone])

    def of_item(self, number: int) -> np.ndarray:
        """int64 [F] the item's places, in order of time."""
        return self._of_item.get(number, np.empty(0, np.int64))

    def items(self) -> np.ndarray:
        """int64 numbers of the items that have frames."""
        return np.array(sorted(self._of_item), dtype=np.int64)

    def live(self) -> np.ndarray:
        """int64 places that belong to an item."""
        return np.concatenate([np.empty(0, np.int64), *self._of_item.values()])

    def save(self, path: Path, generation: str) -> None:
        """Writes all of it; the file appears whole or not at all."""
        live = np.zeros(len(self), dtype=bool)
        live[self.live()] = True
        beside = path.with_suffix(".part")
        with beside.open("wb") as file:
            np.savez(
                file,
                owners=self.owners,
                at_ms=self.at_ms,
                keys=np.array(self.keys, dtype=np.str_),
                live=live,
                generation=np.array(generation),
            )
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    @classmethod
    def load(cls, path: Path) -> tuple["FramePlaces", str]:
        """What `save` wrote, and of which generation it is.

        Raises:
            IncompatibleIndexError: there is none, or it cannot be read.
        """
        made = cls()
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                made.owners, made.at_ms = found["owners"].astype(np.int64), found["at_ms"].astype(np.int64)
                made.keys, generation = found["keys"].tolist(), str(found["generation"])
                live = np.flatnonzero(found["live"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise IncompatibleIndexError(
                f"no places of frames in {path}; needed is an index of frames; it will be built"
            ) from error
        made.replaced(np.empty(0, np.int64), live)
        return made, generation

    def take_over(self, other: "FramePlaces") -> None:
        """Everything that the other has; to be called before anybody reads."""
        self.owners, self.at_ms, self.keys = other.owners, other.at_ms, other.keys
        self._of_item = other._of_item
