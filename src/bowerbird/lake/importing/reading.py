"""This file is about reading: source rows become item fields, and their pictures start to decode."""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.importing.batch import Batch, ReadyRow
from bowerbird.lake.importing.fields import FieldMap, FieldMaps
from bowerbird.lake.importing.folder import id_of_path
from bowerbird.lake.importing.missing import SeenIds
from bowerbird.lake.importing.remote_base import is_address
from bowerbird.lake.importing.row_hash import row_hash_of
from bowerbird.lake.importing.shopping import Sale
from bowerbird.lake.importing.types import PictureBase, PictureRef, RowError, SourceRow
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.lake.video.transcripts import ENDINGS as TRANSCRIPT_ENDINGS
from bowerbird.lake.video.transcripts import MOST_BYTES as TRANSCRIPT_BYTES
from bowerbird.lake.video.transcripts import Transcript, language_of_name, read_transcript

_PICTURES_A_ROW = 20
_FETCHED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A source row that names itself and its pictures; nothing else of it was looked at yet."""

    row: SourceRow
    id: str
    refs: tuple[PictureRef | RowError, ...]
    field_map: FieldMap
    sale: Sale
    row_hash: str


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A source row that can become an item: its fields are good, its pictures were found but not opened."""

    row: SourceRow
    fields: ItemFields
    refs: tuple[PictureRef | RowError, ...]
    row_hash: str
    safety: str = "unknown"
    transcript: Transcript | None = None


class Reader:
    """Reads rows for one import."""

    def __init__(
        self,
        lake: Lake,
        base: PictureBase,
        maps: FieldMaps,
        pool: DecodePool,
        seen: SeenIds,
        *,
        needs_pictures: bool = True,
    ) -> None:
        self._lake = lake
        self._base = base
        self._maps = maps
        self._pool = pool
        self._seen = seen
        self._needs_pictures = needs_pictures
        self._now_ms = lake.clock.now_ms()
        self.threads = ThreadPoolExecutor(_FETCHED_AT_ONCE, "import-fetch")
        self.changes_ms: int | None = None
        self.has_local_pictures = False

    def close(self) -> None:
        """What is being fetched is waited for; nothing more is."""
        self.threads.shutdown(cancel_futures=True)

    def found(self, row: SourceRow) -> FoundRow:
        """The row's id, where its pictures are, and its hash; cheap, because most rows are known.

        Raises:
            RowError: it cannot become an item.
        """
        if row.error is not None:
            raise row.error
        field_map = self._maps.of(row.values)
        refs = tuple(self._refs(row, field_map))
        main = refs[0] if refs else None
        self.has_local_pictures |= any(map(_is_local, refs))
        id_ = field_map.id_of(row.values) or (id_of_path(main.name) if isinstance(main, PictureRef) else "")
        if id_ and not self._seen.add(id_):
            raise RowError(
                "an earlier row of this source has the same id",
                field="id",
                code="duplicate-id",
                hint="give every row its own id; the first row stays",
                received=id_,
            )
        if main is None and self._needs_pictures:
            raise _no_picture()
        if isinstance(main, RowError):
            raise main
        sale = field_map.sale(row.values, self._now_ms)
        self._note_change(sale)
        return FoundRow(row, id_, refs, field_map, sale, row_hash_of(row.values, refs, field_map, sale))

    def changed(self, rows: Sequence[FoundRow], source: str) -> list[FoundRow]:
        """Those that the lake does not have just so, from this import."""
        known = self._known([row.id for row in rows], source)
        return [row for row in rows if (row.id, row.row_hash) not in known]

    def understood(self, found: FoundRow) -> KnownRow:
        """The row's fields.

        Raises:
            RowError: one of them cannot be used.
        """
        row, field_map = found.row, found.field_map
        fields = field_map.item(row.values, id_=found.id, is_on_sale=found.sale.is_on)
        said = self._transcript(row, field_map)
        return KnownRow(row, fields, found.refs, found.row_hash, field_map.safety(row.values), said)

    def add(self, rows: Sequence[KnownRow], batch: Batch) -> None:
        """The rows in the batch, their pictures read and decoding."""
        contents: dict[str, bytes] = {}
        # In threads: from the net, a picture takes a hundred times as long as from the disk.
        refs = [ref for row in rows for ref in row.refs]
        is_far = getattr(self._base, "is_far", False) or _has_address(refs)
        read = self.threads.map(self._content, refs) if is_far else map(self._content, refs)
        for row in rows:
            pictures = tuple(_sha_of(next(read), contents) for _ in row.refs)
            where = (row.row.row, row.row.where)
            batch.rows.append(
                ReadyRow(*where, row.fields, row.row_hash, pictures, row.safety, row.transcript)
            )
        self._decode({sha: content for sha, content in contents.items() if sha not in batch.decoding}, batch)

    def _known(self, ids: Sequence[str], source: str) -> Collection[tuple[str, str]]:
        if not ids:
            return ()
        stored = self._lake.items.take(list(ids), ["id", "row_hash", "source", "deleted_ms"]).to_pylist()
        return {
            (row["id"], row["row_hash"])
            for row in stored
            if row["deleted_ms"] is None and row["source"] == source
        }

    def _note_change(self, sale: Sale) -> None:
        if sale.changes_ms is not None:
            self.changes_ms = min(sale.changes_ms, self.changes_ms or sale.changes_ms)

    def _refs(self, row: SourceRow, field_map: FieldMap) -> Iterator[PictureRef | RowError]:
        yield from row.pictures
        if row.pictures:
            return
        for name in field_map.picture_names(row.values)[:_PICTURES_A_ROW]:
            try:
                yield self._base.find(str(name).strip())
            except RowError as error:
                yield error

    def _transcript(self, row: SourceRow, field_map: FieldMap) -> Transcript | None:
        """What the row, or the file that it names, says is said in its video."""
        text = field_map.transcript(row.values)
        if "\n" not in text and text.lower().rpartition(".")[2] in TRANSCRIPT_ENDINGS:
            content = self._base.read(self._base.find(text.strip()), TRANSCRIPT_BYTES)
            return read_transcript(content.decode("utf-8-sig", "replace"), language_of_name(text[:-4]))
        return read_transcript(text[:TRANSCRIPT_BYTES], row.transcript_language) if text else None

    def _content(self, ref: PictureRef | RowError) -> bytes | RowError:
        if isinstance(ref, RowError):
            return ref
        most = self._pool.limits.max_bytes
        try:
            # What says itself that it is too much is not read to the end only to be refused.
            content = self._base.read(ref, START_BYTES if ref.size_bytes > most else most)
            is_longer = ref.size_bytes > most or len(content) > most
            if is_longer and video_kind(content[:START_BYTES]) is not None:
                most = self._pool.video_limits.max_bytes
                content = self._base.read(ref, most)
                is_longer = len(content) > most
        except RowError as error:
            return error
        if is_longer:
            return RowError(
                f"the file has more than {most:,} bytes",
                field="picture",
                code="too-many-bytes",
                hint="save it smaller",
                received=ref.name,
            )
        return content

    def _decode(self, contents: dict[str, bytes], batch: Batch) -> None:
        """Starts to decode what the lake does not have."""
        if not contents:
            return
        for known in self._lake.media.take(list(contents), ["id", "exif"]).to_pylist():
            batch.known_facts[known["id"]] = json.loads(known["exif"] or "{}")
        for sha, content in contents.items():
            if sha not in batch.known_facts:
                batch.contents[sha] = content
                batch.decoding[sha] = self._pool.decode(content)


def _has_address(refs: Sequence[PictureRef | RowError]) -> bool:
    return any(isinstance(ref, PictureRef) and ref.content is None and is_address(ref.name) for ref in refs)


def _is_local(ref: PictureRef | RowError) -> bool:
    return isinstance(ref, PictureRef) and ref.content is None and not is_address(ref.name)


def _sha_of(content: bytes | RowError, contents: dict[str, bytes]) -> str | RowError:
    """The sha256 of a picture's content, which is put into `contents`; or why it cannot be had."""
    if isinstance(content, RowError):
        return content
    sha = hashlib.sha256(content).hexdigest()
    contents[sha] = content
    return sha


def _no_picture() -> RowError:
    return RowError(
        "the row names no picture",
        field="picture",
        code="no-picture",
        hint="fill the column of pictures, or say which it is with --map picture=COLUMN",
    )
