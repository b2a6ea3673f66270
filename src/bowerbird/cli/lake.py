"""This file is about `bowerbird lake`: importing, and the commands over its tables."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.lake_leaf import add_lake_option, opened
from bowerbird.cli.lake_tables import add_table_commands
from bowerbird.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.progress import Progress

    from bowerbird.lake.importing.job import ImportProgress
    from bowerbird.lake.types import ImportReport


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `lake import` and the commands over tables."""
    lake = commands.add_parser("lake", help="bring pictures in, look at what is kept")
    verbs = lake.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_table_commands(verbs)
    take_in = verbs.add_parser("import", help="bring in pictures, a table, a product feed or a data set")
    take_in.add_argument("source", help="a folder, a file, an address, or a pattern: data-{00..09}.tar")
    take_in.add_argument("--kind", default="", help="what the source is, where its content does not tell")
    add_lake_option(take_in)
    take_in.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
    take_in.add_argument("--images", type=Path, help="folder or zip of the pictures that the rows name")
    take_in.add_argument("--name", default="", help="groups the items of one source (default: its file name)")
    take_in.add_argument("--remove-missing", action="store_true", help="delete what the source no longer has")
    take_in.add_argument("--yes", action="store_true", help="also if that is more than 30 %% of the items")
    take_in.add_argument(
        "--allow-no-picture", action="store_true", help="rows without a picture become items of words alone"
    )
    add_allowed_hosts(take_in)
    take_in.add_argument("--workers", type=int, help="decode processes (default: one a core)")
    take_in.add_argument(
        "--reread", action="store_true", help="read a catalogue by address also if it has not changed"
    )
    take_in.add_argument("--quiet", action="store_true", help="no progress")
    take_in.add_argument("--json", action="store_true")
    take_in.set_defaults(run=run_import)


def add_allowed_hosts(command: argparse.ArgumentParser) -> None:
    """Adds `--allow-host` to a command that imports."""
    command.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST",
        help="fetch pictures from this host also if it is in a private net; may be repeated",
    )  # fmt: skip


def run_import(args: argparse.Namespace) -> int:
    """Imports, and prints what came of every row."""
    # Engines load when a command runs, so that `--help` answers at once.
    from bowerbird.lake.importing.job import ImportOptions
    from bowerbird.lake.importing.remote_base import is_address
    from bowerbird.lake.importing.sourcing import bring_in

    options = ImportOptions(
        name=args.name,
        columns=columns_of(args.map),
        images=args.images,
        remove_missing=args.remove_missing,
        is_agreed=args.yes,
        workers=args.workers,
        allowed_hosts=tuple(args.allow_host),
        kind=args.kind,
        allow_no_picture=args.allow_no_picture,
    )
    with opened(args, create=True) as lake, shown_progress(args.quiet or args.json) as progress:
        report = bring_in(
            lake,
            args.source,
            options,
            told(progress),
            keep_unchanged=not args.reread and is_address(args.source),
        )
    print(json.dumps(asdict(report)) if args.json else sentence_of(report))
    return 0


def columns_of(given: list[str]) -> dict[str, str]:
    """Field → column of `--map` words."""
    pairs = [word.partition("=") for word in given]
    for field, _, column in pairs:
        if not field or not column:
            raise ConfigError(f"--map {field} was received; needed is FIELD=COLUMN; write it like title=name")
    return {field: column for field, _, column in pairs}


def shown_progress(is_hidden: bool) -> "Progress":
    """A line on standard error, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=is_hidden or not sys.stderr.isatty())


def told(progress: "Progress") -> "Callable[[ImportProgress], None]":
    """What keeps the line up to date."""
    task = progress.add_task("reading")

    def tell(at: "ImportProgress") -> None:
        done = f"{at.accepted:,} in, {at.unchanged:,} unchanged, {at.rejected:,} refused"
        progress.update(task, description=f"{at.rows_in:,} rows read: {done}")

    return tell


def sentence_of(report: "ImportReport") -> str:
    """What a person wants to know at the end."""
    if report.is_unread:
        return "the catalogue has not changed since it was last read: nothing to do"
    per_second = report.accepted / max(report.seconds, 1e-9)
    text = (
        f"{report.rows_in:,} rows: {report.accepted:,} in, {report.unchanged:,} unchanged, "
        f"{report.rejected:,} refused, in {report.seconds:.1f} s ({per_second:.0f} pictures/s)"
    )
    if report.removed:
        text += f"; {report.removed:,} items removed"
    if report.by_code:
        text += "\n" + ", ".join(f"{code}: {count:,}" for code, count in sorted(report.by_code.items()))
    return text + (f"\nrefused rows: {report.rejects_path}" if report.rejects_path else "")
