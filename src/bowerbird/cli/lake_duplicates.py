"""This file is about `bowerbird lake duplicates`: items whose pictures are copies of each other."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_leaf, opened, say

if TYPE_CHECKING:
    from rich.progress import Progress

    from bowerbird.lake.linking import Tell
    from bowerbird.lake.look_alikes import CopyGroup

_TITLE_CHARS = 60


def add_duplicates_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `lake duplicates`."""
    duplicates = add_leaf(
        commands, "duplicates", run_duplicates, "list items whose pictures are copies of each other"
    )
    duplicates.add_argument("id", nargs="?", help="id of an item: only its copies")
    duplicates.add_argument("--limit", type=int, default=20, help="at most this many groups (default: 20)")
    duplicates.add_argument("--quiet", action="store_true", help="no progress")


def run_duplicates(args: argparse.Namespace) -> int:
    """Links what was not linked yet, and prints the groups."""
    from bowerbird.lake.linking import link_look_alikes
    from bowerbird.lake.look_alikes import copies_of, copy_groups

    with opened(args) as lake:
        with shown_progress(args.quiet or args.json) as progress:
            linked = link_look_alikes(lake, told(progress))
        found = [copies_of(lake, args.id)] if args.id else copy_groups(lake)
    groups = [group for group in found if len(group.copies) > 1]
    items = sum(len(group.copies) for group in groups)
    facts = {
        "groups": [asdict(group) for group in groups[: args.limit]], "total_groups": len(groups),
        "total_items": items, "linked_now": linked.linked,
    }  # fmt: skip
    lines = [line for group in groups[: args.limit] for line in _lines_of(group)]
    if args.id:
        sentence = f"{max(items - 1, 0):,} copies of {args.id}"
    else:
        sentence = f"{len(groups):,} groups of copies with {items:,} items"
    say(args, facts, "\n".join([*lines, sentence]))
    return 0


def told(progress: "Progress") -> "Tell":
    """What keeps the line of progress up to date."""
    task = progress.add_task("looking for copies")

    def tell(done: int, total: int) -> None:
        progress.update(task, description=f"{done:,} of {total:,} pictures compared")

    return tell


def _lines_of(group: "CopyGroup") -> list[str]:
    lines = [f"group {group.group_id[:12]}, {len(group.copies)} items"]
    for copy in group.copies:
        title = f"  {copy.title[:_TITLE_CHARS]}" if copy.title else ""
        lines.append(f"  {copy.how:<9}  {copy.item_id}{title}")
    return lines
