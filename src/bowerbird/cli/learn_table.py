"""This file is about `bowerbird learn table`: what was shown, and what followed, to train from."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.core.clock import moment_ms
from bowerbird.core.errors import InputError


def add_table_command(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb to the `learn` command."""
    text = "join the request log with what people did afterwards: one row a request, to train rankers from"
    table = add_leaf(verbs, "table", run_table, text)
    table.add_argument(
        "--out", type=Path, metavar="FOLDER", help="a new folder (default: training/TIME in the lake)"
    )
    table.add_argument("--since", metavar="TIME", help="requests from then on, such as 2026-11-27T08:00")
    table.add_argument("--until", metavar="TIME", help="requests before then")
    table.add_argument("--as-of", metavar="TIME", help="as if nothing had arrived later (default: now)")
    table.add_argument(
        "--window-hours", type=float, default=24.0, help="how long labels may take (default: 24)"
    )
    table.add_argument(
        "--history", type=int, default=100, help="newest actions of a person to keep (default: 100)"
    )
    table.add_argument("--shown-only", action="store_true", help="leave out candidates that were not shown")


def run_table(args: argparse.Namespace) -> int:
    """Makes the table and says what is in it."""
    from bowerbird.learn.requests import RequestTableConfig, make_request_table

    try:
        config = RequestTableConfig(
            window_hours=args.window_hours, history_actions=args.history, is_shown_only=args.shown_only
        )
    except ValidationError as error:
        raise InputError(
            f"--window-hours {args.window_hours:g} and --history {args.history} were received; needed are "
            "more than 0 and at most 500 hours, and 0 to 1,000 actions; give others"
        ) from error
    with opened(args) as lake, shown_progress(args.json) as progress:
        task = progress.add_task("reading")
        as_of_ms = moment_ms(args.as_of) if args.as_of else lake.clock.now_ms()
        named = datetime.fromtimestamp(as_of_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%S")
        folder = args.out or lake.path / "training" / f"requests-{named}"
        card = make_request_table(
            lake,
            folder,
            config,
            since_ms=moment_ms(args.since) if args.since else 0,
            until_ms=moment_ms(args.until) if args.until else None,
            as_of_ms=as_of_ms,
            tell=lambda sentence: progress.update(task, description=sentence),
        )
    counts = card.counts
    size = sum((folder / name).stat().st_size for name in card.files)
    facts = {"folder": str(folder), "bytes": size, **card.model_dump(mode="json")}
    say(
        args,
        facts,
        f"{folder}: {counts['requests']:,} requests, {counts['shown']:,} impressions, "
        f"{counts['labelled']:,} of them with a label; {counts['open']:,} requests were too new",
    )
    return 0
