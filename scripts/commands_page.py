"""This file is about `docs/commands.md`: every command with its options, written from the parser itself.

Run: python scripts/commands_page.py   (rewrites the page; a test fails where page and parser differ)
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from bowerbird.cli.main import build_parser

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Written by `scripts/commands_page.py`. Exit code 0: done; 1: failed, one line on stderr says why; 2: wrong
use. `--log debug|info|warning|error` and `--log-format text|json` go before the command.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_section(words, parser) for words, parser in leaves(build_parser()))


def leaves(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command that does something, with its parser."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups or parser.get_default("run") is not None:
        yield words, parser
    for group in groups:
        for name, sub in group.choices.items():
            yield from leaves(sub, (*words, name))


def _section(words: tuple[str, ...], parser: argparse.ArgumentParser) -> str:
    told = [_option(action) for action in parser._actions if _is_told(action)]
    return (
        f"\n## `bowerbird {' '.join(words)}`\n\n{_help_of(words)}\n" + ("\n" if told else "") + "".join(told)
    )


def _is_told(action: argparse.Action) -> bool:
    return not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def _option(action: argparse.Action) -> str:
    takes = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    name = f"{', '.join(action.option_strings)}{takes}" if action.option_strings else action.dest
    must = " (required)" if action.option_strings and action.required else ""
    told = (action.help or "").replace("%%", "%")
    return f"- `{name}`{must}" + (f": {told}" if told else "") + "\n"


def _help_of(words: tuple[str, ...]) -> str:
    parser, told = build_parser(), ""
    for word in words:
        (group,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
        told = next(str(each.help) for each in group._choices_actions if each.dest == word)
        parser = group.choices[word]
    return told[:1].upper() + told[1:] + "."


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.exit(0)
