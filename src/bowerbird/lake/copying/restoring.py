"""This file is about bringing a lake back from a backup: every piece checked by its hash on the way."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bowerbird.core.errors import LakeError
from bowerbird.lake.copying.backups import HOME, PieceStore, find_backup
from bowerbird.lake.copying.targets import Target
from bowerbird.lake.copying.types import BackupFile, CopyProgress, CopyReport, Tell
from bowerbird.lake.places import Address, Place

_THREADS = 4
_COMMITS = ("/_versions/", "/_refs/")


def restore(
    backups: Place, target: Address, tell: Tell, *, name: str | None = None, home: Path | None = None
) -> CopyReport:
    """The lake as it was in a backup, the newest if none is named.

    A restore that was cut off goes on where it was, if it is told to bring back the same backup.

    Raises:
        NotFoundError: there is no such backup.
        ConflictError: something else is at the target.
        LakeError: a piece is missing or damaged.
    """
    started_s = time.monotonic()
    backup = find_backup(backups, name)
    filled = Target(target, home, origin=f"{backup.lake.id} {backup.name}")
    store = PieceStore(backups)
    there = {file.path: file.size_bytes for file in filled.place.files("tables")}
    all_bytes, done, written = sum(file.size_bytes for file in backup.files), 0, 0
    # Tables first and their commits last; the home is small and is written each time.
    tables = [file for file in backup.files if file.path.startswith("tables/")]
    rest = [file for file in backup.files if not file.path.startswith("tables/")]
    contents = [file for file in tables if not any(part in file.path for part in _COMMITS)]
    commits = [file for file in tables if any(part in file.path for part in _COMMITS)]

    def bring(file: BackupFile) -> tuple[BackupFile, int]:
        if there.get(file.path) == file.size_bytes:
            return file, 0
        is_of_home = file.path.startswith(HOME)
        place = filled.home_place if is_of_home else filled.place
        place.write(file.path.removeprefix(HOME) if is_of_home else file.path, _content(file, store))
        return file, file.size_bytes

    for part in (contents, commits, rest):
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="bowerbird-restore") as pool:
            for file, size in pool.map(bring, part):
                done, written = done + file.size_bytes, written + size
                tell(CopyProgress(len(part), len(backup.files), done, all_bytes))
    filled.finish(backup.lake)
    seconds = time.monotonic() - started_s
    return CopyReport(backup.name, backup.tables, len(backup.files), all_bytes, written, seconds)


def _content(file: BackupFile, store: PieceStore) -> Iterator[bytes]:
    size = 0
    for sha in file.pieces:
        content = store.read(sha)
        if hashlib.sha256(content).hexdigest() != sha:
            raise _damaged(file)
        size += len(content)
        yield content
    if size != file.size_bytes:
        raise _damaged(file)


def _damaged(file: BackupFile) -> LakeError:
    return LakeError(
        f"{file.path} in the backup is not what was stored; needed are its pieces undamaged; restore an "
        "earlier backup with --as-of"
    )
