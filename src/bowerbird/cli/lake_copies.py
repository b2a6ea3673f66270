"""This file is about `bowerbird lake copy`, `lake backup`, `lake backups` and `lake restore`."""

import argparse
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_leaf, add_to_home_option, opened, say
from bowerbird.core.errors import LakeError
from bowerbird.lake.places import as_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from bowerbird.lake.copying.types import CopyProgress, CopyReport

_MB = 1e6
_MS_PER_S = 1000


def add_copy_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    copy = add_leaf(
        commands, "copy", run_copy, "make another lake of this one, also while others write to it"
    )
    copy.add_argument("target", type=as_address, help="an empty folder, or s3://BUCKET/PREFIX")
    add_to_home_option(copy)
    backup = add_leaf(commands, "backup", run_backup, "back the lake up; only what is new is written")
    backup.add_argument("target", type=as_address, help="a folder, or s3://BUCKET/PREFIX, for backups alone")
    backup.add_argument("--keep", type=int, default=7, help="backups to keep there (default: 7)")
    backups = commands.add_parser("backups", help="list backups", description="list backups")
    backups.add_argument("place", type=as_address, help="where they are")
    backups.add_argument("--check", action="store_true", help="read every piece of them")
    backups.add_argument("--json", action="store_true", help="print one JSON object")
    backups.set_defaults(run=run_backups)
    restore = commands.add_parser("restore", help="bring a lake back", description="bring a lake back")
    restore.add_argument("backups", type=as_address, help="where the backups are")
    restore.add_argument("target", type=as_address, help="an empty folder, or s3://BUCKET/PREFIX")
    restore.add_argument("--as-of", metavar="NAME", help="this backup (default: the newest)")
    restore.add_argument("--json", action="store_true", help="print one JSON object")
    add_to_home_option(restore)
    restore.set_defaults(run=run_restore)


def run_copy(args: argparse.Namespace) -> int:
    """Copies."""
    from bowerbird.lake.copying.copying import copy_lake

    with opened(args) as lake, shown_progress(args.json) as progress:
        report = copy_lake(lake, args.target, told(progress), home=args.to_home)
    return _say_filled(args, report, "copied")


def run_backup(args: argparse.Namespace) -> int:
    """Backs up."""
    from bowerbird.lake.copying.backups import back_up
    from bowerbird.lake.places import place_of

    with opened(args) as lake, shown_progress(args.json) as progress:
        report = back_up(lake, place_of(args.target), told(progress), keep=args.keep)
    gone = f"; let go of {', '.join(report.removed)}" if report.removed else ""
    say(args, dataclasses.asdict(report), f"backup {report.name}: {_amounts(report)}{gone}")
    return 0


def run_backups(args: argparse.Namespace) -> int:
    """Lists backups, and reads them all where asked to."""
    from bowerbird.lake.copying.backups import check_backup, list_backups
    from bowerbird.lake.places import place_of

    place = place_of(args.place)
    found = list_backups(place)
    damaged = {each.name: check_backup(place, each) for each in found} if args.check else {}
    sizes = {each.name: sum(file.size_bytes for file in each.files) for each in found}
    facts = [
        {
            "name": each.name,
            "made": datetime.fromtimestamp(each.made_ms / _MS_PER_S, UTC).isoformat(),
            "bytes": sizes[each.name],
            "damaged": damaged.get(each.name, []),
        }
        for each in found
    ]
    lines = [f"{name}  {size / _MB:,.1f} MB" for name, size in sizes.items()]
    lines += [f"{name}: {len(files)} files cannot be restored" for name, files in damaged.items() if files]
    say(args, {"backups": facts}, "\n".join(lines) or "no backups")
    return 1 if any(damaged.values()) else 0


def run_restore(args: argparse.Namespace) -> int:
    """Brings back."""
    from bowerbird.lake.copying.restoring import restore
    from bowerbird.lake.places import place_of

    with shown_progress(args.json) as progress:
        report = restore(
            place_of(args.backups), args.target, told(progress), name=args.as_of, home=args.to_home
        )
    return _say_filled(args, report, f"restored {report.name}")


def told(progress: "Progress") -> "Callable[[CopyProgress], None]":
    """What keeps the line of progress up to date."""
    task = progress.add_task("looking")

    def tell(at: "CopyProgress") -> None:
        done = f"{at.bytes_done / _MB:,.0f} of {at.all_bytes / _MB:,.0f} MB"
        progress.update(task, description=done)

    return tell


def _say_filled(args: argparse.Namespace, report: "CopyReport", done: str) -> int:
    """Opens what was filled, looks at it, and says what came of it."""
    from bowerbird.lake.lake import Lake
    from bowerbird.lake.verifying import verify

    with Lake.open(args.target, home=args.to_home) as filled:
        findings = [finding for finding in verify(filled) if finding.is_damage]
        items = filled.items.count()
    if findings:
        raise LakeError(
            f"{args.target} is not whole: {findings[0].what}; needed is a copy without damage; see all with "
            f"`bowerbird lake verify --lake {args.target}`"
        )
    facts = {**dataclasses.asdict(report), "items": items}
    say(args, facts, f"{done}: {_amounts(report)}; verified, {items:,} items")
    return 0


def _amounts(report: "CopyReport") -> str:
    return (
        f"{report.files:,} files, {report.bytes_all / _MB:,.1f} MB, of which "
        f"{report.bytes_written / _MB:,.1f} MB were written, in {report.seconds:.1f} s"
    )
