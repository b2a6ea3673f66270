"""`bowerbird lake versions|show|delete|maintain|events`: looking into the lake and tidying it."""

import argparse
import dataclasses
import json
import resource
from datetime import UTC
from pathlib import Path
from typing import Any

from bowerbird.core.errors import NotFoundError


def add_table_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    _add(commands, "versions", run_versions, "list the versions that can still be read")
    show = _add(commands, "show", run_show, "show an item, or count items, as of now or of any kept version")
    show.add_argument("id", nargs="?", help="id of an item; without it items are counted")
    show.add_argument(
        "--as-of", metavar="VERSION_OR_TIME", help="a version number or a time such as 2026-11-22T18:00"
    )
    delete = _add(commands, "delete", run_delete, "take items out; gone from every page at once")
    delete.add_argument("ids", nargs="+", metavar="ID")
    maintain = _add(
        commands, "maintain", run_maintain, "compact files, bring indexes up to date, let go of old"
    )
    maintain.add_argument("--memory-mb", type=int, default=0, help="most memory to use (0: no bound)")
    events = _add(commands, "events", run_events, "list events, oldest first")
    events.add_argument("--after", type=int, default=0, metavar="OFFSET")
    events.add_argument("--limit", type=int, default=20)


def run_versions(args: argparse.Namespace) -> int:
    """Prints each version of the item table and when it was made."""
    with _lake(args) as lake:
        found = [
            {"version": kept.version, "at": kept.at.astimezone(UTC).isoformat()}
            for kept in lake.items.versions()
        ]
    _say(args, {"versions": found}, "\n".join(f"{kept['version']:>8}  {kept['at']}" for kept in found))
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Prints an item, or how many there are."""
    with _lake(args) as lake:
        view = lake.at(lake.items.version if args.as_of is None else args.as_of)
        if args.id is None:
            count = view.count()
            _say(
                args, {"version": view.version, "items": count}, f"{count:,} items at version {view.version}"
            )
            return 0
        shown = _as_json(view.item(args.id))
    _say(args, {"version": view.version, "item": shown}, json.dumps(shown, indent=2, ensure_ascii=False))
    return 0


def run_delete(args: argparse.Namespace) -> int:
    """Takes items out."""
    from bowerbird.lake.items import delete_items

    with _lake(args) as lake:
        gone = delete_items(lake, args.ids)
        if gone == 0:
            raise NotFoundError(
                f"none of {len(args.ids)} ids is an item; list them with `bowerbird lake show`"
            )
        _say(
            args,
            {"deleted": gone, "version": lake.items.version},
            f"deleted {gone:,} of {len(args.ids):,} items",
        )
    return 0


def run_maintain(args: argparse.Namespace) -> int:
    """Tidies every table and prints what is left to do."""
    if args.memory_mb:
        resource.setrlimit(resource.RLIMIT_DATA, (args.memory_mb * 2**20, args.memory_mb * 2**20))
    with _lake(args) as lake:
        debts = {name: dataclasses.asdict(debt) for name, debt in lake.maintain().items()}
    lines = [f"{name}: {debt['rows']:,} rows in {debt['fragments']} files" for name, debt in debts.items()]
    _say(args, {"tables": debts}, "\n".join(lines))
    return 0


def run_events(args: argparse.Namespace) -> int:
    """Prints events, one a line."""
    with _lake(args) as lake:
        found = [
            {"offset": offset, **event.model_dump(mode="json", exclude_defaults=True)}
            for offset, event in lake.events.after(args.after, args.limit)
        ]
        total = lake.events.count()
    lines = [json.dumps(event, ensure_ascii=False) for event in found]
    _say(args, {"events": found, "total": total}, "\n".join([*lines, f"{len(found):,} of {total:,} events"]))
    return 0


def _add(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--lake", type=Path, default=Path("lake"), help="folder of the lake (default: lake)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def _lake(args: argparse.Namespace) -> Any:
    from bowerbird.lake.lake import Lake  # Lance takes half a second to load; `--help` need not wait for it

    return Lake.open(args.lake)


def _as_json(item: Any) -> dict[str, Any]:
    facts = {name: getattr(item, name) for name in ("media_ids", "safety", "source", "row_hash")}
    return {**item.fields.model_dump(mode="json"), **facts}


def _say(args: argparse.Namespace, facts: dict[str, Any], sentence: str) -> None:
    print(json.dumps(facts, ensure_ascii=False) if args.json else sentence)
