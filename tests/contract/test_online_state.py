"""What every online store promises: the embedded file and a shared Valkey, by the same tests."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from valkey_server import running_valkey

from bowerbird.adapters.valkey import open_online
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import ConfigError, StageUnavailableError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.lake import Lake
from bowerbird.lake.online import OnlineStore
from bowerbird.lake.online_state import VARIABLE, OnlineState, announced

SAVE, CLICK, HIDE, UNHIDE, SEEN = (
    ACTION_CODES[action]
    for action in (Action.SAVE, Action.CLICK, Action.HIDE, Action.UNHIDE, Action.IMPRESSION)
)
CONFIG = LakeConfig(keep_actions=10, keep_seen=10, cached_people=2)
lakes = itertools.count()

Open = Callable[[], OnlineState]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture(params=["file", "valkey"])
def fresh(
    request: pytest.FixtureRequest, valkey: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Open]:
    """Gives what opens one new store, as often as one likes: each opening is as if by another process."""

    def new() -> Open:
        if request.param == "file":
            path = tmp_path_factory.mktemp("online") / "online.sqlite"
            return lambda: OnlineStore(path, CONFIG)
        lake_id = f"lake-{next(lakes)}"
        return lambda: open_online(valkey, lake_id, "", CONFIG)

    return new


@pytest.fixture
def open_store(fresh: Callable[[], Open]) -> Open:
    return fresh()


@pytest.fixture
def online(open_store: Open) -> Iterator[OnlineState]:
    store = open_store()
    assert isinstance(store, OnlineState)
    yield store
    store.close()


def told(store: OnlineState, person: str) -> tuple[object, ...]:
    recent = store.recent(person)
    columns = recent.numbers.tolist(), recent.actions.tolist(), recent.at_ms.tolist()
    return columns, store.seen(person).tolist(), store.hidden(person).tolist(), store.count_of(person)


def test_stranger_is_empty(online: OnlineState) -> None:
    assert told(online, "p") == (([], [], []), [], [], 0)
    assert (online.version("p"), online.counts_from("p"), len(online.last_seen("p", 5))) == (0, 0, 0)


def test_actions_come_newest_first_also_when_they_came_late_or_twice(online: OnlineState) -> None:
    online.push("p", [1, -1], [SAVE, SAVE], 100)
    online.push("p", [3], [SAVE], 300)
    assert online.recent("p").numbers.tolist() == [3, 1]
    online.push("p", [2, 3, 7], [CLICK, SAVE, SAVE], np.array([200, 300, 300]))

    recent = online.recent("p")

    assert recent.numbers.tolist() == [7, 3, 2, 1]
    assert recent.actions.tolist() == [SAVE, SAVE, CLICK, SAVE]
    assert recent.at_ms.tolist() == [300, 300, 200, 100]
    assert (recent.numbers.dtype, recent.actions.dtype) == (np.int64, np.int8)
    assert online.recent("p", n=1).numbers.tolist() == [7]
    assert not recent.numbers.flags.writeable


def test_history_is_bounded_and_the_newest_stay(online: OnlineState) -> None:
    for n in range(40):
        online.push("p", [n, 100 + n], [SAVE, SEEN], n)

    assert online.recent("p").numbers.tolist() == list(range(39, 29, -1))
    assert set(range(130, 140)) <= set(online.seen("p").tolist())
    assert online.count_of("p") <= 2 * 12


def test_impressions_are_seen_at_their_newest_and_are_no_actions(online: OnlineState) -> None:
    online.push("p", [5, 4, 6], [SEEN] * 3, 100)
    online.mark_seen("p", [9], 300)
    online.mark_seen("p", [4], 200)
    online.mark_seen("p", [4], 50)

    last = online.last_seen("p", 3)

    assert online.seen("p").tolist() == [4, 5, 6, 9]
    assert (last.numbers.tolist(), last.at_ms.tolist()) == ([9, 4, 5], [300, 200, 100])
    assert len(online.recent("p")) == 0


def test_hides_and_unhides_follow_time_not_arrival(online: OnlineState) -> None:
    online.push("p", [1, 2], [HIDE, HIDE], 100)
    online.push("p", [1], [UNHIDE], 300)
    online.push("p", [1], [HIDE], 200)

    assert online.hidden("p").tolist() == [2]


def test_each_push_is_another_version_of_that_person_alone(online: OnlineState) -> None:
    first = online.push("p", [1], [SAVE], 1)

    assert online.push("p", [1], [SAVE], 1) > first
    assert online.version("p") > first
    assert online.version("q") == 0


def test_history_counts_from_a_moment_and_again_from_an_earlier_one(online: OnlineState) -> None:
    online.push("p", [1, 2, 3], [SAVE] * 3, np.array([100, 200, 300]))

    assert online.count_from("p", 200) == online.version("p")
    assert (online.recent("p").numbers.tolist(), online.counts_from("p")) == ([3], 200)

    online.count_from("p", 0)
    assert online.recent("p").numbers.tolist() == [3, 2, 1]


def test_what_another_process_wrote_or_forgot_is_seen_although_it_was_cached(open_store: Open) -> None:
    ours, others = open_store(), open_store()
    ours.push("p", [1], [SAVE], 1)
    assert ours.recent("p").numbers.tolist() == others.recent("p").numbers.tolist() == [1]

    others.push("p", [2], [SAVE], 2)
    assert ours.recent("p").numbers.tolist() == [2, 1]

    others.forget("p")
    others.push("p", [3], [SAVE], 3)
    assert ours.recent("p").numbers.tolist() == [3]
    ours.close()
    others.close()


def test_forgetting_takes_a_person_a_prefix_an_item_or_one_action(online: OnlineState) -> None:
    for person in ("sim-1", "sim-2", "p", "s*m-3"):
        online.push(person, [1, 2, 3, 4], [SAVE, HIDE, SEEN, CLICK], 100)

    assert online.forget_actions("p", [(100, 4, CLICK), (100, 4, SAVE)]) == 1
    assert online.recent("p").numbers.tolist() == [2, 1]
    assert online.forget_items([2, 3]) == 4 * 3
    assert (online.hidden("p").tolist(), online.seen("p").tolist()) == ([], [])
    assert online.forget_with("sim-") == 2 * (2 + 1)
    assert told(online, "sim-1") == (([], [], []), [], [], 0)
    assert online.recent("s*m-3").numbers.tolist() == [4, 1]
    online.forget("p")
    assert (told(online, "p"), online.version("p")) == ((([], [], []), [], [], 0), 0)


def test_mark_only_grows_and_goes_with_what_it_is_true_of(online: OnlineState) -> None:
    online.set_mark("applied", 7)
    online.set_mark("applied", 3)
    online.push("p", [1], [SAVE], 1)
    assert (online.mark("applied"), online.mark("other")) == (7, 0)

    online.clear()

    assert (online.mark("applied"), online.count_of("p"), len(online.recent("p"))) == (0, 0, 0)


def test_marks_are_of_one_log_and_people_of_the_lake(valkey: str) -> None:
    lake_id = f"lake-{next(lakes)}"
    here, there = (open_online(valkey, lake_id, log_id, CONFIG) for log_id in ("home-1", "home-2"))
    here.push("p", [1], [SAVE], 1)
    here.set_mark("applied", 7)

    assert there.recent("p").numbers.tolist() == [1]
    assert there.mark("applied") == 0

    there.clear()
    assert (here.mark("applied"), here.count_of("p")) == (0, 0)
    here.close()
    there.close()


pushes = st.lists(
    st.tuples(
        st.sampled_from("pq"),
        st.lists(
            st.tuples(st.integers(0, 6), st.sampled_from([SAVE, CLICK, HIDE, UNHIDE, SEEN])), max_size=4
        ),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(pushes)
def test_both_stores_tell_the_same_after_the_same_pushes(
    valkey: str,
    tmp_path_factory: pytest.TempPathFactory,
    pushed: list[tuple[str, list[tuple[int, int]], int, bool]],
) -> None:
    file = OnlineStore(tmp_path_factory.mktemp("online") / "online.sqlite", CONFIG)
    shared = open_online(valkey, f"lake-{next(lakes)}", "", CONFIG)
    for person, pairs, at_ms, is_read in pushed:
        for store in (file, shared):
            store.push(person, [number for number, _ in pairs], [action for _, action in pairs], at_ms)
            if is_read:
                store.recent(person)

    for person in "pq":
        assert told(shared, person) == told(file, person)
        assert shared.version(person) == file.version(person)
        last = [store.last_seen(person, 3) for store in (file, shared)]
        assert last[0].at_ms.tolist() == last[1].at_ms.tolist()
    file.close()
    shared.close()


def test_lake_keeps_its_people_where_the_environment_says(
    valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = tmp_path / "site" / "announcing-1.dist-info"
    paper.mkdir(parents=True)
    (paper / "METADATA").write_text("Metadata-Version: 2.1\nName: announcing\nVersion: 1\n")
    (paper / "entry_points.txt").write_text(
        "[bowerbird.online]\nvalkey = bowerbird.adapters.valkey:open_online\n"
    )
    monkeypatch.syspath_prepend(paper.parent)
    monkeypatch.setenv(VARIABLE, valkey)
    with Lake.open(tmp_path / "lake", create=True) as lake, Lake.open(tmp_path / "lake") as again:
        lake.online.push("p", [1], [SAVE], 1)

        assert again.online.recent("p").numbers.tolist() == [1]
        assert not (tmp_path / "lake" / "online.sqlite").exists()

    with Lake.open(tmp_path / "another", create=True) as other:
        assert len(other.online.recent("p")) == 0


def test_store_that_is_not_to_be_had_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "nobody://127.0.0.1:1/0")
    with pytest.raises(ConfigError, match="needed is nothing, or one of"):
        Lake.open(tmp_path / "lake", create=True)

    with pytest.raises(StageUnavailableError, match="start it, or correct"):
        open_online("valkey://127.0.0.1:1/0", "lake", "", CONFIG)


def test_address_of_an_unknown_store_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "abacus://me:hunter2@store:1/0")

    with pytest.raises(ConfigError) as refused:
        announced("lake", "", LakeConfig())

    assert "abacus://store:1/0" in str(refused.value)
    assert "hunter2" not in str(refused.value)
