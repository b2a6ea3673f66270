"""This file is about `bowerbird lake import`: a catalogue in, and what came of every row."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.import_told import sentence_of, sentence_of_links, shown_progress, told
from bowerbird.cli.lake_leaf import add_lake_option, opened
from bowerbird.core.errors import ConfigError, TooLargeError

if TYPE_CHECKING:
    from bowerbird.lake.importing.job import ImportOptions


def add_import_command(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `lake import`."""
    take_in = verbs.add_parser("import", help="bring in pictures, a table, a product feed or a data set")
    take_in.add_argument(
        "source", help="a folder, a file, an address, s3://…, or a pattern: data-{00..09}.tar"
    )
    add_lake_option(take_in)
    add_source_options(take_in)
    take_in.add_argument("--name", default="", help="groups the items of one source (default: its file name)")
    take_in.add_argument("--yes", action="store_true", help="also if that is more than 30 %% of the items")
    take_in.add_argument(
        "--reread", action="store_true", help="read a catalogue by address also if it has not changed"
    )
    take_in.add_argument("--quiet", action="store_true", help="no progress")
    take_in.add_argument("--json", action="store_true")
    take_in.set_defaults(run=run_import)


def add_source_options(command: argparse.ArgumentParser) -> None:
    """Adds what may be said about a source, now or for each of its runs."""
    command.add_argument("--kind", default="", help="what the source is, where its content does not tell")
    command.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
    command.add_argument("--images", type=Path, help="folder or zip of the pictures that the rows name")
    command.add_argument(
        "--allow-no-picture", action="store_true", help="rows without a picture become items of words alone"
    )
    command.add_argument(
        "--action", action="append", default=[], metavar="WORD=ACTION",
        help="what an export's word for what people do means, such as read=closeup; may be repeated",
    )  # fmt: skip
    command.add_argument("--remove-missing", action="store_true", help="delete what the source no longer has")
    command.add_argument("--take-back", action="store_true", help="forgotten items may come in again")
    command.add_argument(
        "--recheck-pictures", action="store_true",
        help="ask for the pictures of known rows again: another one may be behind the same address",
    )  # fmt: skip
    add_allowed_hosts(command)
    command.add_argument("--workers", type=int, help="decode processes (default: one a core)")


def add_allowed_hosts(command: argparse.ArgumentParser) -> None:
    """Adds `--allow-host` to a command that imports."""
    command.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST",
        help="fetch pictures from this host also if it is in a private net; may be repeated",
    )  # fmt: skip


def options_of(args: argparse.Namespace, *, name: str, is_agreed: bool = False) -> "ImportOptions":
    """What the words say about a source."""
    from bowerbird.lake.importing.job import ImportOptions

    return ImportOptions(
        name=name,
        columns=pairs_of(args.map, "--map", "FIELD=COLUMN", "title=name"),
        images=args.images,
        remove_missing=args.remove_missing,
        is_agreed=is_agreed,
        workers=args.workers,
        allowed_hosts=tuple(args.allow_host),
        kind=args.kind,
        allow_no_picture=args.allow_no_picture,
        recheck_pictures=args.recheck_pictures,
        takes_back=args.take_back,
        actions=pairs_of(args.action, "--action", "WORD=ACTION", "read=closeup"),
    )


def run_import(args: argparse.Namespace) -> int:
    """Imports, and prints what came of every row."""
    # Engines load when a command runs, so that `--help` answers at once.
    from bowerbird.lake.importing.sourcing import bring_in
    from bowerbird.lake.linking import link_look_alikes
    from bowerbird.lake.places import is_remote

    options = options_of(args, name=args.name, is_agreed=args.yes)
    keep = is_remote(args.source) and not args.reread
    with opened(args, create=True) as lake, shown_progress(args.quiet or args.json) as progress:
        run = bring_in(lake, args.source, options, told(progress), keep_unchanged=keep)
        links = link_look_alikes(lake)
    held = run.removal.held
    if args.json:
        print(json.dumps({**asdict(run.report), **({"held": held} if held else {})}))
        return int(bool(held))
    print(sentence_of(run.report))
    if links.linked:
        print(sentence_of_links(links))
    if held:
        raise TooLargeError(held)
    return 0


def pairs_of(given: list[str], option: str, form: str, example: str) -> dict[str, str]:
    """What stands before and after the `=` of words that an option was given."""
    pairs = [word.partition("=") for word in given]
    for before, _, after in pairs:
        if not before or not after:
            raise ConfigError(f"{option} {before} was received; needed is {form}; write it like {example}")
    return {before: after for before, _, after in pairs}
