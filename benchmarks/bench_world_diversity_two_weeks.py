"""What happens to saves when diversity is taken out of the feed: at first, and by week two?

The experiment of `bowerbird world experiment diversity`, with intervals over seeds, for people as they are and for
people without the mechanisms that the effect is due to (satiation, mood). Simulated people.

Run: python benchmarks/bench_world_diversity_two_weeks.py [--seeds N] [--page FOLDER] [--out FILE]
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import record

from bowerbird.world.experiment.diversity import Answer, DiversityConfig, ask
from bowerbird.world.experiment.told import write


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--page", type=Path, help="folder for the page with the plot")
    made = parser.parse_args()
    config = DiversityConfig(seeds=made.seeds)
    started = time.perf_counter()
    answers = ask(config, lambda sentence: print(sentence, file=sys.stderr, flush=True))
    if made.page:
        write(made.page, config, answers)
    record.write(lines(config, answers, time.perf_counter() - started), made.out)
    return 0


def lines(config: DiversityConfig, answers: list[Answer], seconds: float) -> Iterator[dict[str, Any]]:
    """One line for each kind of people: the lift of week two, with the windows beside it."""
    for answer in answers:
        week = answer.saves["week 2"]
        yield record.line(
            f"Q-world-diversity-{answer.people_are.replace(' ', '-')}",
            f"saves in week two without diversity, against with; simulated people are {answer.people_are}",
            100 * week.mean, "%", baseline="the same world with diversity",
            quality={"rises in days 1-2 and falls in week 2, beyond chance": answer.rises_then_falls},
            metrics={f"saves {name} %": round(100 * each.mean, 1) for name, each in answer.saves.items()}
            | {f"hides {name} %": round(100 * each.mean, 1) for name, each in answer.hides.items()},
            interval={
                f"saves {name} %": [round(100 * each.low, 1), round(100 * each.high, 1)] for name, each in answer.saves.items()
            },
            seeds=config.seeds, people=config.people, items=config.items, seconds=round(seconds),
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
