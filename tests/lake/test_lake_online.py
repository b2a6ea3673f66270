import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.online import OnlineStore
from bowerbird.lake.replay import replay_into
from bowerbird.lake.types import Event, ItemFields

SAVE, HIDE, UNHIDE, SEEN = (
    ACTION_CODES[action] for action in (Action.SAVE, Action.HIDE, Action.UNHIDE, Action.IMPRESSION)
)


@pytest.fixture
def online(tmp_path: Path) -> Iterator[OnlineStore]:
    store = OnlineStore(
        tmp_path / "online.sqlite", LakeConfig(keep_actions=10, keep_seen=10, cached_people=2)
    )
    yield store
    store.close()


def test_mark_only_grows_and_goes_with_what_it_is_true_of(online: OnlineStore) -> None:
    assert online.mark("applied") == 0
    online.set_mark("applied", 7)
    online.set_mark("applied", 3)
    assert online.mark("applied") == 7

    online.clear()

    assert online.mark("applied") == 0


def test_actions_come_back_newest_first_even_when_they_came_late(online: OnlineStore) -> None:
    online.push("p", [1], [SAVE], 100)
    assert online.recent("p").numbers.tolist() == [1]
    online.push("p", [3], [SAVE], 300)
    online.push("p", [2], [HIDE], 200)

    recent = online.recent("p")

    assert recent.numbers.tolist() == [3, 2, 1]
    assert recent.actions.tolist() == [SAVE, HIDE, SAVE]
    assert recent.at_ms.tolist() == [300, 200, 100]
    assert recent.actions.dtype == np.int8
    assert len(online.recent("p", n=2)) == 2


def test_person_unknown_has_empty_state(online: OnlineStore) -> None:
    assert len(online.recent("p")) == 0
    assert online.seen("p").tolist() == []
    assert online.hidden("p").tolist() == []
    assert online.version("p") == 0


def test_push_twice_of_the_same_action_counts_once(online: OnlineStore) -> None:
    online.push("p", [1, 2], [SAVE, SAVE], 100)
    online.recent("p")

    online.push("p", [1], [SAVE], 100)

    assert online.recent("p").numbers.tolist() == [2, 1]


def test_history_is_bounded_to_the_newest(online: OnlineStore) -> None:
    for number in range(50):
        online.push("p", [number], [SAVE], number)
        online.mark_seen("p", [number], number)

    assert online.recent("p").numbers.tolist() == list(range(49, 39, -1))
    assert 10 <= len(online.seen("p")) <= 12
    assert set(online.seen("p").tolist()) >= set(range(40, 50))


def test_many_items_seen_at_one_moment_are_all_remembered(online: OnlineStore) -> None:
    online.mark_seen("p", [99], 1)
    online.mark_seen("p", range(30), 2)
    online.mark_seen("p", range(30, 33), 2)

    assert online.seen("p").tolist() == list(range(33))


def test_impressions_mark_as_seen_and_are_no_actions(online: OnlineStore) -> None:
    online.push("p", [1, 2], [SEEN, SAVE], 100)
    online.mark_seen("p", np.array([5, -1]), 101)

    assert online.seen("p").tolist() == [1, 5]
    assert online.recent("p").numbers.tolist() == [2]


def test_hides_and_unhides_follow_time_not_arrival(online: OnlineStore) -> None:
    online.push("p", [1, 2], [HIDE, HIDE], 100)
    online.push("p", [1], [UNHIDE], 200)
    online.push("p", [1], [HIDE], 150)

    assert online.hidden("p").tolist() == [2]
    online.push("p", [1], [HIDE], 300)
    assert online.hidden("p").tolist() == [1, 2]


def test_version_grows_with_each_push_of_that_person_only(online: OnlineStore) -> None:
    first = online.push("p", [1], [SAVE], 100)
    online.push("q", [1], [SAVE], 100)

    assert online.push("p", [1], [SAVE], 101) > first
    assert online.version("p") == first + 1
    assert online.version("q") == 1


def test_forgotten_person_leaves_nothing(online: OnlineStore, tmp_path: Path) -> None:
    online.push("p", [1, 2, 3], [SAVE, HIDE, SEEN], 100)

    online.forget("p")

    assert (len(online.recent("p")), online.seen("p").size, online.hidden("p").size) == (0, 0, 0)
    assert online.version("p") == 0


def test_push_of_another_process_is_seen_although_cached(online: OnlineStore, tmp_path: Path) -> None:
    online.push("p", [1], [SAVE], 100)
    online.recent("p")
    code = (
        "import sys; from pathlib import Path; from bowerbird.lake.online import OnlineStore; "
        "OnlineStore(Path(sys.argv[1])).push('p', [2], [5], 200)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "online.sqlite")], check=True)

    assert online.recent("p").numbers.tolist() == [2, 1]


def test_what_is_handed_out_cannot_be_changed_by_the_receiver(online: OnlineStore) -> None:
    online.push("p", [1], [SAVE], 100)

    with pytest.raises(ValueError, match="read-only"):
        online.recent("p").numbers[0] = 9


pushes = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", "r"]),
        st.lists(st.tuples(st.integers(0, 6), st.sampled_from([SAVE, HIDE, UNHIDE, SEEN])), max_size=4),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(pushes)
def test_cached_state_is_always_what_is_stored(
    tmp_path_factory: pytest.TempPathFactory, pushed: list[tuple[str, list[tuple[int, int]], int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("online") / "online.sqlite"
    config = LakeConfig(keep_actions=10, keep_seen=10, cached_people=2)
    cached = OnlineStore(path, config)
    for person, pairs, at_ms, is_read in pushed:
        cached.push(person, [number for number, _ in pairs], [action for _, action in pairs], at_ms)
        if is_read:
            cached.recent(person)

    fresh = OnlineStore(path, config)
    for person in "pqr":
        for kind in ("numbers", "actions", "at_ms"):
            left, right = getattr(cached.recent(person), kind), getattr(fresh.recent(person), kind)
            assert left.tolist() == right.tolist()
        assert cached.seen(person).tolist() == fresh.seen(person).tolist()
        assert cached.hidden(person).tolist() == fresh.hidden(person).tolist()
        assert cached.version(person) == fresh.version(person)
    cached.close()
    fresh.close()


WRITER = """
import sys
from pathlib import Path
from bowerbird.lake.online import OnlineStore
store = OnlineStore(Path(sys.argv[1]))
for n in range(1_000_000):
    store.push("p", [n], [5], n)
    print(n, flush=True)
"""


def test_push_acknowledged_before_kill_nine_is_there(tmp_path: Path) -> None:
    path = tmp_path / "online.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    store = OnlineStore(path)
    newest = store.recent("p", n=1).numbers.tolist()
    store.close()
    assert newest[0] >= acknowledged[-1]


def test_store_rebuilt_from_the_log_is_the_store_that_was_pushed(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id=f"i{n}")) for n in range(20)])
        catalogue = Catalogue.open(lake)
        rng = np.random.default_rng(7)
        actions = list(Action)
        events = [
            Event(
                event_id=f"e{n}",
                action=actions[rng.integers(len(actions))],
                at_ms=int(rng.integers(1_000)),
                person_id=f"p{rng.integers(3)}",
                item_id=f"i{rng.integers(25)}",
                consent=bool(rng.random() < 0.9),
            )
            for n in range(400)
        ]
        lake.events.append(events)
        for event in events:
            number = catalogue.numbers_of([event.item_id])
            if event.consent and number[0] >= 0:
                lake.online.push(event.person_id, number, [ACTION_CODES[event.action]], event.at_ms)
        before = {
            p: (lake.online.recent(p, 500), lake.online.seen(p), lake.online.hidden(p)) for p in ("p0", "p1")
        }
        lake.online.push("ghost", [1], [SAVE], 5)

        assert replay_into(lake.online, lake.events, catalogue) > 200

        for person, (recent, seen, hidden) in before.items():
            again = lake.online.recent(person, 500)
            assert again.numbers.tolist() == recent.numbers.tolist()
            assert again.actions.tolist() == recent.actions.tolist()
            assert lake.online.seen(person).tolist() == seen.tolist()
            assert lake.online.hidden(person).tolist() == hidden.tolist()
        assert len(lake.online.recent("ghost")) == 0
