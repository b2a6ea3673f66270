"""This file is about catalogues by address, and about not reading again what has not changed.

A catalogue is unchanged if its server says so (ETag, Last-Modified), or if its bytes have the hash of those
that were taken in. It is read all the same when a sale has begun or ended since, when pictures failed the
last time, or when the import is asked to understand it in another way.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bowerbird.core.errors import InputError
from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import FetchedFile, FetchError, FetchLimits, Stamp
from bowerbird.lake.importing.bucket import name_in_bucket, opened_in_bucket
from bowerbird.lake.importing.files import stem_of
from bowerbird.lake.importing.job import ImportOptions, ImportProgress, ImportRun, TakePictures, run_import
from bowerbird.lake.importing.remote_base import is_address
from bowerbird.lake.importing.source_files import SourceFiles
from bowerbird.lake.importing.sources import Opened
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import is_remote
from bowerbird.lake.records import Reading
from bowerbird.lake.types import ImportReport

CATALOGUE_LIMITS = FetchLimits(max_bytes=8 * 2**30, total_s=3_600.0, idle_s=60.0)
"""What fetching a catalogue may cost; its pictures have limits of their own."""

Tell = Callable[[ImportProgress], None]


@dataclass(frozen=True, slots=True)
class _Found:
    """A catalogue that is to be read: where it lies now, and by what it will be known again."""

    place: SourceFiles | None
    content_hash: str
    stamp: Stamp
    address: str = ""
    opened: Opened | None = None


def bring_in(
    lake: Lake,
    place: str,
    options: ImportOptions,
    progress: Tell | None = None,
    *,
    keep_unchanged: bool = False,
    catalogue_fetcher: Fetcher | None = None,
    picture_fetcher: Fetcher | None = None,
    on_new_pictures: TakePictures | None = None,
) -> ImportRun:
    """Imports a catalogue from a path, a pattern or an http(s) address.

    Args:
        keep_unchanged: a catalogue that has not changed since it was last taken in is not read.
        catalogue_fetcher: gets a catalogue by address; made as the options say if it is not given.
        picture_fetcher: gets pictures by address; likewise.
        on_new_pictures: as of `import_source`.

    Raises:
        InputError: as `import_source` does, or the address gives nothing that can be used.
    """
    name = options.name or name_of_place(place)
    settings_hash = _settings_hash(options)
    may_skip = keep_unchanged and not options.recheck_pictures
    known = lake.records.readings.get(name) if may_skip else None
    if known is not None and not _is_of(known, place, settings_hash, lake.clock.now_ms()):
        known = None
    fetcher = catalogue_fetcher or Fetcher(CATALOGUE_LIMITS, allowed_hosts=options.allowed_hosts)
    with _found(lake, place, known, fetcher, options, is_hashed=keep_unchanged) as found:
        if known is not None and (found is None or found.content_hash == known.content_hash):
            report = ImportReport(0, 0, 0, 0, 0, 0.0, lake.items.version, None, is_unread=True)
            return ImportRun(report)
        assert found is not None
        # A run that is stopped half way must not leave what was true before it.
        lake.records.readings.forget(name)
        run = run_import(
            lake,
            found.place,
            _named(options, name),
            progress,
            picture_fetcher,
            found.address,
            on_new_pictures,
            found.opened,
        )
        if run.is_settled and found.content_hash:
            lake.records.readings.put(
                Reading(
                    name=name,
                    place=place,
                    settings_hash=settings_hash,
                    content_hash=found.content_hash,
                    etag=found.stamp.etag,
                    last_modified=found.stamp.last_modified,
                    changes_ms=run.changes_ms,
                    read_ms=lake.clock.now_ms(),
                )
            )
    return run


def name_of_place(place: str) -> str:
    """What an import from here is called if nobody says otherwise."""
    if is_address(place):
        return stem_of(Path(_file_name(place)))
    if is_remote(place):
        return name_in_bucket(place)
    return SourceFiles.find(place).name


@contextmanager
def _found(
    lake: Lake,
    place: str,
    known: Reading | None,
    fetcher: Fetcher,
    options: ImportOptions,
    *,
    is_hashed: bool,
) -> Iterator[_Found | None]:
    """The catalogue, fetched if it is at an address; None where its server says that it is the known one."""
    if is_remote(place) and not is_address(place):
        with opened_in_bucket(place, lake.path / "imports", options) as there:
            yield _Found(None, there.content_hash, Stamp(), opened=there.opened)
        return
    if not is_address(place):
        found = SourceFiles.find(place)
        one_file = found.files[0] if len(found.files) == 1 and is_hashed else None
        yield _Found(found, _hash_of(one_file) if one_file else "", Stamp())
        return
    folder = lake.path / "imports" / f"fetched-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        path = folder / _file_name(place)
        stamp = Stamp(known.etag, known.last_modified) if known is not None else None
        fetched = _fetched(fetcher, place, path, stamp)
        if fetched is None:
            yield None
        else:
            yield _Found(SourceFiles.find(path), fetched.sha256, fetched.stamp, fetched.address)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetched(fetcher: Fetcher, address: str, path: Path, stamp: Stamp | None) -> FetchedFile | None:
    try:
        return fetcher.fetch_file(address, path, stamp)
    except FetchError as error:
        raise InputError(f"{address} could not be fetched ({error.code}): {error}") from error


def _is_of(known: Reading, place: str, settings_hash: str, now_ms: int) -> bool:
    is_same = known.place == place and known.settings_hash == settings_hash
    return is_same and (known.changes_ms is None or now_ms < known.changes_ms)


def _settings_hash(options: ImportOptions) -> str:
    said = asdict(options)
    for name in ("is_agreed", "agreed_missing", "workers", "recheck_pictures"):
        said.pop(name)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _named(options: ImportOptions, name: str) -> ImportOptions:
    return replace(options, name=name)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_name(address: str) -> str:
    """A plain file name made of an address: its ending and stem tell what they tell of files."""
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-")[-100:] or "catalogue"
