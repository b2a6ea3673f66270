"""This file is about where the files of one table lie: on a disk, synced and mended by us, or in a bucket."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import Protocol, runtime_checkable

import lance

from bowerbird.core.claims import claimed
from bowerbird.core.clock import SystemClock
from bowerbird.core.errors import OverloadedError, TableDamagedError
from bowerbird.lake.durable import QUARANTINE, DurableFolder, open_repaired
from bowerbird.lake.leases import Lease
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.places import Place

_VERSIONS = "_versions"
_SUFFIX = ".lance"
# One large content goes up in this time; its process may have died on another machine.
_LONGEST_JOB_S = 900.0


@runtime_checkable
class TableFiles(Protocol):
    """The files of one table.

    Attributes:
        uri: what Lance opens.
        options: what Lance has to be told to open it; None on a disk.
        folder: where they lie on a disk; None in a bucket.
    """

    uri: str
    options: dict[str, str] | None
    folder: Path | None

    def exists(self) -> bool:
        """Whether the table has been made."""
        ...

    def has_versions(self) -> bool:
        """Whether there is anything to open; False too of a table that lost every version."""
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

    def alone(self, job: str) -> AbstractContextManager[None]:
        """Nobody else does this job on this table in the block: `making` it, or `adding` without a merge."""
        ...

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        ...

    def drop_damaged(self) -> None:
        """Damaged versions that were put aside are gone."""
        ...


class DiskFiles:
    """A folder of this machine. Lance does not sync it and cannot open a damaged head: we do both."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder: Path | None = path
        self.uri = str(path)
        self.options: dict[str, str] | None = None
        self._disk = DurableFolder(path)
        self.sync, self.forget = self._disk.sync, self._disk.forget

    def exists(self) -> bool:
        """Whether the table has been made."""
        return (self._path / _VERSIONS).is_dir()

    def has_versions(self) -> bool:
        """Whether there is anything to open; False too of a table that lost every version."""
        return next((self._path / _VERSIONS).glob("*.manifest"), None) is not None

    def open(self) -> lance.LanceDataset:
        """The table at its newest readable version; damaged newer ones are put aside."""
        return open_repaired(self._path)

    def claim(self) -> AbstractContextManager[bool]:
        """Whether upkeep of this table is ours in the block."""
        return claimed(self._path / ".maintaining")

    @contextmanager
    def alone(self, job: str) -> Iterator[None]:
        """Nobody else does this job on this table in the block."""
        self._path.mkdir(parents=True, exist_ok=True)
        with claimed(self._path / f".{job}", wait=True):
            yield

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        data, sizes = self._path / "data", {}
        for file in data.rglob("*"):
            try:
                stat = file.stat()
            except FileNotFoundError:  # another writer's, renamed since it was listed
                continue
            if S_ISREG(stat.st_mode):
                sizes[file.relative_to(data).as_posix()] = stat.st_size
        return sizes

    def drop_damaged(self) -> None:
        """Damaged versions that were put aside are gone."""
        for path in (self._path / QUARANTINE).glob("*"):
            path.unlink(missing_ok=True)


class RemoteFiles:
    """A prefix of a bucket. Conditional puts make each commit whole and durable: nothing is left to us."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.uri = place.address
        self.options = place.table_options
        self.folder: Path | None = None

    def exists(self) -> bool:
        """Whether the table has been made."""
        return next(iter(self._place.files(_VERSIONS)), None) is not None

    has_versions = exists

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
        """Whether upkeep of this table is ours in the block."""
        lease = Lease(self._place, "maintaining", SystemClock(), stale_s=_LONGEST_JOB_S)
        is_ours = lease.take()
        try:
            yield is_ours
        finally:
            lease.give_back()

    @contextmanager
    def alone(self, job: str) -> Iterator[None]:
        """Nobody else does this job on this table in the block."""
        lease = Lease(self._place, job, SystemClock(), stale_s=_LONGEST_JOB_S)
        if not lease.wait(_LONGEST_JOB_S):
            raise OverloadedError(f"others are {job} {self.uri} without a pause; needed is a turn; try again")
        try:
            yield
        finally:
            lease.give_back()

    def sizes(self) -> dict[str, int]:
        """Bytes of each file below `data`, by its name there."""
        return {file.path.removeprefix("data/"): file.size_bytes for file in self._place.files("data")}

    def drop_damaged(self) -> None:
        """There are none: nothing is put aside in a bucket."""


def files_of(where: Path | Place) -> TableFiles:
    """The files of the table at a folder or a place."""
    if isinstance(where, Path):
        return DiskFiles(where)
    return DiskFiles(Path(where.address)) if where.table_options is None else RemoteFiles(where)


def remove_table(place: Place) -> None:
    """Every file of a table is gone."""
    for file in list(place.files()):
        place.delete(file.path)
    if isinstance(place, LocalPlace):
        shutil.rmtree(place.root, ignore_errors=True)


def table_names(place: Place, folder: str = "tables") -> list[str]:
    """Names of the tables of a lake, such as `item` and `embedding/words/minilm`, sorted."""
    found = []
    for name in place.folders(folder):
        if name.endswith(_SUFFIX):
            found.append(f"{folder}/{name}".removeprefix("tables/").removesuffix(_SUFFIX))
        else:
            found += table_names(place, f"{folder}/{name}")
    return sorted(found)
