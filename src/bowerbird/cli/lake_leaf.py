"""This file is about what the `bowerbird lake` commands over tables share: words, lake, answer."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.lake.places import as_address

if TYPE_CHECKING:
    from bowerbird.lake.lake import Lake


def add_leaf(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    """A command with `--lake` and `--json`."""
    parser = commands.add_parser(name, help=text, description=text)
    add_lake_option(parser, default=Path("lake"))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def add_lake_option(parser: argparse.ArgumentParser, *, default: Path | None = None) -> None:
    """Adds `--lake` and `--home`; without a default, `--lake` has to be given."""
    parser.add_argument(
        "--lake", type=as_address, default=default, required=default is None, metavar="LAKE",
        help="the lake: a folder, or s3://BUCKET/PREFIX" + (f" (default: {default})" if default else ""),
    )  # fmt: skip
    add_home_option(parser)


def add_home_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--home`."""
    parser.add_argument(
        "--home", type=Path, metavar="FOLDER",
        help="where a lake in a bucket keeps the rest on this machine (default: under your data folder)",
    )  # fmt: skip


def add_to_home_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--to-home`."""
    parser.add_argument(
        "--to-home", type=Path, metavar="FOLDER",
        help="home of the lake that is made, if it is in a bucket (default: under your data folder)",
    )  # fmt: skip


def opened(args: argparse.Namespace, *, create: bool = False) -> "Lake":
    """The lake that the words name."""
    from bowerbird.lake.lake import Lake  # Lance takes half a second to load; `--help` need not wait for it

    return Lake.open(args.lake, create=create, home=args.home)


def say(args: argparse.Namespace, facts: dict[str, Any], sentence: str) -> None:
    """Prints the facts for a machine, or the sentence for a person."""
    print(json.dumps(facts, ensure_ascii=False) if args.json else sentence)
