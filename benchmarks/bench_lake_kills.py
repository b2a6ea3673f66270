"""How many kills and power cuts does a lake live through, are rows lost or doubled, how long does healing take?

Processes that write, maintain, import and serve are killed at random moments and at random durable calls, and power
cuts are rehearsed: what was not synced is lost or half there. After each, the lake is opened and everything that was
acknowledged is looked for, as the tests in `tests/crash` do it. Recovery is opening the lake after the accident; the
baseline, in the same round, is opening it once more, when nothing is to be healed. Of a server it is the time until it
answers again, beside its first start.

Run: python benchmarks/bench_lake_kills.py [--rounds N] [--seed S] [--out FILE]
"""

import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import record

TESTS = Path(__file__).parents[1] / "tests"
sys.path += [str(TESTS / "crash"), str(TESTS / "serve")]

import test_import_kills as imports  # noqa: E402 - the tests' folder is no package
import test_kills as kills  # noqa: E402
import test_power_loss as power  # noqa: E402
import test_server_kills as servers  # noqa: E402
from crash_checks import check  # noqa: E402
from crash_rounds import Known, ready_to_fork  # noqa: E402
from live_server import build_lake  # noqa: E402
from power_loss import after_power_loss  # noqa: E402
from serve_lake import draw_folder  # noqa: E402

from bowerbird.lake import healing, journal  # noqa: E402
from bowerbird.lake.importing.job import ImportOptions, import_source  # noqa: E402
from bowerbird.lake.lake import Lake  # noqa: E402

_ROUNDS_A_SERVER_ROUND, _ROUNDS_AN_IMPORT_ROUND = 10, 4
_TURNS_A_LAKE = 20


@dataclass
class Tally:
    """What came of many accidents of one kind."""

    tried: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    not_opened: list[str] = field(default_factory=list)
    recovery_ms: list[float] = field(default_factory=list)
    undisturbed_ms: list[float] = field(default_factory=list)

    def look(self, path: Path, check_it: Callable[[Lake], None]) -> bool:
        """Opens the lake after an accident and checks it; false if anything was wrong."""
        self.tried += 1
        started = time.perf_counter()
        try:
            lake = Lake.open(path, create=True)
        except Exception as error:  # noqa: BLE001 - whatever it was, the lake did not open
            self.not_opened.append(f"{type(error).__name__}: {error}")
            return False
        with lake:
            self.recovery_ms.append((time.perf_counter() - started) * 1000)
            is_right = self.holds(lambda: check_it(lake))
        started = time.perf_counter()
        Lake.open(path).close()
        self.undisturbed_ms.append((time.perf_counter() - started) * 1000)
        return is_right

    def holds(self, look: Callable[[], None]) -> bool:
        """Whether nothing is missing and nothing is there twice; what is wrong is noted."""
        try:
            look()
        except AssertionError as error:
            (self.doubled if "more than once" in str(error) else self.lost).append(str(error))
            return False
        return True

    def line(self, what: str) -> dict[str, Any]:
        """The result line; what was wrong goes to stderr, one line each."""
        for wrong in (*self.lost, *self.doubled, *self.not_opened):
            print(f"{what}: {wrong}", file=sys.stderr)
        after, before = np.array(self.recovery_ms), np.array(self.undisturbed_ms)
        return record.line(
            "kills", f"{what}: recovery, p50", np.median(after), "ms",
            baseline="opening it undisturbed", ratio=np.median(after) / np.median(before),
            quality={
                "tried": self.tried, "changes acknowledged": self.acknowledged, "rounds with rows lost": len(self.lost),
                "rounds with rows doubled": len(self.doubled), "did not open": len(self.not_opened),
                "p99 ms": round(float(np.percentile(after, 99)), 1), "worst ms": round(float(after.max()), 1),
            },
        )  # fmt: skip


def main() -> int:
    """Writes one line a kind of accident; 1 if anything was lost, doubled or shut."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=40, help="of each kind of work; imports and servers get fewer"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    made = parser.parse_args()
    print(f"seed {made.seed}", file=sys.stderr)
    logging.getLogger("bowerbird").setLevel(logging.CRITICAL)  # each healing is told, and there are many here
    tallies: list[Tally] = []
    record.write(lines(made.rounds, random.Random(made.seed), tallies), made.out)
    return int(any(tally.lost or tally.doubled or tally.not_opened for tally in tallies))


def lines(rounds: int, rng: random.Random, tallies: list[Tally]) -> Iterator[dict[str, Any]]:
    """Kills of writers and their like, power cuts, killed imports, killed servers."""
    works = {
        "writers, maintenance, event log, records killed": lambda tally, folder: [
            killed(tally, folder / str(place), case, rounds, rng) for place, case in enumerate(kills.CASES)
        ],
        "power cuts": lambda tally, folder: [
            cut(tally, folder / str(place), case, rounds, rng) for place, case in enumerate(power.CASES)
        ],
        "imports killed": lambda tally, folder: imported(
            tally, folder, max(rounds // _ROUNDS_AN_IMPORT_ROUND, 1), rng
        ),
        "servers killed": lambda tally, folder: served(
            tally, folder, max(rounds // _ROUNDS_A_SERVER_ROUND, 1), rng
        ),
    }
    for what, work in works.items():
        tally = Tally()
        tallies.append(tally)
        with tempfile.TemporaryDirectory() as folder:
            work(tally, Path(folder))
        if tally.tried:
            yield tally.line(what)


def killed(tally: Tally, folder: Path, case: str, rounds: int, rng: random.Random) -> None:
    """Rounds of one case of the tests, on a lake that grows; on a new one after a fault."""
    works, victim, _ = kills.CASES[case]
    is_right = False
    for turn in range(rounds):
        if not is_right or turn % _TURNS_A_LAKE == 0:
            path, known = folder / str(turn), Known()
            Lake.open(path, create=True).close()
        kills.kill_one(path, works, victim, rng, known, turn)
        is_right = tally.look(path, lambda lake, known=known: check(lake, known))
        tally.acknowledged, known.acknowledged = tally.acknowledged + known.acknowledged, 0


def cut(tally: Tally, folder: Path, case: str, rounds: int, rng: random.Random) -> None:
    """The same with power cuts: each round goes on with what the cut left on the disk."""
    if not ready_to_fork():
        print("power cuts: no C compiler to note what is synced; left out", file=sys.stderr)
        return
    is_right = False
    boots = healing.boot_id
    for turn in range(rounds):
        if not is_right or turn % _TURNS_A_LAKE == 0:
            path, known = folder / f"{turn}-first" / "lake", Known()
            Lake.open(path, create=True).close()
        shadow, found = folder / f"shadow-{turn}", folder / str(turn) / "lake"
        shadow.mkdir()
        power.cut_power(path, shadow, power.CASES[case][0], rng, known)
        after_power_loss(path, shadow, found, rng, luck=rng.choice(power.LUCK))
        journal.boot_id = healing.boot_id = lambda turn=turn: f"start {turn}"
        is_right = tally.look(found, lambda lake, known=known: check(lake, known))
        tally.acknowledged, known.acknowledged = tally.acknowledged + known.acknowledged, 0
        shutil.rmtree(path.parent)
        shutil.rmtree(shadow)
        path = found
    journal.boot_id = healing.boot_id = boots


def imported(tally: Tally, folder: Path, rounds: int, rng: random.Random) -> None:
    """Imports of one catalogue, killed, and begun again on what they left; four to a lake."""
    draw_folder(folder / "in", variants=4)
    with Lake.open(folder / "whole", create=True) as whole:
        import_source(whole, folder / "in", ImportOptions(workers=1))
        wanted = imports.contents(whole)
    for turn in range(rounds):
        path = folder / f"lake-{turn // 4}"
        known = Known(maybe_titles={row["id"]: {row["title"]} for row in wanted["item"]})
        stored = imports.kill_import(path, rng)
        tally.acknowledged += stored

        def look(lake: Lake, known: Known = known, stored: int = stored) -> None:
            assert lake.items.count() >= stored, "fewer items than the import has told of"
            check(lake, known)

        tally.look(path, look)
        if turn % 4 == 3 or turn == rounds - 1:
            with Lake.open(path) as lake:
                import_source(lake, folder / "in", ImportOptions(workers=1))
                is_same = imports.contents(lake) == wanted
            if not is_same:
                tally.lost.append("after the last import the lake differs from an undisturbed one")


def served(tally: Tally, folder: Path, rounds: int, rng: random.Random) -> None:
    """Servers under load, killed and started again."""
    path = build_lake(folder)
    with Lake.open(path) as lake:
        items = [id_ for batch in lake.items.scan(["id"]) for id_ in batch["id"].to_pylist()]
    people = [servers.Person(f"person{place}") for place in range(servers.PEOPLE)]
    known = Known()
    started = time.perf_counter()
    server, address = servers.served(path)
    first_ms = (time.perf_counter() - started) * 1000
    for _ in range(rounds):
        servers.act_until_killed(server, address, people, random.Random(rng.getrandbits(31)), items)
        servers.allow_unanswered(people, path, known)
        started = time.perf_counter()
        server, address = servers.served(path)
        tally.tried += 1
        tally.recovery_ms.append((time.perf_counter() - started) * 1000)
        tally.undisturbed_ms.append(first_ms)
        tally.holds(lambda address=address: servers.check_all(people, address, path, known, items))
    server.kill()
    tally.acknowledged = sum(person.answered for person in people)


if __name__ == "__main__":
    sys.exit(main())
