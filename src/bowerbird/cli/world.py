"""This file is about `bowerbird world`: simulated people and a rendered shop, for tests and demos."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_lake_option, add_leaf, opened, say
from bowerbird.cli.world_experiment import add_experiment
from bowerbird.cli.world_shop import add_shop
from bowerbird.cli.world_visit import add_visit
from bowerbird.cli.world_words import add_world_words, config_of, telling

if TYPE_CHECKING:
    from collections.abc import Callable

    from bowerbird.world.config import WorldConfig
    from bowerbird.world.history import History
    from bowerbird.world.world import World


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `world` with its verbs."""
    text = "simulated people and rendered catalogues with known truth: for tests, demos and experiments"
    world = commands.add_parser("world", help=text, description=text)
    verbs = world.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "let simulated people live in a lake: events, boards and saves of the last days"
    live = verbs.add_parser("live", help=text, description=text)
    add_lake_option(live)
    add_world_words(live, policy="diverse", people=200, has_items=False)
    others = live.add_mutually_exclusive_group()
    others.add_argument(
        "--once", action="store_true", help="do nothing if simulated people are there already"
    )
    others.add_argument(
        "--keep", action="store_true", help="leave those that are there; else they are replaced"
    )
    live.set_defaults(run=run_live)
    text = "write what simulated people did as files: RecBole's .inter, and impressions with propensities"
    write = verbs.add_parser("write", help=text, description=text)
    write.add_argument("--out", type=Path, required=True, help="folder for the files")
    add_world_words(write, policy="random", people=500, has_items=True)
    write.set_defaults(run=run_write)
    add_shop(verbs)
    text = "figures of a simulated log beside those of known ones"
    moments = verbs.add_parser("moments", help=text, description=text)
    add_world_words(moments, policy="similar", people=1_000, has_items=True)
    moments.set_defaults(run=run_moments)
    add_experiment(verbs)
    add_visit(verbs)
    add_leaf(verbs, "remove", run_remove, "take simulated people out of a lake, with all that they did")


def run_live(args: argparse.Namespace) -> int:
    """Simulates the last days on the items of the lake and brings them in."""
    from bowerbird.world.living import live_in
    from bowerbird.world.to_lake import count_simulated

    config = config_of(args)
    with opened(args) as lake:
        if args.once and (there := count_simulated(lake)):
            say(args, {"people": 0, "there": there}, f"{there:,} simulated people are there: nothing to do")
            return 0
        with shown_progress(args.json) as progress:
            task = progress.add_task("looking at the items of the lake")
            report = live_in(
                lake, config, args.policy, explore=args.explore, keeps_others=args.keep,
                tell=telling(progress, task, config.days),
                tell_stored=lambda done, total: progress.update(
                    task, description=f"{done:,} of {total:,} events stored"
                ),
            )  # fmt: skip
    say(
        args,
        {**dataclasses.asdict(report), "seed": config.seed},
        f"{report.people:,} simulated people, {report.boards:,} boards, {report.saves:,} saves and "
        f"{report.events:,} events came in, {report.events_known:,} were known, in {report.seconds:.1f} s; "
        "`bowerbird world remove` takes them out again",
    )
    return 0


def run_write(args: argparse.Namespace) -> int:
    """Simulates on a made-up catalogue and writes files."""
    from bowerbird.world.to_files import write_files

    config = config_of(args)
    with shown_progress(args.json) as progress:
        task = progress.add_task("making people")
        world, history = _lived(args, config, telling(progress, task, config.days))
        written = write_files(args.out, history, world.people, world.items)
    facts = {**dataclasses.asdict(written), "events": len(history.log), "sha256": history.log.digest()}
    say(
        args,
        {**facts, "seed": config.seed, "policy": args.policy},
        f"{written.interactions:,} interactions and {written.impressions:,} impressions of "
        f"{config.people.count:,} simulated people with {written.items:,} items are in {args.out}",
    )
    return 0


def run_moments(args: argparse.Namespace) -> int:
    """Simulates, and prints the table of moments and the position curve."""
    from bowerbird.world.moments import moments_of, position_curve

    config = config_of(args)
    with shown_progress(args.json) as progress:
        task = progress.add_task("making people")
        world, history = _lived(args, config, telling(progress, task, config.days))
        moments = moments_of(history.log, world.people, len(world.items), config.days)
        curve = position_curve(history.log, world.people)
    rows = [dataclasses.asdict(moment) | {"is_within": moment.is_within} for moment in moments]
    facts = {"moments": rows, "rows": curve, "events": len(history.log), "simulated": True}
    lines = [f"{len(history.log):,} events of {config.people.count:,} simulated people, policy {args.policy}"]
    for moment in moments:
        known = f"known {moment.known[0]:g} to {moment.known[1]:g}: {moment.source}" if moment.known else ""
        lines.append(f"{moment.name:<44} {moment.value:8.3g} {moment.unit:<5} {known}".rstrip())
    lines += [
        f"row {row + 1}: looked at {look:.2f} of row 1, clicks {click:.2f} %" for row, look, click in curve
    ]
    say(args, facts, "\n".join(lines))
    return 0


def run_remove(args: argparse.Namespace) -> int:
    """Takes every simulated person out of the lake."""
    from bowerbird.world.to_lake import remove_simulated

    with opened(args) as lake:
        gone = remove_simulated(lake)
    listed = ", ".join(f"{count:,} {what}" for what, count in gone.items() if count)
    say(args, gone, f"gone: {listed}" if listed else "there were no simulated people")
    return 0


def _lived(
    args: argparse.Namespace,
    config: "WorldConfig",
    tell: "Callable[[int, int], object]",
) -> "tuple[World, History]":
    from bowerbird.world.choosing import policy_of
    from bowerbird.world.simulation import simulate
    from bowerbird.world.world import make_world

    world = make_world(config)
    return world, simulate(world, policy_of(args.policy, world, explore=args.explore), tell)
