"""This file is about the front door: words on the command line, one call, one sentence back."""

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Sequence

from bowerbird import __version__, cli
from bowerbird.cli import logs
from bowerbird.core.errors import BowerbirdError

ORDER = ("up", "lake", "encode", "retrieve", "measure", "serve", "doctor")
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command. 0: done; 1: failed, with one line and no traceback; 2: wrong use."""
    args = build_parser().parse_args(words)
    logs.configure(args.log, args.log_format)
    try:
        return int(args.run(args))
    except BowerbirdError as error:
        return _fail(str(error), code=type(error).__name__, as_json=getattr(args, "json", False))
    except KeyboardInterrupt:
        print(
            "interrupted; what was finished is kept, and the same command goes on from there", file=sys.stderr
        )
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, say) has had enough; point stdout away so that closing it says nothing more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def build_parser() -> argparse.ArgumentParser:
    """The whole command tree; each module of `bowerbird.cli` with `add_commands` brings its own."""
    parser = argparse.ArgumentParser(
        prog="bowerbird",
        description="A visual discovery engine that anyone with a catalogue of pictures can run.",
        epilog="Start with: bowerbird up FOLDER",
    )
    parser.add_argument("--version", action="version", version=f"bowerbird {__version__}")
    parser.add_argument("--log", default="warning", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-format", default="text", choices=["text", "json"])
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    names = [module.name for module in pkgutil.iter_modules(cli.__path__)]
    for name in sorted(names, key=lambda each: (ORDER.index(each) if each in ORDER else len(ORDER), each)):
        module = importlib.import_module(f"bowerbird.cli.{name}")
        if hasattr(module, "add_commands"):
            module.add_commands(commands)
    return parser


def _fail(message: str, *, code: str, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"code": code, "detail": message}}))
    print(f"bowerbird: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
