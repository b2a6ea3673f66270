"""This file is about which kind of catalogue a place is: told by its content, or said by a person."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.address_list import AddressListSource, is_address_list
from bowerbird.lake.importing.feeds import FeedSource
from bowerbird.lake.importing.files import encoding_of, sample_of, stem_of
from bowerbird.lake.importing.folder import PICTURE_ENDINGS, FolderSource
from bowerbird.lake.importing.gorse import GorseSource, file_of
from bowerbird.lake.importing.parquet import ParquetSource
from bowerbird.lake.importing.picture_bases import FolderBase, ZipBase
from bowerbird.lake.importing.recbole import RecBoleSource
from bowerbird.lake.importing.shards import files_of_folder, files_of_pattern, is_pattern
from bowerbird.lake.importing.tables import DelimitedSource, JsonLinesSource
from bowerbird.lake.importing.types import Source
from bowerbird.lake.importing.webdataset import WebDatasetSource

_TARS = (".tar", ".tar.gz", ".tgz")
_PARQUETS = (".parquet", ".pq")
_OF_WORDS = ("gorse", "recbole")
_TEXT_ENDINGS = ("", "txt", "csv", "tsv", "tab", "feed", "dat")
_OFFICE = re.compile(r"\.(xls|doc|ppt|od)[a-z]{1,2}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a catalogue lies: a folder, a file, or the files of a pattern.

    Attributes:
        path: the folder or file; of a pattern, the folder of the first file.
        files: the file, the files of the pattern, or none where it is a folder.
        name: what an import from here is called.
    """

    path: Path
    files: tuple[Path, ...]
    name: str

    @classmethod
    def find(cls, text: str | Path) -> "Place":
        """The place that a path or pattern names.

        Raises:
            InputError: there is nothing.
        """
        path = Path(text)
        if path.is_dir():
            return cls(path, (), path.resolve().name)
        if path.is_file():
            return cls(path, (path,), stem_of(path))
        if is_pattern(str(text)):
            files = files_of_pattern(str(text))
            return cls(files[0].parent, tuple(files), re.split(r"[-_.]?[{*]", Path(text).name)[0] or "shards")
        raise InputError(f"there is nothing at {text}; needed is {KINDS_TEXT}; check the path")

    def shards(self, *endings: str) -> tuple[Path, ...]:
        """Its files of one kind.

        Raises:
            InputError: there are none.
        """
        found = self.files or tuple(files_of_folder(self.path, *endings))
        if not found:
            raise InputError(f"{self.path} has no file that ends in {' or '.join(endings)}; check the folder")
        return found

    def folder(self) -> Path:
        """The folder that it is.

        Raises:
            InputError: it is a file.
        """
        if self.files:
            raise InputError(f"{self.files[0]} is a file; needed is the folder of an export; name that")
        return self.path

    def file(self) -> Path:
        """The one file that it is.

        Raises:
            InputError: it is a folder, or several files.
        """
        if len(self.files) != 1:
            what = "a folder" if not self.files else f"{len(self.files):,} files"
            raise InputError(f"{self.path} is {what}; needed is one file of this kind; name it")
        return self.files[0]


@dataclass(frozen=True, slots=True)
class Opened:
    """A catalogue, and where the pictures are that its rows name.

    Attributes:
        needs_pictures: rows without a picture are refused.
    """

    source: Source
    pictures: FolderBase | ZipBase
    needs_pictures: bool = True


def open_source(
    place: Place, kind: str = "", images: Path | None = None, actions: Mapping[str, str] | None = None
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


def kind_of(place: Place) -> str:
    """Which of `KINDS` a place is.

    Raises:
        InputError: none.
    """
    if not place.files:
        return _kind_of_folder(place.path)
    path = place.files[0]
    return _kind_of_content(path, sample_of(path))


def _pictures_of(place: Place, kind: str, images: Path | None) -> FolderBase | ZipBase:
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


def _kind_of_folder(folder: Path) -> str:
    """A folder is one of pictures, unless it holds nothing but shards."""
    names = [path.name.lower() for path in folder.iterdir() if not path.name.startswith(".")]
    if file_of(folder, "items") is not None and file_of(folder, "feedback") is not None:
        return "gorse"
    if any(name.endswith(".item") for name in names):
        return "recbole"
    if (folder / "data").is_dir():
        names.extend(path.name.lower() for path in (folder / "data").iterdir())
    if any(name.rpartition(".")[2] in PICTURE_ENDINGS for name in names):
        return "pictures"
    if any(name.endswith(_PARQUETS) for name in names):
        return "parquet"
    return "webdataset" if any(name.endswith(_TARS) for name in names) else "pictures"


def _kind_of_content(path: Path, sample: bytes) -> str:
    ending = Path(path.name.lower().removesuffix(".gz")).suffix.removeprefix(".")
    if sample.startswith(b"PAR1") or ending in ("parquet", "pq"):
        return "parquet"
    if (sample.startswith(b"PK\x03\x04") and not _OFFICE.search(path.name)) or ending == "zip":
        return "pictures"
    if sample[257:262] == b"ustar" or ending in ("tar", "tgz"):
        return "webdataset"
    text = sample.decode(encoding_of(sample), "replace").lstrip("\ufeff \t\r\n")
    found = _kind_of_text(path, ending, text)
    if not found:
        raise InputError(f"{path.name} was received; needed is {KINDS_TEXT}; save it as one of these")
    return found


def _kind_of_text(path: Path, ending: str, text: str) -> str:
    """Of a text the kind, or nothing."""
    if re.match(r"<!doctype html|<html", text, re.IGNORECASE):
        raise InputError(
            f"{path.name} is a web page; needed is {KINDS_TEXT}; give the catalogue's own address"
        )
    if text.startswith("<"):
        return "feed"
    if ending in ("jsonl", "ndjson") or text.startswith("{"):
        return "jsonl"
    if ending == "csv":
        return "csv"
    if ending in ("tsv", "tab"):
        return "tsv"
    if ending not in _TEXT_ENDINGS or "\0" in text:
        return ""
    if is_address_list(text):
        return "addresses"
    return "tsv" if "\t" in text.partition("\n")[0] else ""


def _pictures(place: Place, _: Mapping[str, str]) -> Source:
    base = FolderBase(place.path) if not place.files else ZipBase(place.file())
    return FolderSource(base, place.name)


def _parquet(place: Place, _: Mapping[str, str]) -> Source:
    return ParquetSource(place.shards(*_PARQUETS), place.name, root=None if place.files else place.path)


KINDS: dict[str, Callable[[Place, Mapping[str, str]], Source]] = {
    "pictures": _pictures,
    "csv": lambda place, _: DelimitedSource(place.file()),
    "tsv": lambda place, _: DelimitedSource(place.file(), "\t"),
    "jsonl": lambda place, _: JsonLinesSource(place.file()),
    "feed": lambda place, _: FeedSource(place.file()),
    "parquet": _parquet,
    "webdataset": lambda place, _: WebDatasetSource(place.shards(*_TARS), place.name),
    "addresses": lambda place, _: AddressListSource(place.file()),
    "gorse": lambda place, actions: GorseSource(place.folder(), place.name, actions),
    "recbole": lambda place, actions: RecBoleSource(place.folder(), place.name, actions),
}
"""Kind → what opens it, given which words mean which action. New kinds are lines here and in the docs."""

KINDS_TEXT = (
    "a folder or .zip of pictures, .csv, .tsv, .jsonl, .parquet, a product feed (.xml), a WebDataset (.tar), "
    "a .txt of addresses, or an export of Gorse, RecBole, Pinry or Immich"
)
