"""This file is about which kind of catalogue something is: told by its content, not by its name."""

import re
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.address_list import is_address_list
from bowerbird.lake.importing.files import encoding_of, sample_of
from bowerbird.lake.importing.folder import PICTURE_ENDINGS
from bowerbird.lake.importing.gorse import file_of
from bowerbird.lake.importing.source_files import KINDS_TEXT, PARQUETS, TARS, SourceFiles

_TEXT_ENDINGS = ("", "txt", "csv", "tsv", "tab", "feed", "dat")
_OFFICE = re.compile(r"\.(xls|doc|ppt|od)[a-z]{1,2}$", re.IGNORECASE)
_JSON_LOOKED_AT = 5


def kind_of(place: SourceFiles) -> str:
    """Which of `KINDS` of `sources.py` it is.

    Raises:
        InputError: none.
    """
    if not place.files:
        return _kind_of_folder(place.path)
    path = place.files[0]
    return _kind_of_content(path, sample_of(path))


def _kind_of_folder(folder: Path) -> str:
    """A folder is one of pictures, unless it holds nothing but shards."""
    names = [path.name.lower() for path in folder.iterdir() if not path.name.startswith(".")]
    if file_of(folder, "items") is not None and file_of(folder, "feedback") is not None:
        return "gorse"
    if any(name.endswith(".item") for name in names):
        return "recbole"
    for path in sorted(folder.glob("*.json"))[:_JSON_LOOKED_AT]:
        if kind := _kind_of_json(sample_of(path).decode("utf-8", "replace")):
            return kind
    if (folder / "data").is_dir():
        names.extend(path.name.lower() for path in (folder / "data").iterdir())
    if any(name.rpartition(".")[2] in PICTURE_ENDINGS for name in names):
        return "pictures"
    if any(name.endswith(PARQUETS) for name in names):
        return "parquet"
    return "webdataset" if any(name.endswith(TARS) for name in names) else "pictures"


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
    if text.startswith(("{", "[")) and (kind := _kind_of_json(text)):
        return kind
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


def _kind_of_json(text: str) -> str:
    """The system that an export in JSON is of, or nothing."""
    if '"originalFileName"' in text or '"albumName"' in text:
        return "immich"
    is_of_api = '"submitter"' in text and ('"referer"' in text or '"pins_detail"' in text)
    return "pinry" if '"core.pin"' in text or '"core.board"' in text or is_of_api else ""
