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

log = logging.getLogger(__name__)

_VERSIONS = "_versions"
_QUARANTINE = "_quarantine"
_MAGIC = b"LANC"  # the last bytes of a whole manifest
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
        folders = {os.path.dirname(path) for path, _ in changed}  # noqa: PTH120 (strings: thousands of files)
        for folder in sorted(folders | {str(self._root)}, key=len, reverse=True):
            _fsync_if_there(folder)

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
    while True:
        heads = _manifests_newest_first(root)
        if not heads:
            raise TableDamagedError(
                f"table {root.name} has no readable version left; needed is at least one; "
                f"bring back a manifest from {root / _QUARANTINE} or import again"
            )
        damage = _damage_of_head(root, heads[0])
        if damage is None:
            return _open(root)
        _quarantine(root, heads[0], damage)


def _damage_of_head(root: Path, manifest: Path) -> str | None:
    # Only what a power cut leaves counts as damage: anything else that stops us from opening (no memory, no
    # file handles, no rights) must not cost a good version.
    size = manifest.stat().st_size
    with manifest.open("rb") as file:
        file.seek(max(size - len(_MAGIC), 0))
        if file.read() != _MAGIC:
            return f"manifest of {size} bytes without its end mark"
    for fragment in _open(root).get_fragments():
        for data_file in fragment.data_files():
            there, needed = _size(root / "data" / data_file.path), data_file.file_size_bytes
            if there == 0 or (needed and there != needed):
                return f"data file {data_file.path} has {there} bytes"
    return None


def _open(root: Path) -> lance.LanceDataset:
    try:
        return lance.dataset(str(root))
    except (OSError, ValueError, RuntimeError) as error:
        raise TableDamagedError(
            f"table {root.name} has a whole manifest but cannot be opened: {error}; needed is a readable "
            "folder; check rights, free memory and that `pylance` has the pinned version"
        ) from error


def _quarantine(root: Path, manifest: Path, damage: str) -> None:
    folder = root / _QUARANTINE
    folder.mkdir(exist_ok=True)
    manifest.rename(folder / f"{manifest.name}.{time.time_ns()}")
    (root / _VERSIONS / "latest_version_hint.json").unlink(missing_ok=True)
    for changed in (folder, root / _VERSIONS):
        _fsync_if_there(str(changed))
    log.warning(
        "damaged head quarantined", extra={"table": root.name, "manifest": manifest.name, "damage": damage}
    )


def _manifests_newest_first(root: Path) -> list[Path]:
    # Lance names manifests by 2^64 - 1 - version, so that the newest sorts first.
    return sorted((root / _VERSIONS).glob("*.manifest"), key=lambda path: path.name.zfill(32))


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
    return f"{os.sep}{_VERSIONS}{os.sep}" in path


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


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
