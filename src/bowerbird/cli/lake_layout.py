"""This file is about `bowerbird lake migrate` and `lake adopt`: a lake's layout, and its home."""

import argparse
import dataclasses

from bowerbird.cli.lake_leaf import add_leaf, opened, say


def add_layout_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    migrate = add_leaf(
        commands, "migrate", run_migrate, "bring a lake of another version to the present layout, or back"
    )
    migrate.add_argument("--to", type=int, metavar="LAYOUT", help="this layout (default: the present one)")
    add_leaf(
        commands,
        "adopt",
        run_adopt,
        "let this machine give out item numbers of a lake in a bucket from now on",
    )


def run_migrate(args: argparse.Namespace) -> int:
    """Takes the lake forward or back."""
    from bowerbird.core.clock import SystemClock
    from bowerbird.lake.homes import home_folder
    from bowerbird.lake.migrations import migrate
    from bowerbird.lake.places import place_of

    report = migrate(place_of(args.lake), home_folder(args.lake, args.home), SystemClock(), to=args.to)
    steps = "".join(f"\n- {step}" for step in report.steps)
    say(args, dataclasses.asdict(report), f"layout {report.before} before, {report.after} now{steps}")
    return 0


def run_adopt(args: argparse.Namespace) -> int:
    """Makes this machine's home the one that gives out item numbers."""
    from bowerbird.lake.items import restore_numbers

    with opened(args) as lake:
        lake.home.become_writer()
        numbers = restore_numbers(lake)
    sentence = f"new items get their numbers from {lake.path} from now on; {numbers:,} numbers are known"
    say(args, {"home": str(lake.path), "numbers": numbers}, sentence)
    return 0
