"""This file is about one batch of rows on its way into the lake: pictures decoding, then all of it stored."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import pyarrow as pa

from bowerbird.core.errors import PictureError
from bowerbird.lake.importing.types import PictureRef, RowError, shortened
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.schemas import BLOB, MEDIA
from bowerbird.lake.types import DecodedPicture, ItemFields, PictureKind, Reject
from bowerbird.lake.video.formats import MEDIA_TYPES
from bowerbird.lake.video.stored import put_moving, put_transcripts
from bowerbird.lake.video.transcripts import Transcript

_CODE_OF_EXTRA = "extra-picture-left-out"
_LARGE_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A row whose fields were read; its pictures may still be decoding.

    Attributes:
        pictures: each the sha256 of its content, or why it cannot be had; the main one first, or none at all.
        safety: what the source says of it.
        transcript: what is said in its video.
    """

    row: int
    where: str
    fields: ItemFields
    row_hash: str
    pictures: tuple[str | RowError, ...]
    safety: str = "unknown"
    transcript: Transcript | None = None


@dataclass(slots=True)
class Batch:
    """Rows that go in together, and the pictures that they name.

    Attributes:
        contents: sha256 → bytes of pictures that the lake does not have.
        decoding: sha256 → the answer of a decode worker.
        known_facts: sha256 → words inside pictures that the lake has.
    """

    rows: list[ReadyRow] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    decoding: dict[str, "Future[DecodedPicture]"] = field(default_factory=dict)
    known_facts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch.

    Attributes:
        remarks: no refusals; the row went in without something.
        pictures: those that the lake did not have.
    """

    accepted: int
    rejects: tuple[Reject, ...]
    remarks: tuple[Reject, ...]
    pictures: tuple[DecodedPicture, ...]


def row_hash_of(fields: ItemFields, refs: Sequence[PictureRef | RowError]) -> str:
    """Changes when a field of the row or one of its pictures changes."""
    stamps = [ref.stamp if isinstance(ref, PictureRef) else ref.code for ref in refs]
    text = json.dumps([fields.model_dump(), stamps], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def store(lake: Lake, batch: Batch, source: str, *, takes_back: bool = False) -> Stored:
    """Blobs, then frames and media, then items: whoever sees an item finds its picture. Durable on return.

    Items that were forgotten are refused, or with `takes_back` taken in like others.
    """
    decoded, refused = _decoded(batch)
    with lake.storing:  # nobody removes pictures that no item shows yet
        ids = [row.fields.id for row in batch.rows]
        forgotten = set() if takes_back else lake.records.forgotten.refused("item", ids)
        stored = _store(lake, batch, source, decoded, refused | _gone(lake, batch), forgotten)
        if takes_back:
            lake.records.forgotten.take_back(ids)
    return stored


def forgotten_reject(row: int) -> Reject:
    """The line of the rejects file for an item that was forgotten: without anything that names it."""
    hint = "say --take-back if forgotten items may come in again"
    return Reject(row, "", "id", "forgotten", hint)


def _store(
    lake: Lake,
    batch: Batch,
    source: str,
    decoded: dict[str, DecodedPicture],
    refused: dict[str, PictureError],
    forgotten: set[str],
) -> Stored:
    items: list[StoredItem] = []
    rejects: list[Reject] = []
    remarks: list[Reject] = []
    used: set[str] = set()
    transcripts: dict[str, Transcript] = {}
    for row in batch.rows:
        if row.fields.id in forgotten:
            rejects.append(forgotten_reject(row.row))
            continue
        usable, problems = _split(row, refused)
        if row.pictures and row.pictures[0] not in usable:
            rejects.append(problems[0])
            continue
        remarks.extend(replace(problem, code=_CODE_OF_EXTRA) for problem in problems)
        used.update(usable)
        fields = _completed(
            row.fields, _words_inside(usable[0], decoded, batch.known_facts) if usable else {}
        )
        spoken = row.transcript.words if row.transcript else ""
        items.append(StoredItem(fields, usable, row.safety, source, row.row_hash, spoken))
        if row.transcript is not None and usable:
            transcripts[usable[0]] = row.transcript
    new = [picture for sha, picture in decoded.items() if sha in used]
    if new:
        _put_contents(lake, [(picture.sha256, batch.contents[picture.sha256]) for picture in new])
        put_moving(lake, new)
        lake.media.upsert(media_rows(new))
    put_transcripts(lake, transcripts)
    put_items(lake, items)
    return Stored(len(items), tuple(rejects), tuple(remarks), tuple(new))


def media_rows(pictures: Sequence[DecodedPicture]) -> pa.Table:
    """Rows of the media table."""
    renamed = {"id": "sha256", "thumb": "thumb_jpeg"}
    columns = {
        name: [getattr(picture, renamed.get(name, name)) for picture in pictures]
        for name in MEDIA.schema.names
        if name not in ("kind", "exif")
    }
    columns["kind"] = [_kind(picture) for picture in pictures]
    columns["exif"] = [json.dumps(picture.exif, ensure_ascii=False) for picture in pictures]
    return pa.table({name: columns[name] for name in MEDIA.schema.names}, schema=MEDIA.schema)


def _kind(picture: DecodedPicture) -> PictureKind:
    if picture.moving is not None and picture.format in MEDIA_TYPES:
        return "video"
    return "animation" if picture.frames > 1 else "picture"


def _put_contents(lake: Lake, contents: Sequence[tuple[str, bytes]]) -> None:
    few = [(sha, content) for sha, content in contents if len(content) < _LARGE_BYTES]
    if few:
        shas, bodies = zip(*few, strict=True)
        lake.blobs.upsert(pa.table({"id": shas, "content": bodies}, schema=BLOB.schema))
    for sha, content in contents:
        if len(content) >= _LARGE_BYTES:
            lake.blobs.add_blob(sha, content)


def reject_of(row: int, where: str, error: RowError) -> Reject:
    """The line of the rejects file for an error."""
    return Reject(row, where, error.field, error.code, error.hint, error.received)


def _decoded(batch: Batch) -> tuple[dict[str, DecodedPicture], dict[str, PictureError]]:
    decoded, refused = {}, {}
    for sha, answer in batch.decoding.items():
        try:
            decoded[sha] = answer.result()
        except PictureError as error:
            refused[sha] = error
    return decoded, refused


def _gone(lake: Lake, batch: Batch) -> dict[str, PictureError]:
    """Pictures that the lake had when the batch was read, and has no more."""
    known = list(batch.known_facts)
    there = set(lake.media.take(known, ["id"])["id"].to_pylist()) if known else set()
    message, hint = "the picture was removed from the lake while it was read", "import the source again"
    return {sha: PictureError(message, code="picture-gone", hint=hint) for sha in known if sha not in there}


def _split(
    row: ReadyRow,
    refused: dict[str, PictureError],
) -> tuple[tuple[str, ...], list[Reject]]:
    usable, problems = [], []
    for picture in row.pictures:
        if isinstance(picture, RowError):
            problems.append(reject_of(row.row, row.where, picture))
        elif picture not in refused:
            usable.append(picture)
        else:
            error = refused[picture]
            received = shortened(str(error).removesuffix(f"; {error.hint}"))
            problems.append(Reject(row.row, row.where, "picture", error.code, error.hint, received))
    return tuple(dict.fromkeys(usable)), problems


def _words_inside(
    sha: str, decoded: dict[str, DecodedPicture], known: dict[str, dict[str, str]]
) -> dict[str, str]:
    return decoded[sha].exif if sha in decoded else known.get(sha, {})


def _completed(fields: ItemFields, facts: dict[str, str]) -> ItemFields:
    """What the row left empty, filled from the words inside its main picture."""
    found: dict[str, object] = {}
    for name in ("title", "description"):
        if not getattr(fields, name) and facts.get(name):
            found[name] = facts[name][:1_000]
    if not fields.keywords and facts.get("keywords"):
        words = [word.strip()[:200] for word in facts["keywords"].replace(";", ",").split(",")]
        found["keywords"] = tuple(dict.fromkeys(word for word in words if word))
    return fields.model_copy(update=found) if found else fields
