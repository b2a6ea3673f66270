"""This file is about where the files of one table lie: on a disk, synced and mended by us, or in a bucket."""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

import lance

from bowerbird.core.errors import LakeError, TableDamagedError
from bowerbird.lake.durable import DurableFolder, open_repaired
from bowerbird.lake.places import Place

_VERSIONS = "_versions"
_SUFFIX = ".lance"


@runtime_checkable
class TableFiles(Protocol):
    """The files of one table.

    Attributes:
        uri: what Lance opens.
        options: what Lance has to be told to open it; None on a disk.
    """

    uri: str
    options: dict[str, str] | None

    @property
    def path(self) -> Path:
        """The folder, of a table on a disk."""
        ...

    def exists(self) -> bool:
        """Whether the table has been made."""
        ...

    def open(self) -> lance.LanceDataset:
        """The table at its newest readable version."""
        ...

    def sync(self) -> None:
        """What was committed survives a power cut."""
        ...

    def forget(self) -> None:
        """Files have been removed."""
        ...

    def claim(self) -> AbstractContextManager[bool]:
        """Whether upkeep of this table is ours in the block."""
        ...

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        ...


class DiskFiles:
    """A folder of this machine. Lance does not sync it and cannot open a damaged head: we do both."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.uri = str(path)
        self.options: dict[str, str] | None = None
        self._folder = DurableFolder(path)
        self.sync, self.forget = self._folder.sync, self._folder.forget

    def exists(self) -> bool:
        """Whether the table has been made."""
        return (self.path / _VERSIONS).is_dir()

    def open(self) -> lance.LanceDataset:
        """The table at its newest readable version; damaged newer ones are put aside."""
        return open_repaired(self.path)

    @contextmanager
    def claim(self) -> Iterator[bool]:
        """Whether upkeep of this table is ours in the block."""
        with (self.path / ".maintaining").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        data = self.path / "data"
        return {
            file.relative_to(data).as_posix(): file.stat().st_size
            for file in data.rglob("*")
            if file.is_file()
        }


class RemoteFiles:
    """A prefix of a bucket. Conditional puts make each commit whole and durable: nothing is left to us."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.uri = place.address
        self.options = place.table_options

    @property
    def path(self) -> Path:
        """There is none."""
        raise LakeError(
            f"table {self.uri} has no folder; needed is one on a disk; "
            "copy the lake to this machine with `bowerbird lake copy`"
        )

    def exists(self) -> bool:
        """Whether the table has been made."""
        return next(iter(self._place.files(_VERSIONS)), None) is not None

    def open(self) -> lance.LanceDataset:
        """The table at its newest version."""
        try:
            return lance.dataset(self.uri, storage_options=self.options)
        except (OSError, ValueError, RuntimeError) as error:
            raise TableDamagedError(
                f"table {self.uri} cannot be opened: {error}; needed are all of its files and the right to "
                "read them; look at it with `bowerbird lake verify`"
            ) from error

    def sync(self) -> None:
        """Nothing to do: a put that was answered is durable."""

    def forget(self) -> None:
        """Nothing is remembered."""

    @contextmanager
    def claim(self) -> Iterator[bool]:
        """Always: the lease of the lake's maintenance decides, and two that do the same do no harm."""
        yield True

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        return {file.path.removeprefix("data/"): file.size_bytes for file in self._place.files("data")}


def files_of(where: Path | Place) -> TableFiles:
    """The files of the table at a folder or a place."""
    if isinstance(where, Path):
        return DiskFiles(where)
    return DiskFiles(Path(where.address)) if where.table_options is None else RemoteFiles(where)


def table_names(place: Place, folder: str = "tables") -> list[str]:
    """Names of the tables of a lake, such as `item` and `embedding/words/minilm`, sorted."""
    found = []
    for name in place.folders(folder):
        if name.endswith(_SUFFIX):
            found.append(f"{folder}/{name}".removeprefix("tables/").removesuffix(_SUFFIX))
        else:
            found += table_names(place, f"{folder}/{name}")
    return sorted(found)
