import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.core.actions import Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import LakeError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.events import EventLog
from bowerbird.lake.types import AppendResult, Event


def event(event_id: str, action: Action = Action.SAVE, person_id: str = "p1", **facts: object) -> Event:
    return Event.model_validate(
        {"event_id": event_id, "action": action, "person_id": person_id, "at_ms": 5, **facts}
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    opened = EventLog(tmp_path / "events.sqlite", clock=HeldClock(at_ms=77))
    yield opened
    opened.close()


@pytest.mark.parametrize("action", list(Action))
def test_every_action_comes_back_as_it_went_in(log: EventLog, action: Action) -> None:
    given = event(
        "e1",
        action,
        received_ms=9,
        session_id="s",
        request_id="r",
        surface="feed",
        item_id="item",
        query="red chair",
        board_id="b",
        position=3,
        dwell_ms=1_200,
        client="web",
        consent=False,
        facts={"colour": "red", "n": 3},
    )

    log.append([given])

    assert log.read("any", 10) == [(1, given)]


def test_append_stamps_the_time_of_receipt(log: EventLog) -> None:
    log.append([event("e1"), event("e2", received_ms=3)])

    assert [stored.received_ms for _, stored in log.read("g", 5)] == [77, 3]


def test_event_appended_again_or_twice_in_a_batch_is_stored_once(log: EventLog) -> None:
    first = log.append([event("e1"), event("e1"), event("e2")])
    second = log.append([event("e2"), event("e3")])

    assert (first.accepted, first.duplicates) == (2, 1)
    assert (second.accepted, second.duplicates) == (1, 1)
    assert second.last_offset > first.last_offset
    assert log.append([]) == AppendResult(0, 0, second.last_offset)
    assert log.count() == 3


def test_first_of_two_events_with_one_id_counts(log: EventLog) -> None:
    log.append([event("e1", Action.SAVE), event("e1", Action.HIDE)])

    assert [stored.action for _, stored in log.read("g", 5)] == [Action.SAVE]


def test_groups_read_on_from_what_they_committed(log: EventLog) -> None:
    log.append([event(f"e{n}") for n in range(5)])

    first = log.read("taste", 2)
    assert log.read("taste", 2) == first
    log.commit("taste", first[-1][0])
    log.commit("taste", 1)

    assert [stored.event_id for _, stored in log.read("taste", 9)] == ["e2", "e3", "e4"]
    assert len(log.read("other", 9)) == 5
    assert log.committed("taste") == 2
    assert log.committed("nobody") == 0


def test_replay_gives_every_event_once_in_order(log: EventLog) -> None:
    log.append([event(f"e{n}") for n in range(25)])

    replayed = list(log.replay(batch=7))

    assert [offset for offset, _ in replayed] == list(range(1, 26))
    assert [stored.event_id for _, stored in log.replay(after=20)] == [f"e{n}" for n in range(20, 25)]


def test_appends_from_many_threads_are_all_stored_in_few_commits(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.sqlite", LakeConfig(group_commit_ms=20))
    results: list[AppendResult] = []

    def append_ten(thread: int) -> None:
        results.extend(log.append([event(f"{thread}-{n}")]) for n in range(10))

    threads = [threading.Thread(target=append_ten, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert log.count() == 200
    assert sum(result.accepted for result in results) == 200
    assert log.group_commits() < 100
    log.close()


def test_append_soon_does_not_wait_and_close_makes_it_durable(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.sqlite", LakeConfig(group_commit_ms=200))
    promised = log.append_soon([event("e1")])
    assert not promised.done()

    log.close()

    assert promised.result(timeout=1).accepted == 1
    with pytest.raises(LakeError, match="closed"):
        log.append([event("e2")])
    log.close()


def test_log_of_another_process_is_seen(log: EventLog, tmp_path: Path) -> None:
    other = EventLog(tmp_path / "events.sqlite")
    other.append([event("e1")])
    other.close()

    assert log.append([event("e1")]).duplicates == 1
    assert log.count() == 1


def test_events_of_a_forgotten_person_are_gone_and_offsets_are_not_given_again(log: EventLog) -> None:
    log.append([event("e1"), event("e2", person_id="p2"), event("e3")])

    assert log.forget("p1") == 2

    assert [stored.person_id for _, stored in log.replay()] == ["p2"]
    assert log.append([event("e4")]).last_offset == 4


def test_append_that_the_disk_refuses_raises_and_the_log_goes_on(log: EventLog, tmp_path: Path) -> None:
    breaker = sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None)
    breaker.execute("ALTER TABLE event RENAME TO elsewhere")

    with pytest.raises(LakeError, match="not stored"):
        log.append([event("e1")])

    breaker.execute("ALTER TABLE elsewhere RENAME TO event")
    breaker.close()
    assert log.append([event("e1")]).accepted == 1


def test_append_is_synced_before_it_is_acknowledged(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace to see the syncs of SQLite")
    words = ["strace", "-f", "-e", "trace=fsync,fdatasync,write", "-o", str(tmp_path / "trace")]
    code = WRITER.replace("1_000_000", "3")
    subprocess.run([*words, sys.executable, "-c", code, str(tmp_path / "e.sqlite")], check=True)

    trace = (tmp_path / "trace").read_text()
    assert len(re.findall(r"f(data)?sync\(", trace)) >= 3


WRITER = """
import sys
from pathlib import Path
from bowerbird.lake.events import EventLog
from bowerbird.lake.types import Event
log = EventLog(Path(sys.argv[1]))
for n in range(1_000_000):
    events = [Event(event_id=f"{n}-{k}", action="save", at_ms=1, person_id="p") for k in range(5)]
    log.append(events)
    print(n, flush=True)
"""


def test_events_acknowledged_before_kill_nine_are_there_once(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    words = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(30)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    log = EventLog(path)
    found = [stored.event_id for _, stored in log.replay()]
    log.close()
    assert len(found) == len(set(found))
    assert {f"{n}-{k}" for n in acknowledged for k in range(5)} <= set(found)
    assert len(found) % 5 == 0  # a batch is stored whole or not at all
