"""This file is about reading a table of requests: batches of columns, the person's once a request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from bowerbird.core.errors import InputError
from bowerbird.learn.requests.card import CARD, RequestTableCard
from bowerbird.learn.requests.source import flat

_ALWAYS = ("at_ms", "numbers", "positions", "labels", "label_delay_ms")
_HISTORY = ("history_numbers", "history_actions", "history_at_ms")
_MATRICES = ("features", "heads")


@dataclass(frozen=True, slots=True)
class RequestBatch:
    """Some requests, each with its candidates and what was known of its person.

    Attributes:
        requests: the columns with one value a request, as Arrow has them: `person_id`, `surface`, …
        at_ms: int64 [R].
        ends: int64 [R + 1] candidates `ends[r]` up to `ends[r + 1]` are those of request r.
        candidates: name → [I], and [I, F] of `features` and `heads`.
        labels: bool [I, L] in the order of the card.
        label_delay_ms: int32 [I] from the request to its first label; -1 where there is none.
        history_ends: int64 [R + 1] as `ends`, for the histories.
        history: name → [H] `history_numbers`, `history_actions`, `history_at_ms`, oldest first.
    """

    requests: pa.Table
    at_ms: np.ndarray
    ends: np.ndarray
    candidates: dict[str, np.ndarray]
    labels: np.ndarray
    label_delay_ms: np.ndarray
    history_ends: np.ndarray
    history: dict[str, np.ndarray]

    @property
    def request_of(self) -> np.ndarray:
        """int64 [I] the request of each candidate."""
        return np.repeat(np.arange(len(self.at_ms)), np.diff(self.ends))


@dataclass(frozen=True, slots=True)
class RequestTable:
    """A table that was made."""

    folder: Path
    card: RequestTableCard

    @classmethod
    def open(cls, folder: Path) -> "RequestTable":
        """The table in a folder.

        Raises:
            InputError: there is none.
        """
        try:
            return cls(folder, RequestTableCard.model_validate_json((folder / CARD).read_bytes()))
        except (OSError, ValidationError) as error:
            raise InputError(
                f"{folder} holds no table of requests ({error}); needed is one that was made by "
                "`bowerbird learn table`; make it, or name another folder"
            ) from error

    def batches(
        self, *, since_ms: int = 0, until_ms: int = 2**62, columns: Sequence[str] | None = None
    ) -> Iterator[RequestBatch]:
        """Batches in order of the days, some two thousand requests each.

        Args:
            columns: those that are needed besides time, items, positions and labels; None for all.
        """
        wanted = None if columns is None else list(dict.fromkeys([*_ALWAYS, *_names(columns), *columns]))
        for name in sorted(self.card.files):
            file = pq.ParquetFile(self.folder / name)
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=wanted)
                at_ms = table["at_ms"].to_numpy()
                inside = (at_ms >= since_ms) & (at_ms < until_ms)
                if not inside.all():
                    table = table.filter(pa.array(inside))
                if table.num_rows:
                    yield self._batch(table)

    def _batch(self, table: pa.Table) -> RequestBatch:
        numbers, ends = flat(table["numbers"])
        candidates: dict[str, np.ndarray] = {}
        history: dict[str, np.ndarray] = {}
        history_ends = np.zeros(table.num_rows + 1, dtype=np.int64)
        plain = []
        for field in table.schema:
            if not pa.types.is_list(field.type) or field.name.endswith("_names"):
                plain.append(field.name)
            elif field.name in _HISTORY:
                history[field.name], history_ends = flat(table[field.name])
            elif field.name in _MATRICES:
                candidates[field.name] = _matrix(*flat(table[field.name]), ends)
            else:
                values, theirs = flat(table[field.name])
                if np.array_equal(theirs, ends):  # a column that the surface does not fill is left out
                    candidates[field.name] = values
        bits = candidates.pop("labels")[:, None] >> np.arange(len(self.card.config.labels))[None, :]
        return RequestBatch(
            table.select(plain),
            table["at_ms"].to_numpy(),
            ends,
            {**candidates, "numbers": numbers},
            (bits & 1).astype(bool),
            candidates.pop("label_delay_ms"),
            history_ends,
            history,
        )


def _names(columns: Sequence[str]) -> list[str]:
    named = {"features": "feature_names", "heads": "head_names", "sources": "source_names"}
    return [named[name] for name in columns if name in named]


def _matrix(values: np.ndarray, ends: np.ndarray, rows_end: np.ndarray) -> np.ndarray:
    """[I, F] of lists that lie feature by feature; requests that have none are rows of NaN."""
    rows, lengths = np.diff(rows_end), np.diff(ends)
    widths = np.divide(lengths, rows, out=np.zeros(len(rows)), where=rows > 0).astype(np.int64)
    width = int(widths.max(initial=0))
    made = np.full((int(rows_end[-1]), width), np.nan, dtype=np.float32)
    offset = np.arange(len(values)) - np.repeat(ends[:-1], lengths)
    per_row = np.repeat(np.maximum(rows, 1), lengths)
    made[np.repeat(rows_end[:-1], lengths) + offset % per_row, offset // per_row] = values
    return made
