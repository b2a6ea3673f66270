"""This file is about `bowerbird world shop`: a rendered catalogue, drawn into a folder."""

import argparse
import dataclasses
from pathlib import Path

from bowerbird.cli.checked import checked
from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import say
from bowerbird.core.errors import ConfigError


def add_shop(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `world shop`."""
    text = "draw a home-décor catalogue with rooms into a folder, the truth of it apart"
    shop = verbs.add_parser("shop", help=text, description=text)
    shop.add_argument("out", type=Path, metavar="OUT", help="a folder of its own")
    shop.add_argument("--items", type=int, default=1_000, help="(default: 1000)")
    shop.add_argument(
        "--rooms", type=int, default=40, help="pictures of rooms with these items (default: 40)"
    )
    shop.add_argument("--seed", type=int, default=7, help="the same seed, the same shop (default: 7)")
    shop.add_argument("--jobs", type=int, help="processes that draw (default: one a core)")
    shop.add_argument("--json", action="store_true", help="print one JSON object")
    shop.set_defaults(run=run_shop)


def run_shop(args: argparse.Namespace) -> int:
    """Draws; the same words after a stop go on from there."""
    from bowerbird.serve.cores import usable_cores
    from bowerbird.world.shop import ShopConfig, write_shop

    jobs = usable_cores() if args.jobs is None else args.jobs
    if jobs < 1:
        raise ConfigError(f"--jobs {jobs} was received; needed is 1 or more; change it")
    config = checked(ShopConfig, items=args.items, rooms=args.rooms, seed=args.seed)
    with shown_progress(args.json) as progress:
        task = progress.add_task("drawing")

        def tell(done: int, total: int) -> None:
            progress.update(task, description=f"{done:,} of {total:,} pictures")

        report = write_shop(args.out, config, jobs=jobs, tell=tell)
    per_second = report.drawn / max(report.seconds, 1e-9)
    sentence = (
        f"{report.items:,} items and {report.rooms:,} rooms, rendered, are in {args.out}: {report.drawn:,} "
        f"drawn in {report.seconds:.1f} s ({per_second:.1f} pictures/s), {report.known:,} were there"
    )
    say(args, dataclasses.asdict(report) | {"out": str(args.out)}, sentence)
    return 0
