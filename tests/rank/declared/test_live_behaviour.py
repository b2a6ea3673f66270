"""The live state of behaviour: it follows the log, outlives a kill, and lets go of who was forgotten."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import BEHAVIOUR, Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.rank.declared import NAMES, NEVER, VERSION, LiveBehaviour, Owner, parity

NOW_MS = 1_700_000_000_000


def put(lake: Lake, *ids: str, category: str = "vases", owner: str = "kiln") -> None:
    items = [ItemFields(id=id_, title=id_, category=(category,), owner=owner, created_ms=1) for id_ in ids]
    put_items(lake, [StoredItem(item) for item in items])


def event(event_id: str, action: Action = Action.SAVE, item_id: str = "a", **more: object) -> Event:
    given = {"event_id": event_id, "action": action, "item_id": item_id, "at_ms": NOW_MS, "person_id": "p"}
    return Event.model_validate({**given, "received_ms": NOW_MS, **more})


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock(NOW_MS)) as lake:
        put(lake, "a", "b", "c")
        yield lake


@pytest.fixture
def live(lake: Lake) -> LiveBehaviour:
    return LiveBehaviour(lake, Catalogue.open(lake))


def read(live: LiveBehaviour, name: str, *, person: str = "p", item: int = 0) -> float:
    live.follow()
    return float(live.read(person, np.array([item]), NOW_MS + 1)[0, NAMES.index(name)])


def test_event_counts_for_the_person_the_item_and_what_the_item_is_of(
    lake: Lake, live: LiveBehaviour
) -> None:
    lake.events.append([event("1")])

    assert read(live, "person_saved_30d") == pytest.approx(1)
    assert read(live, "item_saved_30d", person="somebody else") == pytest.approx(1)
    assert read(live, "item_saved_30d", item=1) == 0
    assert read(live, "person_category_liked_30d", item=1) == pytest.approx(1)  # also a vase
    assert read(live, "person_owner_liked_30d", item=1, person="somebody else") == 0
    assert read(live, "person_item_acted_seconds_ago", item=1) == NEVER


def test_event_sent_again_or_without_consent_counts_no_more(lake: Lake, live: LiveBehaviour) -> None:
    lake.events.append([event("1"), event("1"), event("2", consent=False)])
    live.follow()
    lake.events.append([event("1"), event("3")])

    assert live.follow() == 1
    assert read(live, "person_saved_30d") == pytest.approx(2)


def test_state_goes_on_from_its_file_and_without_one_from_the_log(lake: Lake, live: LiveBehaviour) -> None:
    lake.events.append([event("1"), event("2", Action.IMPRESSION, "b", at_ms=NOW_MS - 60_000)])
    live.follow()
    live.save()
    lake.events.append([event("3", item_id="c")])  # and then the process is killed
    every = np.array([0, 1, 2, -1])
    live.follow()
    there = live.read("p", every, NOW_MS + 1)

    again = LiveBehaviour(lake, Catalogue.open(lake))
    assert again.follow() == 1
    np.testing.assert_allclose(again.read("p", every, NOW_MS + 1), there, rtol=1e-12)

    (lake.path / BEHAVIOUR).write_bytes(b"damaged")
    anew = LiveBehaviour(lake, Catalogue.open(lake))
    assert anew.follow() == 3
    np.testing.assert_allclose(anew.read("p", every, NOW_MS + 1), there, rtol=1e-12)


def test_nothing_of_a_forgotten_person_is_left_not_in_counts_of_items_either(
    lake: Lake, live: LiveBehaviour
) -> None:
    lake.events.append([event("1"), event("2", person_id="q")])
    live.follow()
    live.save()

    forget(lake, "person", ["p"])

    assert not (lake.path / BEHAVIOUR).exists()
    assert read(live, "person_saved_30d") == 0
    assert read(live, "item_saved_30d", person="q") == pytest.approx(1)
    live.save()
    assert b'"p"' not in (lake.path / BEHAVIOUR).read_bytes()


def test_person_is_nobody_at_once_when_forgotten_beside_the_log(lake: Lake, live: LiveBehaviour) -> None:
    lake.events.append([event("1")])
    live.follow()

    live.forget("p")

    assert live.read("p", np.array([0]), NOW_MS + 1)[0, NAMES.index("person_saved_30d")] == 0


def test_forgotten_item_leaves_no_count(lake: Lake, live: LiveBehaviour) -> None:
    lake.events.append([event("1"), event("2", item_id="b")])
    live.follow()

    forget(lake, "item", ["a"])

    assert read(live, "person_saved_30d") == pytest.approx(1)
    assert read(live, "item_saved_30d", item=0) == 0


def test_item_that_went_over_to_another_category_takes_its_counts_along(
    lake: Lake, live: LiveBehaviour
) -> None:
    lake.events.append([event("1", item_id="a")])
    assert read(live, "person_category_liked_30d", item=1) == pytest.approx(1)

    put(lake, "a", category="lamps")
    live._catalogue.refresh()

    assert read(live, "person_category_liked_30d", item=1) == 0
    assert read(live, "person_category_liked_30d", item=0) == pytest.approx(1)


def test_event_that_came_before_its_item_counts_for_it_once_the_item_is_there(
    lake: Lake, live: LiveBehaviour
) -> None:
    lake.events.append([event("1", item_id="new")])
    assert read(live, "person_saved_30d") == pytest.approx(1)
    live.save()

    put(lake, "new")
    again = LiveBehaviour(lake, Catalogue.open(lake))

    assert read(again, "item_saved_30d", item=3) == pytest.approx(1)
    assert read(again, "person_saved_30d") == pytest.approx(1)


def test_clock_that_runs_ahead_is_believed_only_until_the_event_arrived(
    lake: Lake, live: LiveBehaviour
) -> None:
    lake.events.append([event("1", at_ms=NOW_MS + 10**9)])

    assert read(live, "person_saved_seconds_ago") == pytest.approx(0.001)


def test_parity_holds_over_late_events_and_names_the_version(lake: Lake) -> None:
    rng = np.random.default_rng(5)
    actions = [Action.IMPRESSION, Action.SAVE, Action.CLICK, Action.HIDE, Action.SEARCH]
    arrived = NOW_MS - 36 * 3_600_000 + np.sort(rng.integers(0, 36 * 3_600_000, 300))
    lake.events.append(
        [
            event(
                str(n),
                actions[rng.integers(5)],
                ["a", "b", "c", "unknown", ""][rng.integers(5)],
                at_ms=int(at) - int(rng.exponential(3_000_000)),
                received_ms=int(at),
                person_id=f"p{rng.integers(3)}",
            )
            for n, at in enumerate(arrived)
        ]
    )

    report = parity(lake, Catalogue.open(lake), most_rows=200)

    assert report.events == 300
    assert report.rows > 100
    assert report.late > 20
    assert report.differing == ()
    assert VERSION.startswith("behaviour-")


def test_cleared_history_counts_for_its_items_alone_and_can_be_taken_back(lake: Lake) -> None:
    live = LiveBehaviour(lake, Catalogue.open(lake))
    lake.events.append([event("1", at_ms=NOW_MS - 5_000), event("2", at_ms=NOW_MS)])
    assert read(live, "person_saved_30d") == pytest.approx(2)
    live.save()

    lake.records.controls.change("p", history_from_ms=NOW_MS - 1_000)
    again = LiveBehaviour(lake, Catalogue.open(lake))
    lake.events.append([event("3")])

    for each in (live, again):
        assert read(each, "person_saved_30d") == pytest.approx(2)
        assert read(each, "person_item_acted_seconds_ago") == pytest.approx(0.001)
        assert read(each, "item_saved_30d", person="q") == pytest.approx(3)
    assert parity(lake, Catalogue.open(lake)).differing == ()

    lake.clock.advance(by_ms=1)  # type: ignore[attr-defined]
    lake.records.controls.change("p", history_from_ms=0)
    assert read(live, "person_saved_30d") == pytest.approx(3)


KILLED = """
import sys
from pathlib import Path
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event
from bowerbird.rank.declared import LiveBehaviour

lake = Lake.open(Path(sys.argv[1]))
live = LiveBehaviour(lake, Catalogue.open(lake))
for n in range(100_000):
    told = {"event_id": str(n // 2), "action": "save", "item_id": "abc"[n % 3], "person_id": f"p{n % 5}"}
    lake.events.append([Event(**told, at_ms=1_700_000_000_000 + n)])
    live.follow()
    if n % 7 == 0:
        live.save()
    print(n, flush=True)
"""


def test_killed_process_lost_no_event_and_counted_none_twice(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, "a", "b", "c")
    running = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "lake")], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    said = next(each for each in running.stdout if int(each) >= 60)
    running.kill()
    running.wait()
    running.stdout.close()

    with Lake.open(tmp_path / "lake") as lake:
        live = LiveBehaviour(lake, Catalogue.open(lake))
        assert live.offset > 0
        live.follow()
        counted = sum(
            live.read("p0", np.array([item]), NOW_MS + 200_000)[0, NAMES.index("item_saved_30d")]
            for item in range(3)
        )

        assert lake.events.count() >= int(said) // 2 + 1
        assert counted == pytest.approx(lake.events.count(), rel=1e-3)


def test_state_is_checked_against_the_log_and_a_wrong_count_is_found(lake: Lake, live: LiveBehaviour) -> None:
    actions = [Action.IMPRESSION, Action.SAVE, Action.CLICK, Action.HIDE]
    lake.events.append(
        [
            event(
                str(n), actions[n % 4], "abc"[n % 3], person_id=f"p{n % 5}", at_ms=NOW_MS - 600_000 * (n % 17)
            )
            for n in range(80)
        ]
    )
    assert live.check(10) == ()
    live.follow()
    lake.records.controls.change("p1", history_from_ms=NOW_MS - 3_000_000)

    found = live.check(10)

    assert [each.name for each in found if each.differing] == []
    assert found[0].compared >= 5 * 3

    person = live._kept.known.people.find("p2")
    live._kept.stream.counters[Owner.PERSON].add(
        np.array([person]), np.array([ACTION_CODES[Action.HIDE]]), np.array([NOW_MS])
    )
    wrong = {each.name for each in live.check(10) if each.differing}
    assert wrong == {
        "person_refused_1h",
        "person_refused_1d",
        "person_refused_30d",
    }
