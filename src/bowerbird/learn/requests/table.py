"""This file is about making a table of requests: one row a request, its candidates and labels as lists.

Features are those that the request was answered with; histories hold what had arrived by then; labels come
after. Made twice of the same lake as of the same time, the files are the same byte by byte.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bowerbird.core.actions import ACTION_CODES
from bowerbird.core.errors import ConflictError, InputError
from bowerbird.lake.lake import Lake
from bowerbird.learn.requests.card import CARD, RequestTableCard
from bowerbird.learn.requests.columns import RequestColumns
from bowerbird.learn.requests.config import RequestTableConfig
from bowerbird.learn.requests.histories import Known, known_at
from bowerbird.learn.requests.labels import Labels, labels_of
from bowerbird.learn.requests.source import LakeEvents, events_of_lake, flat, request_columns

MS_PER_DAY = 86_400_000
_JOINED_BY = ["request_id", "person_id", "at_ms", "numbers", "positions"]
_ROWS_A_GROUP = 2_000


@dataclass(frozen=True, slots=True)
class _Day:
    """Requests of one day, and what was joined to them."""

    table: pa.Table
    requests: RequestColumns
    known: Known
    labels: Labels


def make_request_table(
    lake: Lake,
    folder: Path,
    config: RequestTableConfig | None = None,
    *,
    since_ms: int = 0,
    until_ms: int | None = None,
    as_of_ms: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> RequestTableCard:
    """A new folder with a file a day, and a card that says how it was made.

    Requests whose label window is still open at `as_of_ms` (now, if not given) are left out and counted:
    what has not happened yet is no negative.

    Raises:
        ConflictError: the folder is there.
        InputError: no request of that time has all its labels.
    """
    config = config or RequestTableConfig()
    as_of_ms = lake.clock.now_ms() if as_of_ms is None else as_of_ms
    settled_ms = as_of_ms - config.window_ms + 1
    end_ms = settled_ms if until_ms is None else min(until_ms, settled_ms)
    making = _begun(folder)
    counts = {"named": 0, "by_item": 0, "requests": 0, "candidates": 0, "shown": 0, "labelled": 0}
    counts["open"] = _rows(lake, end_ms, as_of_ms + 1 if until_ms is None else until_ms)
    files: dict[str, str] = {}
    try:
        days = _days(lake, since_ms, end_ms)
        events = events_of_lake(lake, as_of_ms, tell)
        for day in days:
            begin, end = max(day * MS_PER_DAY, since_ms), min((day + 1) * MS_PER_DAY, end_ms)
            made = _joined(lake, events, config, begin, end, as_of_ms)
            name = f"{datetime.fromtimestamp(day * MS_PER_DAY / 1_000, UTC).date().isoformat()}.parquet"
            files[name] = _write(making / name, _with_columns(made, config))
            _count(counts, made)
            tell(f"{name}: {made.table.num_rows:,} requests")
        if not counts["requests"]:
            raise InputError(
                f"no request of that time has had {config.window_hours:g} hours for its labels "
                f"({counts['open']:,} have not yet); needed is one; take a shorter --window-hours, a later "
                "--as-of, or wait"
            )
        card = RequestTableCard(
            since_ms=since_ms,
            until_ms=end_ms,
            as_of_ms=as_of_ms,
            events_offset=events.last_offset,
            config=config,
            counts=counts,
            files=files,
        )
        (making / CARD).write_text(card.model_dump_json(indent=1))
        making.replace(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return card


def _begun(folder: Path) -> Path:
    if folder.exists():
        raise ConflictError(
            f"{folder} is there; needed is a new folder, since tables are never changed; name another"
        )
    making = folder.with_name(f".making-{folder.name}-{os.getpid()}")
    making.mkdir(parents=True)
    return making


def _days(lake: Lake, since_ms: int, until_ms: int) -> list[int]:
    days: set[int] = set()
    for table in lake.requests.tables(since_ms=since_ms, until_ms=until_ms, columns=["at_ms"]):
        days |= set(np.unique(table["at_ms"].to_numpy() // MS_PER_DAY).tolist())
    return sorted(days)


def _rows(lake: Lake, since_ms: int, until_ms: int) -> int:
    if until_ms <= since_ms:
        return 0
    tables = lake.requests.tables(since_ms=since_ms, until_ms=until_ms, columns=["at_ms"])
    return sum(table.num_rows for table in tables)


def _joined(
    lake: Lake, events: LakeEvents, config: RequestTableConfig, begin: int, end: int, as_of_ms: int
) -> _Day:
    table = pa.concat_tables(lake.requests.tables(since_ms=begin, until_ms=end))
    table = table.sort_by([(name, "ascending") for name in ("person_id", "at_ms", "request_id")])
    # An event belongs to the last request that showed its item: those of the window after count too.
    after = list(
        lake.requests.tables(
            since_ms=end, until_ms=min(end + config.window_ms, as_of_ms + 1), columns=_JOINED_BY
        )
    )
    both = pa.concat_tables([table.select(_JOINED_BY), *(each.select(_JOINED_BY) for each in after)])
    requests = request_columns(both, events.codes)
    told = events.joined_to(both["request_id"], requests.persons)
    actions = np.array([ACTION_CODES[action] for action in config.labels], dtype=np.int64)
    count = int(requests.ends[table.num_rows])
    labels = labels_of(requests, told, actions, config.window_ms, counted=count)
    ours = RequestColumns(
        requests.persons[: table.num_rows],
        requests.at_ms[: table.num_rows],
        requests.ends[: table.num_rows + 1],
        requests.numbers[:count],
        requests.is_shown[:count],
    )
    kept = Labels(labels.columns[:count], labels.delay_ms[:count], labels.counts)
    return _Day(table, ours, known_at(ours, events.columns, config.history_actions), kept)


def _with_columns(day: _Day, config: RequestTableConfig) -> pa.Table:
    """The rows of the log, with histories and labels beside them."""
    ends, known = day.requests.ends, day.known
    bits = (1 << np.arange(len(config.labels))).astype(np.uint16)
    masks = (day.labels.columns * bits).sum(axis=1).astype(np.uint16)
    table = day.table
    for name, values, theirs in (
        ("history_numbers", known.numbers, known.ends),
        ("history_actions", known.actions.astype(np.int8), known.ends),
        ("history_at_ms", known.at_ms, known.ends),
        ("labels", masks, ends),
        ("label_delay_ms", day.labels.delay_ms.astype(np.int32), ends),
    ):
        lists = pa.ListArray.from_arrays(pa.array(theirs.astype(np.int32)), pa.array(values))
        table = table.append_column(name, lists)
    return _shown_only(table) if config.is_shown_only else table


def _shown_only(table: pa.Table) -> pa.Table:
    """Without the candidates that were not shown; the log keeps those that were first in each request."""
    positions, ends = flat(table["positions"])
    counts = np.add.reduceat(np.append(positions >= 0, False), ends[:-1]) * (np.diff(ends) > 0)
    rows = np.diff(ends)
    for name in table.schema.names:
        values, their_ends = (
            flat(table[name]) if pa.types.is_list(table.schema.field(name).type) else (None, None)
        )
        if values is None or their_ends is None or name.endswith("_names") or name.startswith("history_"):
            continue
        table = table.set_column(
            table.schema.get_field_index(name), name, _cut(values, their_ends, rows, counts)
        )
    return table


def _cut(values: np.ndarray, ends: np.ndarray, rows: np.ndarray, kept: np.ndarray) -> pa.ListArray:
    """The first `kept` rows of each list; of a matrix, which lies feature by feature, of each feature."""
    lengths = np.diff(ends)
    widths = np.divide(lengths, rows, out=np.zeros(len(rows)), where=rows > 0).astype(np.int64)
    row_of = np.arange(len(values)) - np.repeat(ends[:-1], lengths)
    is_kept = row_of % np.repeat(np.maximum(rows, 1), lengths) < np.repeat(kept, lengths)
    counts = np.concatenate([[0], np.cumsum(widths * kept)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(counts), pa.array(values[is_kept]))


def _count(counts: dict[str, int], day: _Day) -> None:
    counts["requests"] += day.table.num_rows
    counts["candidates"] += len(day.requests.numbers)
    counts["shown"] += int(day.requests.is_shown.sum())
    counts["labelled"] += int(day.labels.columns.any(axis=1).sum())
    counts["named"] += day.labels.counts["named"]
    counts["by_item"] += day.labels.counts["by_item"]


def _write(path: Path, table: pa.Table) -> str:
    floats = [
        f"{field.name}.list.element"
        for field in table.schema
        if pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type)
    ]
    pq.write_table(
        table, path, compression="zstd", row_group_size=_ROWS_A_GROUP, use_byte_stream_split=floats,
        use_dictionary=[field.name for field in table.schema if pa.types.is_string(field.type)],
    )  # fmt: skip
    return hashlib.sha256(path.read_bytes()).hexdigest()
