"""This file is about catalogues in a bucket: a prefix of pictures, one file, or a prefix of shards.

Pictures are read where they lie, when they are new. Tables, feeds and shards are copied to this machine while
they are read.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.folder import PICTURE_ENDINGS, FolderSource
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.place_base import PlaceBase
from bowerbird.lake.importing.source_files import PARQUETS, TARS, SourceFiles
from bowerbird.lake.importing.sources import Opened, open_source
from bowerbird.lake.places import Place, place_of

_JUDGED_BY = 1_000


@dataclass(frozen=True, slots=True)
class InBucket:
    """A catalogue of a bucket, opened.

    Attributes:
        content_hash: of what the bucket says of its one file; empty where it is more than one.
    """

    opened: Opened
    content_hash: str = ""


def name_in_bucket(address: str) -> str:
    """What an import from here is called if nobody says otherwise."""
    return Path(address.rstrip("/").rpartition("/")[2]).name.partition(".")[0] or "bucket"


@contextmanager
def opened_in_bucket(address: str, folder: Path, options: ImportOptions) -> Iterator[InBucket]:
    """The catalogue at `s3://bucket/…`; copies of its files lie in `folder` until the end.

    Raises:
        InputError: there is nothing, or it is of no kind that is taken.
        PlaceError: the bucket cannot be reached.
    """
    parent, _, last = address.rstrip("/").rpartition("/")
    beside = place_of(parent) if "//" in parent.partition(":")[2] and last else None
    file = beside.stat(last) if beside is not None and parent.count("/") >= 2 else None
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="bucket-") as copies:
        if beside is not None and file is not None:
            path = _copied(beside, last, Path(copies))
            opened = _pictures_beside(SourceFiles.find(path), PlaceBase(beside), options)
            mark = f"{file.size_bytes}:{file.mark}"
            yield InBucket(opened, hashlib.sha256(mark.encode()).hexdigest())
            return
        place = place_of(address)
        shards = _shards(place)
        if not shards:
            base = PlaceBase(place)
            yield InBucket(Opened(FolderSource(base, name_in_bucket(address)), base))
            return
        for shard in shards:
            _copied(place, shard, Path(copies))
        files = replace(SourceFiles.find(Path(copies)), name=name_in_bucket(address))
        yield InBucket(_pictures_beside(files, PlaceBase(place), options))


def _pictures_beside(files: SourceFiles, base: PlaceBase, options: ImportOptions) -> Opened:
    opened = open_source(files, options.kind, options.images, options.actions)
    is_packed = opened.source.__class__ is FolderSource
    return opened if is_packed or options.images is not None else replace(opened, pictures=base)


def _shards(place: Place) -> list[str]:
    """The files of a prefix that holds shards and no pictures; none where it holds pictures.

    Raises:
        InputError: it holds nothing.
    """
    names, count = [], 0
    for file in place.files():
        count += 1
        name = file.path.lower()
        if name.rpartition(".")[2] in PICTURE_ENDINGS:
            return []
        if name.endswith((*PARQUETS, *TARS)):
            names.append(file.path)
    if not count:
        raise InputError(f"there is nothing at {place.address}; check the bucket and the prefix")
    return sorted(names)


def _copied(place: Place, name: str, folder: Path) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in place.stream(name):
            file.write(piece)
    return path
