"""This file is about pictures without a table, in a folder or a zip: names say what, folders say what kind.

Beside `boots.jpg` may lie `boots.txt` (a line of title, then the description) or `boots.json` (fields), and
beside a video what is said in it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from bowerbird.core.errors import PictureError
from bowerbird.lake.importing.fields import FieldMap
from bowerbird.lake.importing.picture_bases import ZipBase
from bowerbird.lake.importing.tables import json_row
from bowerbird.lake.importing.types import Cell, ListedBase, RowError, SourceRow
from bowerbird.lake.picture_facts import xmp_facts
from bowerbird.lake.picture_formats import is_raster_start, refuse_other_kinds
from bowerbird.lake.video.formats import ENDINGS as VIDEO_ENDINGS
from bowerbird.lake.video.transcripts import ENDINGS as TRANSCRIPT_ENDINGS
from bowerbird.lake.video.transcripts import MOST_BYTES, is_transcript_json, language_of_name

PICTURE_ENDINGS = (
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "gif", "tif", "tiff", "bmp", "heic", "heif",
    *VIDEO_ENDINGS,
)  # fmt: skip
_SIDECAR_ENDINGS = ("xmp", "txt", "json")
_SIDECAR_BYTES = 256 * 1024
_START_BYTES = 512
_LEVEL_CHARS = 200
# Names that cameras, phones and download tools give say nothing about the picture.
_MACHINE_NAME = re.compile(
    r"(?:img|dsc[nf]?|dscf|pict?|p|pxl|gopr|mvimg|vid|wp|image|photo|screenshot|scan|whatsapp image|signal)?"
    r"[\s\d().:-]*(?:at\s[\d\s.]+)?(?:copy)?",
    re.IGNORECASE,
)
_HASH_NAME = re.compile(r"(?=.*\d)[0-9a-f]{8,}(?:[\s-][0-9a-f]{4,})*", re.IGNORECASE)
_COPY_MARK = re.compile(r"(?:\s*\(\d+\)|\s+copy(?:\s*\d+)?)$", re.IGNORECASE)


class FolderSource:
    """Every picture below a folder, or in a zip, as a row."""

    def __init__(self, base: ListedBase, name: str) -> None:
        self._base = base
        self._name = name
        self._passed_over: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """The name of the folder or zip."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows: sidecars may have any."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One a picture, in the order of folders and names."""
        self._passed_over.clear()
        if isinstance(self._base, ZipBase):
            self._passed_over.update(self._base.left_out)
        row = 0
        for folder, files in self._base.folders():
            there = {file.lower(): file for file in files}
            for file in files:
                if self._is_sidecar(file, there):
                    continue
                reason = self._not_a_row(_joined(folder, file))
                if reason:
                    self._passed_over[reason] += 1
                    continue
                row += 1
                yield self._row(row, folder, file, there)

    def passed_over(self) -> Mapping[str, int]:
        """Files that are no pictures, by what they are."""
        return dict(self._passed_over)

    def _row(self, row: int, folder: str, file: str, there: Mapping[str, str]) -> SourceRow:
        path = _joined(folder, file)
        try:
            ref = self._base.find(path)
            values: dict[str, Cell] = {"id": id_of_path(path), "category": _folder_names(folder)}
            values["title"] = title_of_name(file)
            self._add_sidecars(values, folder, file, there)
            language = self._add_transcript(values, folder, file, there)
        except RowError as error:
            return SourceRow(row, path, error=error)
        return SourceRow(row, path, values, (ref,), transcript_language=language)

    def _add_sidecars(
        self, said_before: dict[str, Cell], folder: str, file: str, there: Mapping[str, str]
    ) -> None:
        """What the texts beside the picture say takes the place of what its name said."""
        for ending in _SIDECAR_ENDINGS:
            beside = next((there[name] for name in _sidecar_names(file, ending) if name in there), None)
            if beside is None:
                continue
            text = self._text(_joined(folder, beside), MOST_BYTES if _is_video(file) else _SIDECAR_BYTES)
            if ending == "json" and _is_video(file) and is_transcript_json(text):
                said_before["transcript"] = text
                continue
            told = _told(ending, text, beside)
            for field in FieldMap.guess(told, {}).column_of:
                said_before.pop("category" if field.startswith("category_") else field, None)
            said_before |= told

    def _add_transcript(
        self, values: dict[str, Cell], folder: str, file: str, there: Mapping[str, str]
    ) -> str:
        """Puts what is said in a video into `values`, from `film.srt` or `film.en.vtt`; its language."""
        if not _is_video(file):
            return ""
        stem = file.lower().rpartition(".")[0]
        beside = sorted(
            (name for name in there if name.startswith(f"{stem}.") and _is_transcript(name)),
            key=lambda name: (len(name), not name.rpartition(".")[0].endswith(".en"), name),
        )
        if not beside:
            return ""
        values["transcript"] = self._text(_joined(folder, there[beside[0]]), MOST_BYTES)
        return language_of_name(beside[0].rpartition(".")[0].removeprefix(stem))

    def _text(self, path: str, most_bytes: int) -> str:
        content = self._base.read(self._base.find(path), most_bytes)
        if len(content) > most_bytes:
            raise RowError(
                f"the text beside the picture is longer than {most_bytes:,} bytes",
                field="row",
                code="sidecar-too-long",
                hint="shorten it",
                received=path,
            )
        return content.decode("utf-8-sig", "replace")

    def _is_sidecar(self, file: str, there: Mapping[str, str]) -> bool:
        stem, _, ending = file.lower().rpartition(".")
        if ending in TRANSCRIPT_ENDINGS:
            stems = (stem, stem.rpartition(".")[0])
            return any(f"{each}.{video}" in there for each in stems for video in VIDEO_ENDINGS)
        if ending not in _SIDECAR_ENDINGS:
            return False
        return stem in there or any(f"{stem}.{picture}" in there for picture in PICTURE_ENDINGS)

    def _not_a_row(self, path: str) -> str:
        """Why the file is no row, or nothing: what is named or begins like a picture is one."""
        if path.lower().rpartition(".")[2] in PICTURE_ENDINGS:
            return ""
        try:
            start = self._base.read(self._base.find(path), _START_BYTES - 1)
            refuse_other_kinds(start)
        except PictureError as error:
            return f"passed-over-{error.code}"
        except RowError as error:
            return f"passed-over-{error.code}"
        return "" if is_raster_start(start) else "passed-over-other-file"


def id_of_path(path: str) -> str:
    """An id that is made of a path: readable, fit for an address, and another for every path."""
    name = path.rpartition("/")[2].rpartition(".")[0] or path
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    return (
        f"{readable or 'picture'}-{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
    )


def title_of_name(file: str) -> str:
    """A title made of a file name; empty where a machine gave the name."""
    stem = file.rpartition(".")[0] or file
    words = re.sub(r"[_\s+]+|(?<=\w)-(?=\w)|(?<=[^\d.])\.(?=\w)", " ", stem)
    words = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", words)
    words = _COPY_MARK.sub("", " ".join(words.split()))
    if _MACHINE_NAME.fullmatch(words) or _HASH_NAME.fullmatch(words):
        return ""
    return words[:1].upper() + words[1:]


def _is_video(file: str) -> bool:
    return file.lower().rpartition(".")[2] in VIDEO_ENDINGS


def _is_transcript(name: str) -> bool:
    return name.rpartition(".")[2] in TRANSCRIPT_ENDINGS


def _folder_names(folder: str) -> list[str]:
    names = (" ".join(re.sub(r"[_+]+", " ", part).split()) for part in folder.split("/") if part)
    return [(name[:1].upper() + name[1:])[:_LEVEL_CHARS] for name in names]


def _sidecar_names(file: str, ending: str) -> tuple[str, str]:
    lower = file.lower()
    return f"{lower}.{ending}", f"{lower.rpartition('.')[0]}.{ending}"


def _told(ending: str, text: str, file: str) -> dict[str, Cell]:
    if ending == "xmp":
        return dict(xmp_facts(text))
    return _of_text(text) if ending == "txt" else _of_json(text, file)


def _of_text(text: str) -> dict[str, Cell]:
    title, _, rest = text.strip().partition("\n")
    values: dict[str, Cell] = {"title": title.strip()} if title.strip() else {}
    if rest.strip():
        values["description"] = rest.strip()
    return values


def _of_json(text: str, file: str) -> dict[str, Cell]:
    read = json_row(0, file, text)
    if read.error is not None:
        raise RowError(
            f"{file} beside the picture is no JSON object",
            field="row",
            code="bad-sidecar",
            hint="mend it or take it away",
            received=text,
        )
    return dict(read.values)


def _joined(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file
