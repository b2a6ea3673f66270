"""This file is about `bowerbird lake versions`, `lake show` and `lake events`: looking into the lake."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.cli.lake_tags import add_tag_commands
from bowerbird.cli.lake_upkeep import add_upkeep_commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bowerbird.lake.items import StoredItem
    from bowerbird.lake.lake import Lake


def add_table_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    add_leaf(commands, "versions", run_versions, "list the versions that can still be read")
    show = add_leaf(
        commands, "show", run_show, "show an item, or count items, as of now or of any kept version"
    )
    show.add_argument("id", nargs="?", help="id of an item; without it items are counted")
    as_of = "a version number, a time such as 2026-11-22T18:00, or a tag"
    show.add_argument("--as-of", metavar="MOMENT", help=as_of)
    add_tag_commands(commands)
    add_upkeep_commands(commands)
    events = add_leaf(commands, "events", run_events, "list events, oldest first")
    events.add_argument("--after", type=int, default=0, metavar="OFFSET", help="begin after this one")
    events.add_argument("--limit", type=int, default=20, help="at most this many (default: 20)")


def run_versions(args: argparse.Namespace) -> int:
    """Prints each version of the item table and when it was made."""
    with opened(args) as lake:
        kept = [
            (version.version, version.at.astimezone(UTC).isoformat()) for version in lake.items.versions()
        ]
    facts = {"versions": [{"version": version, "at": at} for version, at in kept]}
    say(args, facts, "\n".join(f"{version:>8}  {at}" for version, at in kept))
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Prints an item, or how many there are."""
    with opened(args) as lake:
        view = lake.at(lake.items.version if args.as_of is None else args.as_of)
        if args.id is None:
            count = view.count()
            say(args, {"version": view.version, "items": count}, f"{count:,} items at version {view.version}")
            return 0
        found = view.item(args.id)
        shown = _as_json(found) | {"videos": _videos(lake, found.media_ids)}
    say(args, {"version": view.version, "item": shown}, json.dumps(shown, indent=2, ensure_ascii=False))
    return 0


def run_events(args: argparse.Namespace) -> int:
    """Prints events, one a line."""
    with opened(args) as lake:
        found = [
            {"offset": offset, **event.model_dump(mode="json", exclude_defaults=True)}
            for offset, event in lake.events.after(args.after, args.limit)
        ]
        total = lake.events.count()
    lines = [json.dumps(event, ensure_ascii=False) for event in found]
    say(args, {"events": found, "total": total}, "\n".join([*lines, f"{len(found):,} of {total:,} events"]))
    return 0


def _videos(lake: "Lake", media_ids: "Sequence[str]") -> list[dict[str, Any]]:
    from bowerbird.lake.video.stored import video_facts

    return [asdict(facts) for facts in video_facts(lake, media_ids)]


def _as_json(item: "StoredItem") -> dict[str, Any]:
    facts = {name: getattr(item, name) for name in ("media_ids", "safety", "source", "row_hash")}
    return {**item.fields.model_dump(mode="json"), **facts}
