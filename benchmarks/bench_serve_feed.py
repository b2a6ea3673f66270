"""How fast is a page of the feed, all stages, over HTTP (P4 at 100k items, P5 at 1M)?

One client first, one request after another, people with twelve likes each; then an open loop at rising rates.
A ranker of default size and its pre-ranker, with weights as they start, cut and order the candidates (their time does not depend
on them); `--plain` leaves them out. Every answer must be a full page: a degraded one or a 503 ends the run at that rate.
"""

import tempfile
from pathlib import Path

import numpy as np
import record
from bench_rank_latency import untrained, untrained_beside
from load import Ask, Measured, highest_rate, one_client, open_loop
from served import Served, serving
from synthetic_lake import lake_of, recall_of

from bowerbird.encode import EncodeConfig
from bowerbird.encode.serving import serving_encoders
from bowerbird.lake.lake import Lake
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker import RankerConfig
from bowerbird.rank.ranker.keeping import MODEL, keep, rankers_folder
from bowerbird.retrieve.ready import ready_indexes
from bowerbird.surfaces.feed.types import stamp_of

PAGE = 25
PEOPLE = 100
RATES = (25, 50, 75, 100, 125, 150, 175, 200, 230, 260, 300, 350)
P99_UNDER_LOAD_MS = 80.0
TARGETS = {100_000: ("P4", 9.0, 25.0), 1_000_000: ("P5", 13.5, 37.5)}


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument(
        "--lakes",
        type=Path,
        default=Path(tempfile.gettempdir()) / "bowerbird-lakes",
        help="where lakes are kept",
    )
    parser.add_argument("--requests", type=int, default=1_000, help="of the one client, and at each rate")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--plain", action="store_true", help="without a trained ranker")
    args = parser.parse_args()
    lake = lake_of(args.lakes, args.items)
    recall = recall_of(lake)
    rank_with(lake, is_plain=args.plain)
    with serving(lake, queue_limit=256) as served:
        people = served.people(args.people, items=args.items)
        record.write(lines(served, people, args.items, args.requests, recall), args.out)


def lines(
    served: Served, people: list[str], items: int, requests: int, recall: dict[str, object]
) -> list[dict[str, object]]:
    """Result lines: latency of one client, rate of many, and what new people and next pages cost."""
    name, p50_target, p99_target = TARGETS.get(items, ("P4", 9.0, 25.0))
    one_client(served.port, [Ask.get(f"/v1/feed?limit={PAGE}", person) for person in people])
    asks = [Ask.get(f"/v1/feed?limit={PAGE}", people[number % len(people)]) for number in range(requests)]
    cpu_s = served.cpu_s()
    alone = one_client(served.port, asks, warm=0)
    cpu_ms = round((served.cpu_s() - cpu_s) * 1000 / len(asks), 2)
    stages = stage_times(served, people[:20])
    made = [
        record.line(
            name, f"feed page of {PAGE}, one client, p50", alone.p50_ms, "ms", target=p50_target,
            quality=recall, items=items, stages_ms=stages, cpu_ms_a_page=cpu_ms, **alone.facts(),
        ),
        record.line(
            name, f"feed page of {PAGE}, one client, p99", alone.p99_ms, "ms", target=p99_target,
            quality=recall, items=items,
        ),
    ]  # fmt: skip

    def at(rate: float) -> Measured:
        return open_loop(served.port, asks, per_second=rate)

    rate, loaded = highest_rate(at, RATES, p99_ms=P99_UNDER_LOAD_MS)
    facts = loaded.facts() if loaded else {}
    made.append(
        record.line(
            name, f"feed pages a second, many clients, p99 ≤ {P99_UNDER_LOAD_MS:.0f} ms", rate, "per s",
            target=200.0, better="higher", quality=recall, items=items, **facts,
        )
    )  # fmt: skip
    return made


def rank_with(lake: Path, *, is_plain: bool) -> None:
    """A ranker serves this lake, or none does."""
    registry = ModelRegistry(rankers_folder(lake))
    registry.deactivate(MODEL)
    if is_plain:
        return
    with Lake.open(lake) as opened:
        indexes = ready_indexes(opened, serving_encoders(opened, EncodeConfig())).indexes
        space, width = stamp_of(indexes), indexes.look.width + indexes.words.width
    ranker = untrained(RankerConfig(), width=width, space=space)
    words = {"config": ranker.config, "seed": 0, "data": {"name": "untrained"}}
    card = keep(ranker, {}, registry, beside=untrained_beside(ranker), **words)
    registry.activate(MODEL, card.id)


def stage_times(served: Served, people: list[str]) -> dict[str, float]:
    """Median milliseconds of each stage, as pages report them."""
    times: dict[str, list[float]] = {}
    for person in people:
        report = served.get(f"/v1/feed?limit={PAGE}", person)["report"]
        assert isinstance(report, dict)
        for stage in report["stages"]:
            times.setdefault(stage["stage"], []).append(stage["ms"])
    return {stage: round(float(np.median(each)), 3) for stage, each in times.items()}


if __name__ == "__main__":
    main()
