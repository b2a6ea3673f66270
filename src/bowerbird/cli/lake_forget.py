"""This file is about `bowerbird lake forget`: an item, a board or a person leaves, down to the bytes."""

import argparse
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.core.errors import InputError

if TYPE_CHECKING:
    from bowerbird.lake.forgetting.purging import PurgeReport
    from bowerbird.lake.forgetting.types import ForgetReport, Remains
    from bowerbird.lake.lake import Lake

_TEXT = "forget items, boards or people: no page shows them, and their bytes leave the disk"


def add_forget_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb to the `lake` command."""
    forget = add_leaf(commands, "forget", run_forget, _TEXT)
    forget.add_argument("kind", nargs="?", choices=["item", "board", "person"], help="what the ids are of")
    forget.add_argument("ids", nargs="*", metavar="ID")
    forget.add_argument(
        "--now", action="store_true", help="also out of every file and older version, at once"
    )
    forget.add_argument("--dry-run", action="store_true", help="only say what would go")
    forget.add_argument("--purge", action="store_true", help="--now, for what was forgotten before")
    forget.add_argument("--status", action="store_true", help="how far earlier forgets are, and what remains")


def run_forget(args: argparse.Namespace) -> int:
    """Forgets, and prints what is gone and what remains."""
    from bowerbird.lake.forgetting.removing import forget

    if args.status or args.purge:
        if args.kind or (args.status and args.purge):
            raise InputError(
                "--status and --purge stand alone; needed is one of them without ids; leave one out"
            )
        return run_status(args) if args.status else run_purge(args)
    if not args.ids:
        raise InputError(
            "nothing was named; needed are a kind and ids; write `bowerbird lake forget item ID…`"
        )
    with opened(args) as lake:
        report = forget(lake, args.kind, args.ids, is_dry_run=args.dry_run)
        purged = _purged(lake) if args.now and not args.dry_run else None
        remains = purged.remains if purged is not None else _remains(lake)
    facts = {**dataclasses.asdict(report), "remains": [dataclasses.asdict(each) for each in remains]}
    if purged is not None:
        facts |= {"bytes_freed": purged.bytes_freed, "also_removed": purged.removed}
    say(args, facts, "\n".join([*_told(report), *_purge_told(purged), *remains_told(remains)]))
    return 0


def run_purge(args: argparse.Namespace) -> int:
    """Takes what was forgotten out of every file, and prints what remains."""
    with opened(args) as lake:
        report = _purged(lake)
    say(args, dataclasses.asdict(report), "\n".join([*_purge_told(report), *remains_told(report.remains)]))
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Prints how far earlier forgets are."""
    from bowerbird.lake.forgetting.remaining import state_of

    with opened(args) as lake:
        states = [state_of(entry) for entry in lake.records.forgotten.entries()]
        remains = _remains(lake)
    counts = {name: states.count(name) for name in ("removing", "pending", "purged", "gone")}
    facts = {"forgotten": counts, "remains": [dataclasses.asdict(each) for each in remains]}
    sentence = (
        f"{len(states):,} forgotten: {counts['gone']:,} are in no file of the lake, "
        f"{counts['purged']:,} in older versions only, {counts['pending']:,} in files to be written anew, "
        f"{counts['removing']:,} unfinished"
    )
    say(args, facts, "\n".join([sentence, *remains_told(remains)]))
    return 0


def remains_told(remains: "Sequence[Remains]") -> list[str]:
    """A line for everything that a forget has left."""
    lines = []
    for each in remains:
        until = "not by itself"
        if each.until_ms is not None:
            until = f"goes with the maintenance after {_day(each.until_ms)}"
        lines.append(f"remains: {each.where}: {each.why}; {until}; at once with {each.how}")
    return lines


def _purged(lake: "Lake") -> "PurgeReport":
    from bowerbird.lake.forgetting.purging import purge
    from bowerbird.retrieve.forgetting import forget_derived

    return purge(lake, [forget_derived], keeps_versions=False)


def _remains(lake: "Lake") -> "tuple[Remains, ...]":
    from bowerbird.lake.forgetting.remaining import remains_of

    return tuple(remains_of(lake))


def _told(report: "ForgetReport") -> list[str]:
    verb = "would forget" if report.is_dry_run else "forgot"
    lines = [f"{verb} {_counted(report.forgotten, report.kind)}{_listed(report.removed)}"]
    if report.unknown:
        lines.append(f"unknown: {', '.join(report.unknown)}")
    return lines


def _purge_told(report: "PurgeReport | None") -> list[str]:
    if report is None:
        return []
    return [
        f"purged: {report.done:,} forgets are in no file of the lake now, "
        f"{report.bytes_freed / 1e6:,.1f} MB freed{_listed(report.removed)}"
    ]


def _listed(removed: dict[str, int]) -> str:
    listed = ", ".join(f"{count:,} {what}" for what, count in removed.items() if count)
    return f": {listed}" if listed else ""


def _counted(count: int, kind: str) -> str:
    if count == 1:
        return f"1 {kind}"
    return f"{count:,} {'people' if kind == 'person' else kind + 's'}"


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
