"""This file is about `bowerbird measure`: models side by side on one split."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.data_words import add_data_words, read_and_split
from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.retrievers import MODELS, retrievers_of

if TYPE_CHECKING:
    from bowerbird.surfaces.measure import CompareConfig


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `measure compare`."""
    measure = commands.add_parser("measure", help="how well models find what people do next")
    verbs = measure.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "fit models to one split and judge them alike, with intervals and costs"
    compare = verbs.add_parser("compare", help=text, description=text)
    add_data_words(compare)
    compare.add_argument("--models", required=True, help=f"some of {', '.join(MODELS)}, with commas")
    compare.add_argument("--seeds", type=int, default=3, help="fits of each model that has chance in it")
    compare.add_argument("--trials", type=int, default=12, help="settings each may try on validation")
    compare.add_argument("--candidates", type=int, default=50, help="items each may propose for one request")
    compare.add_argument("--vectors", type=int, default=8, help="query vectors each may use for one request")
    compare.add_argument(
        "--score-ties",
        choices=["expected", "catalogue"],
        default="expected",
        help="equal scores: the exact mean over their orders, or lower item number first",
    )
    compare.add_argument(
        "--keep-history", action="store_true", help="items of the own history may be proposed and are targets"
    )
    compare.add_argument("--out", type=Path, required=True, help="folder for the report; runs are kept there")
    compare.add_argument("--fresh", action="store_true", help="fit again what the folder already holds")
    compare.add_argument("--json", action="store_true", help="print the report as JSON")
    compare.set_defaults(run=run_compare)


def run_compare(args: argparse.Namespace) -> int:
    """Compares, writes the report, prints its table."""
    from bowerbird.surfaces.measure import compare, report_of
    from bowerbird.surfaces.measure.files import write_report
    from bowerbird.surfaces.measure.table import table_of

    config = _config(args)
    retrievers = retrievers_of(args.models)
    with shown_progress(args.json) as progress:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        reading, split, data = read_and_split(args, tell, cache=args.out)
        found = compare(retrievers, split, config, args.out, tell, is_fresh=args.fresh)
    report = report_of(found, reading, split, config, data.model_dump(mode="json"))
    write_report(args.out, report, reading.rejects)
    _show(args, report, table_of(report))
    return 0


def _show(args: argparse.Namespace, report: dict[str, Any], table: Any) -> None:
    if args.json:
        print(json.dumps(report))
        return
    from rich.console import Console

    from bowerbird.surfaces.measure.table import WIDTH

    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)
    print(f"split {report['split']['sha256'][:12]}; the report is in {args.out / 'report.html'}")


def _config(args: argparse.Namespace) -> "CompareConfig":
    from bowerbird.cli.checked import checked
    from bowerbird.learn.evaluate import EvaluationConfig
    from bowerbird.surfaces.measure import CompareConfig

    evaluation = EvaluationConfig(keeps_history=args.keep_history, score_ties=args.score_ties)
    names = ("seeds", "trials", "candidates", "vectors")
    return checked(CompareConfig, evaluation=evaluation, **{name: getattr(args, name) for name in names})
