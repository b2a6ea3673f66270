"""kill −9 at any moment: what was acknowledged is there once, and everything fits together."""

import random
import time
from pathlib import Path

import pytest
from crash_checks import check
from crash_rounds import Known, first_seed, rounds, start

from bowerbird.lake.lake import Lake

pytestmark = pytest.mark.slow

# Who is at work, who of them is killed, and how many kills there are in CI.
CASES = {
    "writer": (("write_items",), "write_items", 6),
    "writer at a call": (("write_items",), "write_items at a call", 6),
    "writer beside another and maintenance": (("write_items", "write_items", "maintain"), "write_items", 4),
    "maintenance beside a writer": (("maintain", "write_items"), "maintain", 4),
    "maintenance at a call": (("maintain", "write_items"), "maintain at a call", 4),
    "writers of the same items": (("write_shared", "write_shared"), "write_shared", 3),
    "event log": (("append_events", "append_events"), "append_events", 4),
    "records": (("keep_records", "keep_records"), "keep_records", 4),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_acknowledged_before_a_kill_is_there_once(tmp_path: Path, case: str) -> None:
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    works, victim, usual = CASES[case]
    rng = random.Random(seed)
    path, known = tmp_path / "lake", Known()
    Lake.open(path, create=True).close()
    for turn in range(rounds(usual)):
        kill_one(path, works, victim, rng, known, turn)
        with Lake.open(path) as lake:
            check(lake, known)
    assert known.acknowledged > 0


def kill_one(
    path: Path, works: tuple[str, ...], victim: str, rng: random.Random, known: Known, turn: int
) -> None:
    """One round: all begin, the first is killed, the others go on for a moment and are killed too."""
    die_at = rng.randint(1, 150) if victim.endswith("at a call") else 0
    workers = [
        start(work, path, rng.getrandbits(31), f"p{place}", die_at=0 if place else die_at)
        for place, work in enumerate(works)
    ]
    for worker in workers:
        worker.hear_first()
    if turn % 2:
        workers[0].hear_done()
    until = time.monotonic() + (5.0 if die_at else rng.uniform(0.0, 0.4))
    while workers[0].hear(0.01) and time.monotonic() < until:
        for worker in workers[1:]:
            worker.hear(0.001)
    for worker in workers:
        worker.kill()
        for other in workers[1:]:
            if other.process.is_alive():
                other.hear(0.05)
    for worker in workers:
        known.learn(worker)
