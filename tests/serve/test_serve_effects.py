"""Effects: an event is durable first and then known, also after a crash between the two."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serve_lake import put

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event
from bowerbird.serve.effects import Effects
from bowerbird.serve.workers import WorkerPool


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(1_000_000)


@pytest.fixture
def lake(tmp_path: Path, clock: HeldClock) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        put(lake, "a", "b", "c")
        yield lake


@pytest.fixture
def effects(lake: Lake, clock: HeldClock) -> Iterator[Effects]:
    writes = WorkerPool("test", threads=1, queue_limit=10)
    yield Effects(lake, Catalogue.open(lake), clock, writes)
    writes.close()


def event(event_id: str, action: Action, item_id: str = "a", at_ms: int = 1_000, **more: object) -> Event:
    return Event.model_validate(
        {"event_id": event_id, "action": action, "item_id": item_id, "at_ms": at_ms, "person_id": "p", **more}
    )


def test_event_is_in_the_log_and_known_when_taking_it_ends(effects: Effects, lake: Lake) -> None:
    result = asyncio.run(effects.take([event("1", Action.SAVE), event("2", Action.CLICK, "b", 2_000)]))

    assert (result.accepted, result.duplicates) == (2, 0)
    assert lake.events.count() == 2
    assert lake.online.recent("p").numbers.tolist() == [1, 0]


def test_event_sent_twice_is_stored_and_applied_once(effects: Effects, lake: Lake) -> None:
    asyncio.run(effects.take([event("1", Action.SAVE)]))
    again = asyncio.run(effects.take([event("1", Action.SAVE)]))

    assert (again.accepted, again.duplicates) == (0, 1)
    assert len(lake.online.recent("p")) == 1


def test_impressions_mark_items_as_seen_and_are_no_likes(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.IMPRESSION, "a", 10), event("2", Action.IMPRESSION, "c", 20)])

    assert sorted(lake.online.seen("p").tolist()) == [0, 2]
    assert len(lake.online.recent("p")) == 0


def test_hide_counts_at_once_and_unhide_takes_it_back(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.HIDE, "b", 10)])
    assert lake.online.hidden("p").tolist() == [1]

    effects.record([event("2", Action.UNHIDE, "b", 11)])
    assert lake.online.hidden("p").tolist() == []


def test_event_from_the_future_does_not_stay_the_newest_for_ever(
    effects: Effects, lake: Lake, clock: HeldClock
) -> None:
    effects.record([event("1", Action.SAVE, "a", clock.now_ms() + 10**9)])
    clock.advance(by_ms=60_000)
    effects.record([event("2", Action.SAVE, "b", clock.now_ms())])

    assert lake.online.recent("p").numbers.tolist() == [1, 0]


def test_event_without_consent_is_stored_and_changes_nothing(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.SAVE, consent=False)])

    assert lake.events.count() == 1
    assert len(lake.online.recent("p")) == 0


def test_event_of_an_unknown_item_changes_nothing(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.SAVE, "no such item"), event("2", Action.SEARCH, "")])

    assert lake.events.count() == 2
    assert len(lake.online.recent("p")) == 0


def test_what_a_crash_left_unapplied_is_applied_at_the_next_start(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.SAVE, "a")])
    effects.commit()
    lake.events.append([event("2", Action.SAVE, "b", 2_000)])  # stored, and then the process died

    assert effects.replay() == 1
    assert lake.online.recent("p").numbers.tolist() == [1, 0]
    assert effects.replay() == 0


def test_what_another_process_stores_is_applied_while_this_one_runs(effects: Effects, lake: Lake) -> None:
    with Lake.open(lake.path) as importing:
        importing.events.append([event("1", Action.SAVE, "a", 1_000)])
        effects.record([event("2", Action.SAVE, "b", 2_000)])  # of ours, with theirs on both sides
        put(importing, "late")  # an item that this process has not heard of
        importing.events.append([event("3", Action.SAVE, "late", 3_000)])

        effects.commit()

        assert lake.online.recent("p").numbers.tolist() == [3, 1, 0]
        assert effects.replay() == 0
        importing.events.append([event("4", Action.SAVE, "c", 4_000)])
        effects.commit()
        assert lake.online.recent("p").numbers.tolist() == [2, 3, 1, 0]


def test_own_events_are_not_taken_for_those_of_others(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.SAVE, "a"), event("1", Action.SAVE, "a")])
    effects.record([event("1", Action.SAVE, "a"), event("2", Action.SAVE, "b")])

    assert not lake.events.others_stored()


def test_events_of_others_are_not_lost_where_applying_fails(
    effects: Effects, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(lake.path) as importing:
        importing.events.append([event("1", Action.SAVE, "a", 1_000)])
    with monkeypatch.context() as broken:
        broken.setattr(lake.online, "push", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            effects.commit()

    effects.commit()

    assert lake.online.recent("p").numbers.tolist() == [0]


def test_what_was_applied_and_committed_is_not_replayed(effects: Effects) -> None:
    effects.record([event("1", Action.SAVE, "a")])

    effects.commit()

    assert effects.replay() == 0


def test_actions_keep_their_codes(effects: Effects, lake: Lake) -> None:
    effects.record([event("1", Action.LONG_CLICK)])

    assert np.array_equal(lake.online.recent("p").actions, [ACTION_CODES[Action.LONG_CLICK]])
