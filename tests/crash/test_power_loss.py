"""A power cut at any moment: what was not synced is lost or half there, what was acknowledged is there."""

import random
import shutil
import time
from pathlib import Path

import pytest
from crash_checks import check
from crash_rounds import Known, first_seed, ready_to_fork, rounds, start
from power_loss import after_power_loss

from bowerbird.lake import healing, journal
from bowerbird.lake.lake import Lake

pytestmark = pytest.mark.slow

LUCK = (0.0, 0.3, 0.7, 0.95)
CASES = {
    "writer": (("write_items",), 5),
    "writer beside another and maintenance": (("write_items", "write_items", "maintain"), 3),
    "event log": (("append_events",), 2),
    "records": (("keep_records",), 2),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_acknowledged_before_a_power_cut_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    if not ready_to_fork():
        pytest.skip("needs a C compiler to note what is synced")
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    works, usual = CASES[case]
    rng = random.Random(seed)
    path, known = tmp_path / "0" / "lake", Known()
    Lake.open(path, create=True).close()
    for turn in range(rounds(usual)):
        shadow = tmp_path / f"shadow-{turn}"
        shadow.mkdir()
        cut_power(path, shadow, works, rng, known)
        found = tmp_path / str(turn + 1) / "lake"
        after_power_loss(path, shadow, found, rng, luck=rng.choice(LUCK))
        for module in (journal, healing):
            monkeypatch.setattr(module, "boot_id", lambda turn=turn: f"start {turn}")
        with Lake.open(found) as lake:
            check(lake, known)
        for old in (path.parent, shadow):
            shutil.rmtree(old)
        path = found
    assert known.acknowledged > 0


def cut_power(path: Path, shadow: Path, works: tuple[str, ...], rng: random.Random, known: Known) -> None:
    """All are at work, and end at one moment."""
    die_at = rng.randint(1, 120) if rng.random() < 0.5 else 0
    workers = []
    for place, work in enumerate(works):
        seed = rng.getrandbits(31)
        at_call = 0 if place else die_at
        workers.append(start(work, path, seed, f"p{place}", shadow=str(shadow), die_at=at_call))
        workers[-1].hear_first()  # before it begins, the first puts what is there on the disk
    until = time.monotonic() + (5.0 if die_at else rng.uniform(0.0, 0.5))
    while workers[0].hear(0.01) and time.monotonic() < until:
        for worker in workers[1:]:
            worker.hear(0.001)
    for worker in workers:
        worker.stop_now()
    for worker in workers:
        worker.kill()
        known.learn(worker)
