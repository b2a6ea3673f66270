"""This file is about what survives a power cut: syncing what Lance leaves in memory, and mending heads.

Lance renames its files into place but never calls fsync on a local disk. So after each commit we sync the
data, then the manifest that names it, then the folders that name both. A head that a power cut damaged all
the same is put aside when the table is opened, and the version before it is the head again.
"""

import logging
import os
import time
from pathlib import Path

import lance

from bowerbird.core.errors import TableDamagedError
from bowerbird.lake.damage import VERSIONS, Head, damage_of, heads_newest_first, open_version

log = logging.getLogger(__name__)

QUARANTINE = "_quarantine"
# Lance never changes a file that it has finished: one this old is not looked at again.
_SETTLED_NS = 60 * 1_000_000_000
_Seen = tuple[int, int]  # size in bytes, modification time in ns


class DurableFolder:
    """Remembers which files of one table are on the disk for good."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._synced: dict[str, _Seen] = {}
        self._settled: set[str] = set()

    def sync(self) -> None:
        """Every file written since the last call is on the disk: data, then manifests, then folders."""
        settled_ns = time.time_ns() - _SETTLED_NS
        changed = []
        for path, seen in _files(self._root, self._settled):
            if self._synced.get(path) != seen:
                changed.append((path, seen))
            elif seen[1] < settled_ns:
                self._settled.add(path)
        changed.sort(key=lambda entry: _is_manifest(entry[0]))
        for path, seen in changed:
            if _fsync_if_there(path):
                self._synced[path] = seen
        for folder in sorted(self._folders_of(changed), key=len, reverse=True):
            _fsync_if_there(folder)

    def _folders_of(self, changed: list[tuple[str, _Seen]]) -> set[str]:
        """The folders of these files and all above them up to the table's: each may be new itself."""
        root = str(self._root)
        found = {root}
        for path, _ in changed:
            folder = os.path.dirname(path)  # noqa: PTH120 (strings: thousands of files)
            while folder not in found:
                found.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120
        return found

    def forget(self) -> None:
        """Files have been removed: let go of the names that are gone."""
        there = {path for path, _ in _files(self._root, set())}
        self._synced = {path: seen for path, seen in self._synced.items() if path in there}
        self._settled &= there


def open_repaired(root: Path) -> lance.LanceDataset:
    """The table at its newest readable version; damaged newer ones are moved into `_quarantine`.

    Raises:
        TableDamagedError: no version can be read.
    """
    for head in heads_newest_first(root):
        damage = damage_of(root, head)
        if damage is None:
            return open_version(root)
        put_aside(root, head, damage)
    raise no_version_left(root)


def put_aside(root: Path, head: Head, damage: str) -> None:
    """The version is not there any more: its manifest lies in `_quarantine`."""
    folder = root / QUARANTINE
    folder.mkdir(exist_ok=True)
    head.path.rename(folder / f"{head.path.name}.{time.time_ns()}")
    (root / VERSIONS / "latest_version_hint.json").unlink(missing_ok=True)
    for changed in (folder, root / VERSIONS, root):
        _fsync_if_there(str(changed))
    log.warning(
        "damaged head quarantined", extra={"table": root.name, "version": head.version, "damage": damage}
    )


def no_version_left(root: Path) -> TableDamagedError:
    """Every manifest is damaged or gone."""
    return TableDamagedError(
        f"table {root.name} has no readable version left; needed is at least one; "
        f"bring back a manifest from {root / QUARANTINE} or import again"
    )


def _files(root: Path, passed_over: set[str]) -> list[tuple[str, _Seen]]:
    found: list[tuple[str, _Seen]] = []
    folders = [str(root)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                if entry.path in passed_over:
                    continue
                try:
                    stat = entry.stat()
                except FileNotFoundError:  # cleaned up by another process meanwhile
                    continue
                found.append((entry.path, (stat.st_size, stat.st_mtime_ns)))
    return found


def _is_manifest(path: str) -> bool:
    return f"{os.sep}{VERSIONS}{os.sep}" in path


def _fsync_if_there(path: str) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # cleaned up by another process meanwhile
        return False
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return True
