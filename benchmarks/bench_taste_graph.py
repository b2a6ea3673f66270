"""This file is about the Taste Graph's speed and size: events applied, one event to be seen in the graph and in its person's
profile, edges read, 1M to 10M marks.

Synthetic people with heavy tails, seeded. Events go through a real log for the first two figures; the growth is measured on
columns. The baseline of applying is reading the same events out of the log and doing nothing with them.

Run: python benchmarks/bench_taste_graph.py [--events 100000] [--marks 1000000,10000000] [--out FILE]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from record import line, parser, write

from bowerbird.core.actions import Action
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.taste.graph import EdgeKind, LiveGraph, NodeKind, Shelves, TasteGraph
from bowerbird.taste.graph.marks import MARK
from bowerbird.taste.interest_tree import ProfileReader, TreeConfig
from bowerbird.taste.interest_tree.growing import from_categories

ITEMS, PEOPLE_A_MARK = 2_000, 0.02
INTERESTS, WIDTH = 300, 256
AT_MS = 1_700_000_000_000
ACTIONS = ("save", "click", "closeup", "hide")


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--events", type=int, default=100_000)
    arguments.add_argument("--marks", default="1000000,10000000")
    args = arguments.parse_args()
    write(applied(args), args.out)
    for count in map(int, args.marks.split(",")):
        write(grown(count), args.out)
        write(profiled(count), args.out)
    return 0


def applied(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """From the log into the graph, and from one more event to what the graph says of its person."""
    with tempfile.TemporaryDirectory() as folder, Lake.open(Path(folder) / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id=f"i{n}", title=f"item {n}")) for n in range(ITEMS)])
        lake.events.append(drawn(args.events))
        catalogue = Catalogue.open(lake)
        bare_s = timed_s(lambda: [len(found) for found in every(lake)])
        began = time.process_time()
        live = LiveGraph(lake, catalogue)
        follow_s = time.process_time() - began
        yield line(
            "taste-graph-apply",
            f"events a processor second into the Taste Graph, {args.events:,} out of the event log",
            args.events / follow_s,
            "per s",
            better="higher",
            baseline="reading them out of the log alone",
            ratio=bare_s / follow_s,
            quality={"edges": sum(len(live.graph.edges(kind)) for kind in live.graph.marks)},
        )
        seen = [one_more(lake, live, n) for n in range(200)]
        yield line(
            "taste-graph-seen",
            f"from an event's arrival to the graph's answer about its person, beside {args.events:,} events, p50",
            float(np.median(seen)) * 1e3,
            "ms",
            baseline="storing the event durably alone",
            ratio=float(np.median(seen)) / float(np.median([stored(lake, n) for n in range(200)])),
            quality={"p99 ms": round(float(np.percentile(seen, 99)) * 1e3, 2)},
        )


def grown(count: int) -> Iterator[dict[str, Any]]:
    """Columns alone."""
    graph, rng = TasteGraph(), np.random.default_rng(0)
    people, items, boards = int(count * PEOPLE_A_MARK), count // 20, count // 40
    for board in range(boards):
        graph.names[NodeKind.BOARD].number_of(f"b{board}")
    half = count // 2
    graph.marks[EdgeKind.ACTED].append(marks(rng, people, items, half))
    graph.marks[EdgeKind.SAVED_TO].append(marks(rng, items, boards, count - half))
    graph.forget_item(-1)  # what was read before is read anew
    began = time.process_time()
    saved = graph.as_of(EdgeKind.SAVED_TO, None)
    read_s = time.process_time() - began
    shelves = Shelves(saved)
    asked = rng.integers(0, items, 200)
    near = [timed_s(lambda item=item: shelves.together_with(int(item), 50)) for item in asked]
    graph.marks[EdgeKind.ACTED].of("source", 0)
    of = [
        timed_s(lambda person=person: graph.marks[EdgeKind.ACTED].of("source", int(person)))
        for person in asked
    ]
    told = f"{count / 1e6:g}M marks"
    yield line(
        "taste-graph-memory", f"memory of a million marks, {told}, with their order by person",
        graph.size_bytes / count, "MB", baseline="the bare columns", ratio=graph.size_bytes / count / MARK.itemsize,
    )  # fmt: skip
    yield line(
        "taste-graph-read", f"reading all edges between items and boards, {told}, processor time", read_s, "s",
        baseline="a sort of the same columns", ratio=read_s / timed_s(lambda: sort(graph)),
        quality={"edges held": len(saved)},
    )  # fmt: skip
    yield line(
        "taste-graph-near", f"items put together with an item, 50 best, {told}, p50", float(np.median(near)) * 1e3, "ms",
        quality={"p99 ms": round(float(np.percentile(near, 99)) * 1e3, 2), "a person's marks, p50 ms": round(float(np.median(of)) * 1e3, 4)},
    )  # fmt: skip


def profiled(count: int) -> Iterator[dict[str, Any]]:
    """From an event's arrival to a changed profile of its person, beside what everybody else did."""
    with tempfile.TemporaryDirectory() as folder, Lake.open(Path(folder) / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id=f"i{n}", title=f"item {n}")) for n in range(ITEMS)])
        live = LiveGraph(lake, Catalogue.open(lake))
        vectors = np.random.default_rng(0).normal(size=(ITEMS, WIDTH)).astype(np.float32)
        paths = [(f"top {n % 20}", f"interest {n % INTERESTS}") for n in range(ITEMS)]
        tree = from_categories(paths, vectors)
        reader = ProfileReader.fitted(lake, live.graph, tree, vectors.__getitem__, TreeConfig())
        alone = [one_more_profile(lake, live, reader, "alone", n) for n in range(100)]
        rows = marks(np.random.default_rng(1), int(count * PEOPLE_A_MARK), ITEMS, count)
        rows["ends"] = False
        live.graph.marks[EdgeKind.ACTED].append(rows)
        first = one_more_profile(lake, live, reader, "beside", 100)
        beside = [one_more_profile(lake, live, reader, "beside", 101 + n) for n in range(100)]
    yield line(
        "taste-graph-profile",
        f"from an event's arrival to the changed profile of its person, beside {count / 1e6:g}M marks of others, p50",
        float(np.median(beside)) * 1e3, "ms", baseline="the same with nobody else in the graph",
        ratio=float(np.median(beside)) / float(np.median(alone)),
        quality={"p99 ms": round(float(np.percentile(beside, 99)) * 1e3, 2), "first ms": round(first * 1e3, 1)},
    )  # fmt: skip


def one_more_profile(lake: Lake, live: LiveGraph, reader: ProfileReader, person: str, n: int) -> float:
    """Seconds, on the clock; the profile has to have changed."""
    before = reader.of(person, AT_MS + n).strength
    event = drawn(1, first=3 * 10**9 + n)[0].model_copy(
        update={"person_id": person, "action": Action.SAVE, "at_ms": AT_MS + n, "board_id": ""}
    )
    began = time.perf_counter()
    lake.events.append([event])
    live.follow()
    strength = reader.of(person, AT_MS + n + 1).strength
    seconds = time.perf_counter() - began
    assert strength > before
    return seconds


def marks(rng: np.random.Generator, sources: int, targets: int, count: int) -> np.ndarray:
    """Some do much, some things are liked by many."""
    rows = np.zeros(count, MARK)
    rows["source"] = (sources * rng.random(count) ** 2).astype(np.int32)
    rows["target"] = (targets * rng.random(count) ** 2).astype(np.int32)
    rows["at_ms"] = rng.integers(0, 10**12, count)
    rows["weight"] = 1
    rows["ends"] = rng.random(count) < 0.05
    return rows


def sort(graph: TasteGraph) -> np.ndarray:
    rows = graph.marks[EdgeKind.SAVED_TO].rows
    found: np.ndarray = np.lexsort((rows["at_ms"], rows["target"], rows["source"]))
    return found


def drawn(count: int, first: int = 0) -> list[Event]:
    rng = np.random.default_rng(first + 1)
    people = (count // 50 * rng.random(count) ** 2).astype(int)
    items = (ITEMS * rng.random(count) ** 2).astype(int)
    actions = rng.integers(0, len(ACTIONS), count)
    return [
        Event.model_validate(
            {"event_id": f"e{first + n}", "action": ACTIONS[action], "at_ms": 1_700_000_000_000 + first + n, "person_id": f"p{person}",
             "item_id": f"i{item}", "board_id": f"b{person}" if action == 0 else ""}
        )
        for n, (person, item, action) in enumerate(zip(people, items, actions, strict=True))
    ]  # fmt: skip


def every(lake: Lake) -> Iterator[list[tuple[int, Event]]]:
    after = 0
    while found := lake.events.after(after, 10_000):
        yield found
        after = found[-1][0]


def one_more(lake: Lake, live: LiveGraph, n: int) -> float:
    """Seconds, on the clock: the log waits for the disk."""
    event = drawn(1, first=10**9 + n)[0].model_copy(update={"person_id": "watched"})
    began = time.perf_counter()
    lake.events.append([event])
    live.follow()
    person = live.graph.names[NodeKind.PERSON].find("watched")
    found = live.graph.marks[EdgeKind.ACTED].of("source", person)
    seconds = time.perf_counter() - began
    assert len(found) == n + 1
    return seconds


def stored(lake: Lake, n: int) -> float:
    event = drawn(1, first=2 * 10**9 + n)[0]
    began = time.perf_counter()
    lake.events.append([event])
    return time.perf_counter() - began


def timed_s(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
