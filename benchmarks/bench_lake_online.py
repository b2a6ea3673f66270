"""What does a shared online store cost beside the embedded file: reading a person, pushing what they saw and did?

One process, 500 people with 200 actions and 1,000 seen items each; reads of people that it has read before, as between two
pages, and of people that another process has just changed. The shared one is a Valkey server on the loopback of the same
machine, so that a network comes on top. Quality: both tell the same of every person.

Run: python benchmarks/bench_lake_online.py [--people 500] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from record import line, parser, write

from bowerbird.adapters.valkey import open_online
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.online import OnlineStore
from bowerbird.lake.online_state import OnlineState

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from valkey_server import running_valkey

ACTIONS, SEEN, SHOWN, ITEMS = 200, 1_000, 25, 100_000
SAVE, IMPRESSION = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.IMPRESSION]
AT_MS = 1_700_000_000_000


def main() -> int:
    """Writes one line a question."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--people", type=int, default=500)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_valkey(Path(folder)) as address:
        config = LakeConfig()
        file = OnlineStore(Path(folder) / "online.sqlite", config)
        shared, others = (open_online(address, "bench", "", config) for _ in range(2))
        write(lines(file, shared, others, args.people), args.out)
    return 0


def lines(
    file: OnlineState, shared: OnlineState, others: OnlineState, people: int
) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(0)
    ids = [f"p{n}" for n in range(people)]
    for id_ in ids:
        items, seen = rng.integers(0, ITEMS, ACTIONS), rng.integers(0, ITEMS, SEEN)
        for store in (file, shared):
            store.push(id_, items, np.full(ACTIONS, SAVE), AT_MS + np.arange(ACTIONS))
            store.mark_seen(id_, seen, AT_MS)
    apart = sum(told(file, id_) != told(shared, id_) for id_ in ids)
    rows = [
        ("read", "read a person again, recent actions, seen and hidden items", lambda store, id_, _: read(store, id_)),
        ("push", "push one action", lambda store, id_, n: store.push(id_, [n], [SAVE], AT_MS + 10**6 + n)),
        ("page", f"push {SHOWN} impressions", lambda store, id_, n: store.mark_seen(id_, np.arange(SHOWN) + n, AT_MS + n)),
    ]  # fmt: skip
    for name, text, work in rows:
        by_file, by_shared = each(file, work, ids), each(shared, work, ids)
        yield line(
            f"online-shared-{name}", f"{text}, in a shared Valkey on the same machine, p50", by_shared, "µs",
            baseline="the embedded file", ratio=by_shared / by_file,
            quality={"people told otherwise": apart}, metrics={"embedded, µs": round(by_file, 1)},
        )  # fmt: skip

    def changed(id_: str, n: int) -> None:
        others.push(id_, [n], [SAVE], AT_MS + 10**7 + n)

    yield line(
        "online-shared-fresh", "read a person whom another process has just changed, in a shared Valkey, p50",
        p50_us(lambda id_, _: read(shared, id_), ids, before=changed), "µs",
        baseline="the same where nobody changed them", ratio=None,
        quality={"people told otherwise": sum(told(shared, id_) != told(others, id_) for id_ in ids)},
    )  # fmt: skip


def read(store: OnlineState, id_: str) -> None:
    store.recent(id_)
    store.seen(id_)
    store.hidden(id_)


def each(store: OnlineState, work: Callable[[OnlineState, str, int], object], ids: list[str]) -> float:
    return p50_us(lambda id_, n: work(store, id_, n), ids)


def told(store: OnlineState, id_: str) -> tuple[list[int], list[int], list[int]]:
    return store.recent(id_).numbers.tolist(), store.seen(id_).tolist(), store.hidden(id_).tolist()


def p50_us(
    work: Callable[[str, int], object],
    ids: list[str],
    before: Callable[[str, int], object] = lambda _id, _n: None,
) -> float:
    took = []
    for n, id_ in enumerate(ids):
        before(id_, n)
        began_s = time.perf_counter()
        work(id_, n)
        took.append(time.perf_counter() - began_s)
    return float(np.median(took)) * 1e6


if __name__ == "__main__":
    sys.exit(main())
