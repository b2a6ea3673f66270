"""This file is about what the `bowerbird lake` commands over tables share: words, lake, answer."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    parser.add_argument("--lake", type=Path, default=Path("lake"), help="folder of the lake (default: lake)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def opened(args: argparse.Namespace) -> "Lake":
    """The lake that the words name."""
    from bowerbird.lake.lake import Lake  # Lance takes half a second to load; `--help` need not wait for it

    return Lake.open(args.lake)


def say(args: argparse.Namespace, facts: dict[str, Any], sentence: str) -> None:
    """Prints the facts for a machine, or the sentence for a person."""
    print(json.dumps(facts, ensure_ascii=False) if args.json else sentence)
