"""The request log: nothing acknowledged is lost, nobody forgotten is left, what went in comes out."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from canaries import Canaries
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import LakeError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.copying.copying import copy_lake
from bowerbird.lake.forgetting.prefixed import forget_people_with
from bowerbird.lake.forgetting.purging import purge
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.request_log import RequestLog, RequestRecord
from bowerbird.lake.request_log.columns import records_of, table_of
from bowerbird.lake.request_log.days import MS_PER_DAY
from bowerbird.lake.request_log.packing import packed, unpacked
from bowerbird.lake.request_log.sampling import sampled
from bowerbird.lake.request_log.types import hash_of
from bowerbird.lake.types import ItemFields

FEATURES = ("closeness", "seen")


def record(
    n: int, person: str = "ann", *, at_ms: int | None = None, count: int = 8, shown: int = 3
) -> RequestRecord:
    rng = np.random.default_rng(n)
    positions = np.full(count, -1, dtype=np.int16)
    positions[rng.permutation(count)[:shown]] = np.arange(min(shown, count))
    return RequestRecord(
        f"req_{n}", person, n if at_ms is None else at_ms, "feed", "linear-1",
        rng.permutation(1_000)[:count].astype(np.int64), positions,
        sources=rng.integers(0, 2, count).astype(np.int8), source_names=("interests", "fresh"),
        scores=rng.random(count, dtype=np.float32), values=rng.random(count, dtype=np.float32),
        propensities=(positions >= 0).astype(np.float32),
        reasons=np.where(positions >= 0, 1, -1).astype(np.int8), reason_names=("saved", "fresh"),
        features=rng.random((count, 2), dtype=np.float32), feature_names=FEATURES, feature_set="linear-1",
        models={"ranker": "linear-1"}, seed=n, about=-1,
    )  # fmt: skip


def same(one: RequestRecord, other: RequestRecord) -> bool:
    names = [field.name for field in fields(RequestRecord)]
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock()) as opened:
        yield opened


def put(log: RequestLog, *records: RequestRecord) -> None:
    for each in records:
        assert log(each)
    log.flush()


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(0, 12), st.integers(0, 20))
def test_sample_keeps_all_that_was_shown_and_says_how_likely_the_rest_was(
    n: int, count: int, shown: int, keep: int
) -> None:
    whole = record(n, count=count, shown=min(shown, count))
    kept = sampled(whole, keep)

    assert set(whole.numbers[whole.positions >= 0]) == set(kept.numbers[kept.positions >= 0])
    assert kept.positions[: len(whole.shown)].tolist() == list(range(len(whole.shown)))
    unshown = count - len(whole.shown)
    assert len(kept.numbers) - len(whole.shown) == min(keep, unshown)
    # Each kept row stands for 1 / logged_with rows: together for all that there were.
    assert np.sum(1.0 / kept.logged_with) == pytest.approx(count if keep or not unshown else len(whole.shown))
    assert kept.candidates == count
    by_number = {int(number): row for row, number in enumerate(whole.numbers)}
    rows = [by_number[int(number)] for number in kept.numbers]
    assert (kept.features == whole.features[rows]).all()
    assert same(kept, sampled(whole, keep))  # the draw follows from the id


@given(
    arrays(np.float32, st.tuples(st.integers(0, 9), st.just(3)), elements=st.floats(width=32)),
    st.text(max_size=20),
    st.integers(0, 2**60),
)
def test_record_comes_back_from_bytes_and_from_a_table_as_it_was(
    features: np.ndarray, word: str, at_ms: int
) -> None:
    count = len(features)
    numbers = np.arange(count, dtype=np.int64) + at_ms
    made = RequestRecord(
        word, word, at_ms, word, word, numbers, np.arange(count, dtype=np.int16), features=features,
        feature_names=("a", "b", "c"), models={word: word}, heads=features[:, :1], head_names=("save",),
    )  # fmt: skip
    (in_table,) = records_of(table_of([made]))
    for back in (unpacked(word, word, at_ms, packed(made)), in_table):
        assert back.models == made.models
        assert back.numbers.tolist() == numbers.tolist()
        if count:
            assert back.features.tobytes() == features.tobytes() or np.array_equal(
                back.features, features, equal_nan=True
            )
            assert back.heads.shape == (count, 1)
        assert (back.surface, back.at_ms, back.feature_names) == (word, at_ms, ("a", "b", "c"))


def test_damaged_record_is_said_and_left_out(lake: Lake) -> None:
    with pytest.raises(LakeError, match="cannot be read"):
        unpacked("r", "p", 1, packed(record(1))[:-3])
    put(lake.requests, record(1), record(2))
    lake.requests._spool.replace([(b"nonsense", 1)])

    assert [each.request_id for each in lake.requests.records()] == ["req_2"]


def test_moved_records_are_the_same_and_are_met_once(lake: Lake) -> None:
    made = [record(n, f"person {n % 7}", at_ms=n * MS_PER_DAY // 40) for n in range(100)]
    put(lake.requests, *made)
    before = {each.request_id: each for each in lake.requests.records()}

    assert lake.requests.move() == 100
    put(lake.requests, record(500, at_ms=5))

    after = {each.request_id: each for each in lake.requests.records()}
    assert after.pop("req_500").at_ms == 5
    assert before.keys() == after.keys()
    assert all(same(before[id_], after[id_]) for id_ in before)
    assert lake.requests.count() == 101
    within = {
        each.request_id
        for each in lake.requests.records(since_ms=MS_PER_DAY, until_ms=MS_PER_DAY + 9_000_000)
    }
    assert within == {each.request_id for each in made if MS_PER_DAY <= each.at_ms < MS_PER_DAY + 9_000_000}


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_move_that_was_killed_between_files_and_spool_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]]
) -> None:
    log = RequestLog(tmp_path_factory.mktemp("killed"), LakeConfig(request_group_ms=0), HeldClock())
    expected = []

    def add(day: int) -> None:
        put(log, record(len(expected), at_ms=day * MS_PER_DAY + len(expected)))
        expected.append(f"req_{len(expected)}")

    for day, is_moved in steps:
        add(day)
        if is_moved:
            log.move()
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(log._spool, "remove", lambda offsets: None)
        log._move(log._spool.rows())  # written, and killed before the spool let go
    for day, _ in steps[:2]:
        add(day)

    assert sorted(each.request_id for each in log.records()) == sorted(expected)
    assert log.count() == len(expected)
    log.move()
    assert sorted(each.request_id for each in log.records()) == sorted(expected)
    assert log._spool.count() == 0
    log.close()


def test_full_queue_drops_and_counts_and_never_waits(tmp_path: Path) -> None:
    is_held = threading.Event()
    log = RequestLog(tmp_path, LakeConfig(request_queue=3, request_group_records=2), HeldClock())
    log.allow(lambda _: is_held.wait(20))
    taken = sum(log(record(n)) for n in range(50))
    is_held.set()
    log.close()

    assert 3 <= taken <= 5
    assert (log.counted.stored, log.counted.dropped) == (taken, 50 - taken)
    assert not log(record(99))  # closed


def test_people_who_do_not_consent_leave_nothing(lake: Lake) -> None:
    lake.requests.allow(lambda person: person != "ann")
    put(lake.requests, record(1, "ann"), record(2, "bob"))

    assert [each.person_id for each in lake.requests.records()] == ["bob"]
    assert lake.requests.counted.refused == 1


@pytest.mark.parametrize("is_moved", [False, True])
def test_forgotten_person_and_item_are_in_no_byte(lake: Lake, is_moved: bool) -> None:
    canaries = Canaries()
    person = canaries.text("person")
    put_items(lake, [StoredItem(ItemFields(id=f"item {n}"), ()) for n in range(4)])
    (number,) = lake.records.numbers.find(["item 2"])
    theirs = replace(record(1, person), request_id=canaries.text("request"))
    others = [replace(record(n, "bob"), numbers=np.arange(8) + n - 2) for n in (2, 3, 5)]
    put(lake.requests, theirs, *others)
    if is_moved:
        lake.requests.move()
    assert canaries.found(lake.path)

    report = forget(lake, "person", [person])
    forget(lake, "item", ["item 2"])
    purge(lake, [], keeps_versions=False)

    assert report.removed["requests"] == 1
    assert canaries.found(lake.path) == canaries.read(lake.path) == {}
    left = {each.request_id: each for each in lake.requests.records()}
    assert left.keys() == {"req_2", "req_3", "req_5"}
    assert all(number not in each.numbers for each in left.values())
    assert len(left["req_2"].numbers) == 7
    assert len(left["req_5"].numbers) == 8
    before = sampled(others[0], 50)
    assert all(each.features_hash == hash_of(each.features) for each in left.values())
    assert (left["req_2"].features == before.features[before.numbers != number]).all()


def test_late_record_of_a_forgotten_person_goes_with_the_next_purge(lake: Lake) -> None:
    put(lake.requests, record(1, "ann"))
    forget(lake, "person", ["ann"])
    put(lake.requests, record(2, "ann"))  # another server had it in its queue

    purge(lake, [])

    assert lake.requests.count() == 0


def test_made_up_people_leave_by_their_prefix(lake: Lake) -> None:
    put(lake.requests, record(1, "world_1"), record(2, "ann"))
    lake.requests.move()
    put(lake.requests, record(3, "world_2"))

    forget_people_with(lake, "world_")

    assert [each.person_id for each in lake.requests.records()] == ["ann"]


def test_days_beyond_the_time_to_keep_are_gone(tmp_path: Path) -> None:
    clock = HeldClock()
    now_ms = clock.now_ms()
    config = LakeConfig(keep_requests_days=2)
    with Lake.open(tmp_path / "lake", create=True, config=config, clock=clock) as lake:
        put(lake.requests, *(record(n, at_ms=now_ms - n * MS_PER_DAY) for n in range(6)))
        lake.maintain()
        assert sorted(each.request_id for each in lake.requests.records()) == ["req_0", "req_1", "req_2"]


def test_copy_of_a_lake_has_its_request_log(lake: Lake, tmp_path: Path) -> None:
    put(lake.requests, record(1))
    lake.requests.move()
    put(lake.requests, record(2))

    copy_lake(lake, tmp_path / "copy", lambda _: None)

    with Lake.open(tmp_path / "copy") as copied:
        assert sorted(each.request_id for each in copied.requests.records()) == ["req_1", "req_2"]


CHILD = """
import sys
sys.path[:0] = sys.argv[2:]
from test_request_log import record
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.lake import Lake
lake = Lake.open(sys.argv[1], config=LakeConfig(move_requests=40))
for n in range(100_000):
    lake.requests(record(n, at_ms=n))
    if n % 10 == 9:
        lake.requests.flush()
        print(n, flush=True)
        lake.requests.move(is_all=False)
"""


@pytest.mark.timeout(60)
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    Lake.open(tmp_path / "lake", create=True, clock=HeldClock()).close()
    words = [
        sys.executable,
        "-c",
        CHILD,
        str(tmp_path / "lake"),
        str(Path(__file__).parent),
        str(Path(__file__).parents[1]),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(17)]
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().split()]

    with Lake.open(tmp_path / "lake") as lake:
        found = [each.request_id for each in lake.requests.records()]
    assert len(found) == len(set(found))
    assert {f"req_{n}" for n in range(told[-1] + 1)} <= set(found)
