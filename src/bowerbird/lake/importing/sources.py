"""This file is about opening catalogues: every kind that there is, and what reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.address_list import AddressListSource
from bowerbird.lake.importing.feeds import FeedSource
from bowerbird.lake.importing.folder import FolderSource
from bowerbird.lake.importing.gorse import GorseSource
from bowerbird.lake.importing.immich import ImmichSource
from bowerbird.lake.importing.kinds import kind_of
from bowerbird.lake.importing.parquet import ParquetSource
from bowerbird.lake.importing.picture_bases import FolderBase, ZipBase
from bowerbird.lake.importing.pinry import PinrySource
from bowerbird.lake.importing.recbole import RecBoleSource
from bowerbird.lake.importing.source_files import PARQUETS, TARS, SourceFiles
from bowerbird.lake.importing.tables import DelimitedSource, JsonLinesSource
from bowerbird.lake.importing.types import PictureBase, Source
from bowerbird.lake.importing.webdataset import WebDatasetSource

_OF_WORDS = ("gorse", "recbole")


@dataclass(frozen=True, slots=True)
class Opened:
    """A catalogue, and where the pictures are that its rows name.

    Attributes:
        needs_pictures: rows without a picture are refused.
    """

    source: Source
    pictures: PictureBase
    needs_pictures: bool = True


def open_source(
    place: SourceFiles, kind: str = "", images: Path | None = None, actions: Mapping[str, str] | None = None
) -> Opened:
    """The catalogue at a place; of `kind`, or of the kind that its content tells.

    Args:
        place: where it is.
        kind: one of `KINDS`.
        images: a folder or zip of the pictures that its rows name.
        actions: an export's word for what people do → action, where the word does not tell.

    Raises:
        InputError: it is of no kind that is taken, or not of the kind that was said.
        InputError: `images` is neither a folder nor a zip.
    """
    kind = kind or kind_of(place)
    if kind not in KINDS:
        raise InputError(f"kind {kind!r} was received; needed is one of {', '.join(KINDS)}; say one of these")
    source = KINDS[kind](place, actions or {})
    return Opened(source, _pictures_of(place, kind, images), needs_pictures=kind not in _OF_WORDS)


def _pictures_of(place: SourceFiles, kind: str, images: Path | None) -> FolderBase | ZipBase:
    """Where the pictures are that the rows of a place name: `images`, or the place itself."""
    if place.files and kind == "pictures":
        return ZipBase(place.file())
    if images is None:
        return FolderBase(place.path if place.path.is_dir() else place.path.parent)
    if kind == "pictures":
        raise InputError(
            f"--images {images} was given with the folder {place.path}; a folder brings its own; leave it out"
        )
    return ZipBase(images) if images.is_file() else FolderBase(images)


def _json_of(place: SourceFiles) -> tuple[Path, ...]:
    """The JSON of an export: the file, or those in its folder."""
    found = place.files or tuple(sorted(place.path.glob("*.json")))
    if not found:
        raise InputError(
            f"{place.path} has no .json; needed is what the API or `dumpdata` gave; put it there"
        )
    return found


def _root_of(place: SourceFiles) -> Path:
    return place.path if place.path.is_dir() else place.path.parent


def _pictures(place: SourceFiles, _: Mapping[str, str]) -> Source:
    base = FolderBase(place.path) if not place.files else ZipBase(place.file())
    return FolderSource(base, place.name)


def _parquet(place: SourceFiles, _: Mapping[str, str]) -> Source:
    return ParquetSource(place.shards(*PARQUETS), place.name, root=None if place.files else place.path)


KINDS: dict[str, Callable[[SourceFiles, Mapping[str, str]], Source]] = {
    "pictures": _pictures,
    "csv": lambda place, _: DelimitedSource(place.file()),
    "tsv": lambda place, _: DelimitedSource(place.file(), "\t"),
    "jsonl": lambda place, _: JsonLinesSource(place.file()),
    "feed": lambda place, _: FeedSource(place.file()),
    "parquet": _parquet,
    "webdataset": lambda place, _: WebDatasetSource(place.shards(*TARS), place.name),
    "addresses": lambda place, _: AddressListSource(place.file()),
    "gorse": lambda place, actions: GorseSource(place.folder(), place.name, actions),
    "pinry": lambda place, _: PinrySource(_json_of(place), _root_of(place), place.name),
    "immich": lambda place, _: ImmichSource(_json_of(place), _root_of(place), place.name),
    "recbole": lambda place, actions: RecBoleSource(place.folder(), place.name, actions),
}
"""Kind → what opens it, given which words mean which action. New kinds are lines here and in the docs."""
