"""This file is about `bowerbird world experiment`: questions that only a world with known truth answers."""

import argparse
import json
from pathlib import Path

from bowerbird.cli.checked import checked
from bowerbird.cli.import_told import shown_progress


def add_experiment(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `world experiment` with its questions."""
    text = "ask the world a question, with intervals over seeds"
    experiment = verbs.add_parser("experiment", help=text, description=text)
    questions = experiment.add_subparsers(title="questions", metavar="QUESTION", required=True)
    text = "what happens to saves when diversity is taken out of the feed: at first, and by week two"
    diversity = questions.add_parser("diversity", help=text, description=text)
    diversity.add_argument("--seeds", type=int, help="worlds that are lived through (default: 5)")
    diversity.add_argument("--people", type=int, help="in each (default: 300)")
    diversity.add_argument("--items", type=int, help="in each (default: 20000)")
    diversity.add_argument("--warm-days", type=int, help="before diversity is taken out (default: 10)")
    diversity.add_argument("--days", type=int, help="after that (default: 21)")
    diversity.add_argument(
        "--no-controls", action="store_true", help="only people as they are: four times as fast"
    )
    diversity.add_argument(
        "--out", type=Path, required=True, help="folder for diversity.json and diversity.html"
    )
    diversity.add_argument("--json", action="store_true", help="print one JSON object")
    diversity.set_defaults(run=run_diversity)


def run_diversity(args: argparse.Namespace) -> int:
    """Asks, writes the answers, prints their table."""
    from bowerbird.world.experiment.diversity import DiversityConfig, ask
    from bowerbird.world.experiment.told import facts_of, table_of, verdict_of, write

    words = ("seeds", "people", "items", "warm_days", "days")
    given = {word: getattr(args, word) for word in words if getattr(args, word) is not None}
    config = checked(DiversityConfig, **given, has_controls=not args.no_controls)
    with shown_progress(args.json) as progress:
        task = progress.add_task("making people")
        answers = ask(config, lambda sentence: progress.update(task, description=sentence))
    page = write(args.out, config, answers)[1]
    if args.json:
        print(json.dumps(facts_of(config, answers)))
        return 0
    from rich.console import Console

    console = Console()
    console.width = max(console.width, 118)
    console.print(table_of(answers))
    print(f"{verdict_of(answers)}\nsimulated people; the plot is in {page}")
    return 0
