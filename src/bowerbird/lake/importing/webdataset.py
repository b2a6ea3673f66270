"""This file is about WebDataset: tar files whose neighbouring members with one name are one sample."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from bowerbird.lake.importing.files import stem_of
from bowerbird.lake.importing.folder import PICTURE_ENDINGS, id_of_path
from bowerbird.lake.importing.tables import json_row
from bowerbird.lake.importing.tars import members_of
from bowerbird.lake.importing.types import Cell, PictureRef, RowError, SourceRow

_TEXTS = ("txt", "caption", "text")
_MOST_PICTURE_BYTES = 64 * 2**20
_MOST_SAMPLE_BYTES = 128 * 2**20
_MOST_TEXT_BYTES = 2**20
_MOST_MEMBERS = 100


@dataclass(slots=True)
class _Sample:
    """Members with one name, as far as they are of use.

    Attributes:
        parts: what stands after the first dot of the name → content.
    """

    key: str
    parts: dict[str, bytes] = field(default_factory=dict)
    size: int = 0
    error: RowError | None = None


class WebDatasetSource:
    """Samples of one or more tars, in their order, read once from front to back."""

    def __init__(self, shards: Sequence[Path], name: str) -> None:
        """`shards` are read one after the other."""
        self._shards = tuple(shards)
        self._name = name
        self._passed_over: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """What the import is called."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows: the JSON of a sample may have any."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One a sample."""
        self._passed_over.clear()
        row = 0
        for shard in self._shards:
            try:
                for sample in self._samples(shard):
                    row += 1
                    yield _row(row, stem_of(shard), f"{shard.name}, {sample.key}", sample)
            except RowError as error:
                row += 1
                yield SourceRow(row, shard.name, error=error)

    def passed_over(self) -> Mapping[str, int]:
        """Members that are neither pictures nor words."""
        return dict(self._passed_over)

    def _samples(self, shard: Path) -> Iterator[_Sample]:
        sample: _Sample | None = None
        try:
            for member in members_of(shard, _MOST_PICTURE_BYTES):
                folder, slash, file = member.name.rpartition("/")
                stem, _, part = file.partition(".")
                key, part = f"{folder}{slash}{stem}", part.lower()
                if file.startswith("."):
                    continue
                if sample is not None and (key != sample.key):
                    yield sample
                    sample = None
                sample = sample or _Sample(key)
                self._add(sample, part, member.size, member.content)
        except RowError:
            if sample is not None:
                yield sample
            raise
        if sample is not None:
            yield sample

    def _add(self, sample: _Sample, part: str, size: int, content: bytes | None) -> None:
        ending = part.rpartition(".")[2]
        is_words = part in ("json", "cls", *_TEXTS)
        if not is_words and ending not in PICTURE_ENDINGS:
            self._passed_over["passed-over-other-file"] += 1
            return
        sample.size += size
        is_too_much = sample.size > _MOST_SAMPLE_BYTES or len(sample.parts) >= _MOST_MEMBERS
        if content is None or is_too_much or (is_words and size > _MOST_TEXT_BYTES):
            sample.error = RowError(
                f"member {part!r} of the sample has {size:,} bytes, the sample {sample.size:,}",
                field="picture",
                code="too-many-bytes",
                hint="save it smaller",
                received=sample.key,
            )
            sample.parts.clear()
        elif sample.error is None:
            sample.parts[part] = content


def _row(row: int, shard: str, where: str, sample: _Sample) -> SourceRow:
    if sample.error is not None:
        return SourceRow(row, where, error=sample.error)
    values: dict[str, Cell] = {}
    if "json" in sample.parts:
        told = json_row(row, where, sample.parts["json"].decode("utf-8-sig", "replace"))
        if told.error is not None:
            return told
        values |= told.values
    for part in _TEXTS:
        if part in sample.parts:
            values["caption"] = sample.parts[part].decode("utf-8-sig", "replace")
    if "cls" in sample.parts:
        values |= _class_of(sample.parts["cls"].decode("utf-8-sig", "replace").strip())
    # Samples of two shards may have one name.
    values.setdefault("id", id_of_path(f"{shard}/{sample.key}."))
    return SourceRow(row, where, values, _pictures(sample))


def _pictures(sample: _Sample) -> tuple[PictureRef, ...]:
    """The main one is the one whose name has nothing but its kind after the dot."""
    parts = [part for part in sample.parts if part.rpartition(".")[2] in PICTURE_ENDINGS]
    parts.sort(key=lambda part: "." in part)
    return tuple(
        PictureRef(f"{sample.key}.{part}", sha256(content).hexdigest(), content, len(content))
        for part, content in ((part, sample.parts[part]) for part in parts)
    )


def _class_of(text: str) -> dict[str, Cell]:
    """A class that is a word says what the picture shows; a number is kept as it is."""
    if not text:
        return {}
    return {"cls": text} if text.isdigit() else {"class": text}
