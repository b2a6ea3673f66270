"""This file is about which kind of catalogue a path is."""

from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.folder import FolderSource
from bowerbird.lake.importing.picture_bases import FolderBase, ZipBase
from bowerbird.lake.importing.tables import DelimitedSource, JsonLinesSource, ParquetSource
from bowerbird.lake.importing.types import Source

_KINDS = "a folder, .zip, .csv, .tsv, .jsonl (also with .gz) or .parquet"


def open_source(path: Path) -> Source:
    """The catalogue at `path`, told by what it is and how its name ends.

    Raises:
        InputError: there is nothing, or it is of no kind that is taken.
    """
    if path.is_dir():
        return FolderSource(FolderBase(path), path.resolve().name)
    if not path.is_file():
        raise InputError(f"there is nothing at {path}; needed is {_KINDS}; check the path")
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    packed = endings[-1:] == [".gz"]
    ending = (endings[0] if packed and len(endings) == 2 else endings[-1]) if endings else ""
    if ending == ".csv":
        return DelimitedSource(path)
    if ending in (".tsv", ".tab"):
        return DelimitedSource(path, "\t")
    if ending in (".jsonl", ".ndjson"):
        return JsonLinesSource(path)
    if ending in (".parquet", ".pq") and not packed:
        return ParquetSource(path)
    if ending == ".zip" and not packed:
        return FolderSource(ZipBase(path), path.name.rpartition(".")[0])
    raise InputError(f"{path.name} was received; needed is {_KINDS}; save it as one of these")


def pictures_of_source(path: Path, images: Path | None) -> FolderBase | ZipBase:
    """Where the pictures are that the rows of `path` name: `images`, or the place of `path` itself.

    Raises:
        InputError: `images` is neither a folder nor a zip.
    """
    if path.is_file() and path.suffix.lower() == ".zip":
        return ZipBase(path)
    if images is None:
        return FolderBase(path if path.is_dir() else path.parent)
    if path.is_dir():
        raise InputError(
            f"--images {images} was given with the folder {path}; a folder brings its own; leave it out"
        )
    return ZipBase(images) if images.is_file() else FolderBase(images)
