"""This file is about `bowerbird lake tag`, `lake tags` and `lake untag`: names for states of all tables."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bowerbird.cli.lake_leaf import add_leaf, opened, say

if TYPE_CHECKING:
    from bowerbird.lake.tags import LakeTag

_MS_PER_S = 1000


def add_tag_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    tag = add_leaf(commands, "tag", run_tag, "name the present state of all tables, and keep it")
    tag.add_argument("name", help="such as train-2026-11; give it to `--as-of` later")
    add_leaf(commands, "tags", run_tags, "list the tags")
    untag = add_leaf(commands, "untag", run_untag, "take a tag away; its state need not be kept any more")
    untag.add_argument("name")


def run_tag(args: argparse.Namespace) -> int:
    """Tags."""
    from bowerbird.lake.tags import make_tag

    with opened(args) as lake:
        tag = make_tag(lake.place, args.name, lake.clock)
    say(args, tag.model_dump(), f"tagged {len(tag.tables)} tables as {tag.name}")
    return 0


def run_tags(args: argparse.Namespace) -> int:
    """Prints every tag, oldest first."""
    from bowerbird.lake.tags import list_tags

    with opened(args) as lake:
        tags = list_tags(lake.place)
    say(args, {"tags": [tag.model_dump() for tag in tags]}, "\n".join(map(_line, tags)) or "no tags")
    return 0


def run_untag(args: argparse.Namespace) -> int:
    """Takes a tag away."""
    from bowerbird.lake.tags import remove_tag

    with opened(args) as lake:
        tag = remove_tag(lake.place, args.name)
    say(args, tag.model_dump(), f"{tag.name} stands for nothing any more")
    return 0


def _line(tag: "LakeTag") -> str:
    made = datetime.fromtimestamp(tag.made_ms / _MS_PER_S, UTC).isoformat(timespec="seconds")
    return f"{made}  {tag.name}  (items at version {tag.tables.get('item', 0)})"
