"""This file is about backups: each one whole by itself, though it takes only what the ones before lack.

Files are kept as pieces named by their hash, under `pieces/`; a backup is a manifest under `backups/` that
lists the pieces of each file. The manifest is written last, so that half a backup is none.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from bowerbird.core.errors import ConflictError, InputError, LakeError, NotFoundError
from bowerbird.lake.copying.home_files import gathered
from bowerbird.lake.copying.plan import planned
from bowerbird.lake.copying.types import BackupFile, BackupManifest, CopyProgress, CopyReport, Tell
from bowerbird.lake.format import FORMAT_FILE, new_format, read_format
from bowerbird.lake.lake import Lake
from bowerbird.lake.leases import Lease
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.migrations import STEPS
from bowerbird.lake.place_files import PlaceFile
from bowerbird.lake.places import Place

HOME = "home/"
PIECES, BACKUPS = "pieces", "backups"
_PIECE_BYTES = 8 * 2**20
_THREADS = 4
_STALE_S = 600.0
_MS_PER_S = 1000
_NAME = "%Y%m%dT%H%M%SZ"
_SHA_LETTERS = 64


def back_up(lake: Lake, place: Place, tell: Tell, *, keep: int) -> CopyReport:
    """One more backup of the lake at a place; of more than `keep`, the oldest are let go.

    Raises:
        InputError: none would be kept.
        ConflictError: another backup to this place is running, or it is a lake.
    """
    if keep < 1:
        raise InputError(f"--keep {keep} was received; needed is at least 1; keep one or more backups")
    if place.stat(FORMAT_FILE) is not None:
        raise ConflictError(
            f"{place.address} is a lake; needed is a place for backups alone; name another one"
        )
    started_s = time.monotonic()
    lease = Lease(place, "backup", lake.clock, stale_s=_STALE_S)
    if not lease.take():
        raise ConflictError(f"another backup to {place.address} is running; wait for it and try again")
    try:
        before = list_backups(place)
        store = PieceStore(place)
        known = {
            (file.path, file.size_bytes, file.mark): file for file in (before[-1].files if before else ())
        }
        said = read_format(lake.place) or new_format(len(STEPS), lake.clock)
        with planned(lake.place, f"backup-{said.id[-10:]}") as plan:
            files = _stored(lake.place, plan.files, "", known, store, tell, lease)
            tags = [file for file in lake.place.files("tags") if file.path.endswith(".json")]
            files += _stored(lake.place, tags, "", {}, store, tell, lease)
            with gathered(lake.path) as folder:
                rest = LocalPlace(folder)
                files += _stored(rest, list(rest.files()), HOME, {}, store, tell, lease)
        manifest = BackupManifest(
            name=_new_name(lake, before),
            made_ms=lake.clock.now_ms(),
            lake=said,
            tables=plan.versions,
            files=tuple(files),
        )
        place.write(f"{BACKUPS}/{manifest.name}.json", _sealed(manifest))
        removed = _let_go([*before, manifest], place, store, keep)
    finally:
        lease.give_back()
    size = sum(file.size_bytes for file in files)
    seconds = time.monotonic() - started_s
    return CopyReport(manifest.name, plan.versions, len(files), size, store.written, seconds, removed)


def list_backups(place: Place) -> list[BackupManifest]:
    """Every whole backup at a place, oldest first."""
    names = sorted(file.path for file in place.files(BACKUPS) if file.path.endswith(".json"))
    return [_unsealed(place, name) for name in names]


def find_backup(place: Place, name: str | None) -> BackupManifest:
    """The backup of this name, or the newest.

    Raises:
        NotFoundError: there is none.
    """
    backups = list_backups(place)
    found = [backup for backup in backups if name is None or backup.name == name]
    if not found:
        known = ", ".join(backup.name for backup in backups) or "none"
        raise NotFoundError(
            f"there is no backup {name or ''} at {place.address}; backups are: {known}; name one of those"
        )
    return found[-1]


def check_backup(place: Place, backup: BackupManifest) -> list[str]:
    """Reads every piece of a backup; names the files that could not be restored."""
    store = PieceStore(place)
    verdicts: dict[str, bool] = {}

    def is_good(sha: str) -> bool:
        try:
            return hashlib.sha256(store.read(sha)).hexdigest() == sha
        except (NotFoundError, LakeError):
            return False

    shas = sorted({sha for file in backup.files for sha in file.pieces})
    with ThreadPoolExecutor(_THREADS) as pool:
        verdicts = dict(zip(shas, pool.map(is_good, shas), strict=True))
    return [file.path for file in backup.files if not all(verdicts[sha] for sha in file.pieces)]


class PieceStore:
    """Pieces of files at a place, by their hash."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._there = {file.path.rpartition("/")[2] for file in place.files(PIECES)}
        self.written = 0

    def put(self, content: bytes) -> str:
        """Keeps a piece, if it is new; gives its name."""
        sha = hashlib.sha256(content).hexdigest()
        if sha not in self._there:
            self._place.write(_path_of(sha), content)
            self._there.add(sha)
            self.written += len(content)
        return sha

    def read(self, sha: str) -> bytes:
        """The content of a piece."""
        return self._place.read(_path_of(sha))

    def has(self, shas: Sequence[str]) -> bool:
        """Whether all of them are there."""
        return all(sha in self._there for sha in shas)

    def keep_only(self, shas: set[str]) -> None:
        """All others are gone."""
        for sha in self._there - shas:
            if len(sha) == _SHA_LETTERS:
                self._place.delete(_path_of(sha))
        self._there &= shas


def _stored(
    source: Place,
    files: Sequence[PlaceFile],
    prefix: str,
    known: dict[tuple[str, int, str], BackupFile],
    store: PieceStore,
    tell: Tell,
    lease: Lease,
) -> list[BackupFile]:
    """The files as pieces; those with the same name, size and mark as before are not read again."""
    all_bytes, done = sum(file.size_bytes for file in files), 0

    def keep(file: PlaceFile) -> BackupFile:
        before = known.get((prefix + file.path, file.size_bytes, file.mark))
        if before is not None and store.has(before.pieces):
            return before
        pieces = tuple(store.put(piece) for piece in _pieces(source.stream(file.path)))
        return BackupFile(path=prefix + file.path, size_bytes=file.size_bytes, mark=file.mark, pieces=pieces)

    kept = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="bowerbird-backup") as pool:
        for file in pool.map(keep, files):
            kept.append(file)
            done += file.size_bytes
            tell(CopyProgress(len(kept), len(files), done, all_bytes))
            lease.take()  # a sign of life
    return kept


def _pieces(stream: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for part in stream:
        held += part
        while len(held) >= _PIECE_BYTES:
            yield bytes(held[:_PIECE_BYTES])
            del held[:_PIECE_BYTES]
    if held:
        yield bytes(held)


def _let_go(backups: Sequence[BackupManifest], place: Place, store: PieceStore, keep: int) -> tuple[str, ...]:
    old, kept = backups[:-keep], backups[-keep:]
    for backup in old:  # the manifest first: whoever lists backups finds whole ones only
        place.delete(f"{BACKUPS}/{backup.name}.json")
    store.keep_only({sha for backup in kept for file in backup.files for sha in file.pieces})
    return tuple(backup.name for backup in old)


def _new_name(lake: Lake, before: Sequence[BackupManifest]) -> str:
    """The moment, to the second; after the newest name, so that names sort by age whatever the clock does."""
    moment = datetime.fromtimestamp(lake.clock.now_ms() // _MS_PER_S, UTC)
    if before:
        newest = datetime.strptime(before[-1].name, _NAME).replace(tzinfo=UTC)
        moment = max(moment, newest + timedelta(seconds=1))
    return moment.strftime(_NAME)


def _sealed(manifest: BackupManifest) -> bytes:
    content = manifest.model_dump_json().encode()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _unsealed(place: Place, path: str) -> BackupManifest:
    seal, _, content = place.read(path).partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() == seal:
        try:
            return BackupManifest.model_validate_json(content)
        except ValidationError as error:
            raise _unreadable(place, path) from error
    raise _unreadable(place, path)


def _unreadable(place: Place, path: str) -> LakeError:
    return LakeError(
        f"{path} at {place.address} is damaged or of another version; needed is a manifest as it was "
        "written; move it away to use the other backups"
    )


def _path_of(sha: str) -> str:
    return f"{PIECES}/{sha[:2]}/{sha}"
