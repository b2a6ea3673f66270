"""Tables of requests: labels after their request, features and histories before it, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import ConflictError, InputError
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.request_log import RequestRecord
from bowerbird.lake.types import Event, ItemFields
from bowerbird.learn.requests import (
    RequestTable,
    RequestTableConfig,
    make_request_table,
    split_by_time,
)
from bowerbird.learn.requests.columns import EventColumns, RequestColumns
from bowerbird.learn.requests.histories import known_at
from bowerbird.learn.requests.labels import labels_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = HeldClock().now_ms() // DAY_MS * DAY_MS
ACTIONS = np.array([ACTION_CODES[each] for each in (Action.SAVE, Action.CLICK, Action.HIDE)])
WINDOW_MS = 50

DONE = [*ACTIONS.tolist(), ACTION_CODES[Action.DWELL]]
small = st.integers(0, 2)
moments = st.integers(0, 200)
candidates = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=4, unique_by=lambda each: each[0])
shown_requests = st.lists(st.tuples(small, moments, candidates), max_size=8)
happened = st.lists(
    st.tuples(
        st.integers(-1, 2), st.integers(0, 5), st.sampled_from(DONE), moments,
        st.integers(0, 60), st.integers(-1, 7),
    ),
    max_size=25,
)  # fmt: skip


def requests_from(made: list[tuple[int, int, list[tuple[int, bool]]]]) -> RequestColumns:
    pairs = [pair for _, _, theirs in made for pair in theirs]
    return RequestColumns(
        np.array([each[0] for each in made], dtype=np.int64),
        np.array([each[1] for each in made], dtype=np.int64),
        np.cumsum([0, *(len(each[2]) for each in made)]),
        np.array([number for number, _ in pairs], dtype=np.int64),
        np.array([is_shown for _, is_shown in pairs], dtype=bool),
    )


def events_from(made: list[tuple[int, int, int, int, int, int]], requests: RequestColumns) -> EventColumns:
    columns = np.array(made, dtype=np.int64).reshape(-1, 6).T
    named = np.where(columns[5] < len(requests.persons), columns[5], -1)
    for row in range(len(named)):
        if named[row] >= 0 and requests.persons[named[row]] != columns[0][row]:
            named[row] = -1
    return EventColumns(columns[0], columns[1], columns[2], columns[3], columns[3] + columns[4] - 20, named)


def by_hand(requests: RequestColumns, events: EventColumns) -> dict[int, dict[int, int]]:
    """Candidate row → action → first delay, one event after another."""
    found: dict[int, dict[int, int]] = {}
    shown = [
        (int(requests.request_of[row]), int(requests.numbers[row]), row)
        for row in np.flatnonzero(requests.is_shown).tolist()
    ]
    for row in range(len(events.persons)):
        if events.actions[row] not in ACTIONS:
            continue
        at_ms = min(int(events.at_ms[row]), int(events.received_ms[row]))
        hit = [r for q, n, r in shown if q == events.requests[row] and n == events.numbers[row]]
        if hit and at_ms < requests.at_ms[events.requests[row]]:
            at_ms = int(events.received_ms[row])
        if not hit:
            before = [
                (int(requests.at_ms[q]), r)
                for q, n, r in shown
                if n == events.numbers[row] and requests.persons[q] == events.persons[row]
                and at_ms - WINDOW_MS < requests.at_ms[q] <= at_ms
            ]  # fmt: skip
            newest = max((ms for ms, _ in before), default=None)
            hit = [r for ms, r in before if ms == newest][-1:]
        for candidate in hit:
            delay = at_ms - int(requests.at_ms[requests.request_of[candidate]])
            if 0 <= delay < WINDOW_MS:
                theirs = found.setdefault(candidate, {})
                action = int(events.actions[row])
                theirs[action] = min(delay, theirs.get(action, delay))
    return found


@settings(max_examples=150, deadline=None)
@given(shown_requests, happened)
def test_labels_are_those_found_by_hand_and_never_before_their_request(
    made: list[tuple[int, int, list[tuple[int, bool]]]], told: list[tuple[int, int, int, int, int, int]]
) -> None:
    requests = requests_from(made)
    events = events_from(told, requests)
    labels = labels_of(requests, events, ACTIONS, WINDOW_MS)

    expected = by_hand(requests, events)
    assert {
        row: set(ACTIONS[labels.columns[row]].tolist())
        for row in np.flatnonzero(labels.columns.any(axis=1)).tolist()
    } == {row: set(theirs) for row, theirs in expected.items()}
    has_label = labels.columns.any(axis=1)
    assert (labels.delay_ms[has_label] >= 0).all()
    assert (labels.delay_ms[has_label] < WINDOW_MS).all()
    assert (labels.delay_ms[~has_label] == -1).all()
    assert not labels.columns[~requests.is_shown].any()
    assert labels.delay_ms[has_label].tolist() == [
        min(expected[row].values()) for row in np.flatnonzero(has_label).tolist()
    ]
    wanted = int(np.isin(events.actions, ACTIONS).sum())
    assert sum(labels.counts.values()) == wanted


@settings(max_examples=150, deadline=None)
@given(shown_requests, happened, st.integers(0, 6))
def test_history_is_what_had_arrived_and_nothing_later(
    made: list[tuple[int, int, list[tuple[int, bool]]]],
    told: list[tuple[int, int, int, int, int, int]],
    most: int,
) -> None:
    requests = requests_from(made)
    events = events_from(told, requests)
    known = known_at(requests, events, most)

    for row in range(len(made)):
        theirs = slice(known.ends[row], known.ends[row + 1])
        arrived = [
            (int(events.received_ms[each]), min(int(events.at_ms[each]), int(events.received_ms[each])),
             int(events.numbers[each]), int(events.actions[each]))
            for each in range(len(told))
            if events.persons[each] == requests.persons[row]
            and events.received_ms[each] <= requests.at_ms[row]
        ]  # fmt: skip
        newest = sorted(arrived)[len(arrived) - min(most, len(arrived)) :]
        columns = (known.at_ms, known.numbers, known.actions)
        got = list(zip(*(column[theirs].tolist() for column in columns), strict=True))
        assert sorted(got) == sorted(each[1:] for each in newest)
        assert [each[0] for each in got] == sorted(each[0] for each in got)
        assert all(each[0] <= requests.at_ms[row] for each in got)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock(NOW_MS)) as opened:
        put_items(opened, [StoredItem(ItemFields(id=f"item {n}"), ()) for n in range(10)])
        yield opened


def page(lake: Lake, request_id: str, person: str, at_ms: int, *shown: int) -> None:
    others = [n for n in range(10) if n not in shown]
    numbers = lake.records.numbers.find([f"item {n}" for n in [*shown, *others]])
    positions = np.array([*range(len(shown)), *[-1] * len(others)], dtype=np.int16)
    features = np.column_stack([numbers, numbers + at_ms % 97]).astype(np.float32)
    lake.requests(
        RequestRecord(
            request_id, person, at_ms, "feed", "linear-1", numbers, positions, features=features,
            feature_names=("number", "moment"), feature_set="test-1",
        )
    )  # fmt: skip
    lake.requests.flush()


def act(lake: Lake, n: int, person: str, action: str, item: int, at_ms: int, **more: object) -> None:
    told = {"event_id": f"e{n}", "person_id": person, "action": action, "item_id": f"item {item}"}
    lake.events.append([Event.model_validate({**told, "at_ms": at_ms, "received_ms": at_ms + 10, **more})])


def test_table_of_a_lake_holds_what_was_known_and_what_followed(lake: Lake, tmp_path: Path) -> None:
    first, second = NOW_MS - 3 * DAY_MS + 23 * HOUR_MS, NOW_MS - 2 * DAY_MS + 2 * HOUR_MS
    act(lake, 1, "ann", "save", 9, first - HOUR_MS)
    page(lake, "r1", "ann", first, 1, 2, 3)
    act(lake, 2, "ann", "impression", 2, first + 5, request_id="r1")
    act(lake, 3, "ann", "save", 2, first + 60_000, request_id="r1")
    act(lake, 4, "ann", "click", 2, first + 30_000, request_id="r1")
    page(lake, "r2", "ann", second, 2, 4)  # on the next day, within the window of the first
    act(lake, 5, "ann", "hide", 2, second + 9)  # names no request: the last that showed it is meant
    act(lake, 6, "ann", "click", 3, second + 9)  # only the first showed it
    act(lake, 7, "ann", "save", 4, second + 9, consent=False)
    act(lake, 8, "bob", "save", 4, second + 9, request_id="r2")  # not his request
    act(lake, 9, "ann", "save", 4, second + 25 * HOUR_MS)  # too late
    page(lake, "r3", "ann", NOW_MS - HOUR_MS, 5)  # its labels may still come
    lake.requests.move()

    card = make_request_table(lake, tmp_path / "table")
    table = RequestTable.open(tmp_path / "table")

    assert (card.counts["requests"], card.counts["open"]) == (2, 1)
    assert (card.counts["named"], card.counts["by_item"]) == (3, 2)
    one, two = table.batches()  # a file a day
    names = [action.value for action in card.config.labels]

    def told(batch: object, row: int) -> set[str]:
        return {name for name, is_set in zip(names, batch.labels[row], strict=True) if is_set}  # type: ignore[attr-defined]

    assert [told(one, row) for row in range(3)] == [set(), {"impression", "save", "click"}, {"click"}]
    assert [told(two, row) for row in range(2)] == [{"hide"}, set()]
    assert one.label_delay_ms[:3].tolist() == [-1, 5, second + 9 - first]
    assert not one.labels[3:].any()
    # Features are those of the log; histories what had arrived.
    assert one.candidates["features"][:, 0].tolist() == one.candidates["numbers"].tolist()
    assert (two.candidates["features"][:, 1] == two.candidates["numbers"] + second % 97).all()
    assert one.history["history_numbers"].tolist() == lake.records.numbers.find(["item 9"]).tolist()
    assert two.history["history_at_ms"].tolist() == [first - HOUR_MS, first + 30_000, first + 60_000]


def test_same_lake_as_of_the_same_time_gives_the_same_bytes(lake: Lake, tmp_path: Path) -> None:
    for n in range(60):
        page(lake, f"r{n}", f"person {n % 5}", NOW_MS - 4 * DAY_MS + n * HOUR_MS, n % 7, 8)
        act(lake, n, f"person {n % 5}", "save", n % 7, NOW_MS - 4 * DAY_MS + n * HOUR_MS + 100)
    as_of_ms = NOW_MS - HOUR_MS
    first = make_request_table(lake, tmp_path / "one", as_of_ms=as_of_ms)
    act(lake, 99, "person 1", "save", 8, NOW_MS - 2 * DAY_MS, received_ms=NOW_MS - 5)  # heard of later
    lake.requests.move()
    second = make_request_table(lake, tmp_path / "two", as_of_ms=as_of_ms)

    assert first == second
    with pytest.raises(ConflictError, match="is there"):
        make_request_table(lake, tmp_path / "two")


def test_shown_only_is_the_same_without_the_others(lake: Lake, tmp_path: Path) -> None:
    for n in range(12):
        page(lake, f"r{n}", "ann", NOW_MS - 4 * DAY_MS + n * HOUR_MS, *range(n % 4))
        act(lake, n, "ann", "save", n % 3, NOW_MS - 4 * DAY_MS + n * HOUR_MS + 100)
    make_request_table(lake, tmp_path / "all")
    make_request_table(lake, tmp_path / "shown", RequestTableConfig(is_shown_only=True))
    tables = [RequestTable.open(tmp_path / name).batches() for name in ("all", "shown")]
    for one, other in zip(*tables, strict=True):
        kept = one.candidates["positions"] >= 0
        assert one.request_of[kept].tolist() == other.request_of.tolist()
        for name in ("numbers", "positions", "features", "logged_with"):
            assert np.array_equal(one.candidates[name][kept], other.candidates[name])
        assert (one.labels[kept] == other.labels).all()


def test_split_leaves_the_label_window_out() -> None:
    at_ms = np.arange(0, 100, 10)
    train, test = split_by_time(at_ms, test_from_ms=60, window_ms=25)
    assert at_ms[train].tolist() == [0, 10, 20, 30]
    assert at_ms[test].tolist() == [60, 70, 80, 90]
    with pytest.raises(InputError, match="choose another time"):
        split_by_time(at_ms, test_from_ms=10, window_ms=25)


def test_nothing_settled_is_said(lake: Lake, tmp_path: Path) -> None:
    page(lake, "r", "ann", NOW_MS - HOUR_MS, 1)
    with pytest.raises(InputError, match="1 have not yet"):
        make_request_table(lake, tmp_path / "table")
    assert list(tmp_path.glob("*table*")) == []
    with pytest.raises(InputError, match="bowerbird learn table"):
        RequestTable.open(tmp_path)


def test_forgetting_reaches_tables_kept_in_the_lake(lake: Lake) -> None:
    page(lake, "r", "ann", NOW_MS - 3 * DAY_MS, 1)
    make_request_table(lake, lake.path / "training" / "t")
    report = forget(lake, "person", ["ann"])
    assert report.removed["tables to train from"] == 1
    assert not (lake.path / "training" / "t").exists()
