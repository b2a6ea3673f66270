"""This file is about `bowerbird lake sync`: sources that are synchronised again and again."""

import argparse
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress, told
from bowerbird.cli.lake_import import add_source_options, options_of
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.core.errors import ConfigError

if TYPE_CHECKING:
    from bowerbird.lake.lake import Lake
    from bowerbird.lake.records import Source, SourceRun

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def add_sync_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `lake sync add`, `list`, `run`, `runs`, `agree` and `remove`."""
    text = "keep sources and lake in step"
    steps = verbs.add_parser("sync", help=text, description=text).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = add_leaf(steps, "add", run_add, "register a source; its first run is due at once")
    add.add_argument("name", help="what to call it; its items are grouped under this name")
    add.add_argument("source", help="what `lake import` takes: a path, a pattern or an address")
    add.add_argument("--every", default="1d", metavar="TIME", help="30m, 6h, 1d, …; 0: by hand (default: 1d)")
    add_source_options(add)
    add_leaf(steps, "list", run_list, "list the sources: state, last good run, next run")
    run = add_leaf(steps, "run", run_run, "run one source, or all; only those that are due with --due")
    run.add_argument("name", nargs="?", help="which one")
    run.add_argument("--due", action="store_true", help="only those whose time has come; for cron")
    run.add_argument("--quiet", action="store_true", help="no progress")
    for verb, action, text in (
        ("runs", run_runs, "list what the runs of a source did, newest first"),
        ("agree", run_agree, "let a source remove what it waits with"),
        ("remove", run_remove, "forget a source; its items stay"),
    ):
        add_leaf(steps, verb, action, text).add_argument("name", help="which one")


def run_add(args: argparse.Namespace) -> int:
    """Registers a source."""
    from bowerbird.lake.importing.syncing import add_source

    with opened(args, create=True) as lake:
        options = options_of(args, name=args.name)
        made = add_source(lake, args.name, args.source, options, every_s=seconds_of(args.every))
    say(args, asdict(made), f"source {made.name} is registered; run it with `bowerbird lake sync run`")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Lists the sources."""
    with opened(args) as lake:
        found = lake.records.sources.all()
    lines = [f"{each.name}: {each.state}, {_good(each)}, {_next(each)}; {each.place}" for each in found]
    say(args, {"sources": [asdict(each) for each in found]}, "\n".join(lines) or "there are no sources")
    return 0


def run_run(args: argparse.Namespace) -> int:
    """Runs sources one after the other; 1 if one of them failed or waits."""
    from bowerbird.lake.linking import link_look_alikes

    with opened(args) as lake:
        runs = [_run(lake, name, args) for name in _chosen(lake, args)]
        if any(run.outcome == "done" for run in runs):
            link_look_alikes(lake)
    text = "\n".join(map(sentence_of_run, runs)) or "no source is due"
    say(args, {"runs": [as_facts(run) for run in runs]}, text)
    return int(any(run.outcome in ("failed", "waiting") for run in runs))


def run_runs(args: argparse.Namespace) -> int:
    """Lists the runs of a source."""
    with opened(args) as lake:
        lake.records.sources.get(args.name)
        runs = lake.records.sources.runs(args.name)
    text = "\n".join(f"{_time(run.began_ms)} {sentence_of_run(run)}" for run in runs)
    say(args, {"runs": [as_facts(run) for run in runs]}, text or "it has not run yet")
    return 0


def run_agree(args: argparse.Namespace) -> int:
    """Agrees to a removal."""
    with opened(args) as lake:
        found = lake.records.sources.agree(args.name)
    said = f"the next run of {args.name} may remove up to {found.agreed_missing:,} items"
    say(args, asdict(found), said)
    return 0


def run_remove(args: argparse.Namespace) -> int:
    """Forgets a source."""
    with opened(args) as lake:
        lake.records.sources.remove(args.name)
    say(args, {"removed": args.name}, f"source {args.name} is forgotten; its items stay")
    return 0


def seconds_of(text: str) -> int:
    """Seconds in a text such as `30m`; 0 of `0`."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text.strip().lower())
    if found is None and text.strip() != "0":
        raise ConfigError(
            f"--every {text[:20]} was received; needed is a time such as 30m, 6h or 1d; write one"
        )
    return int(found[1]) * _UNITS_S[found[2]] if found else 0


def as_facts(run: "SourceRun") -> dict[str, Any]:
    """A run for a machine."""
    return {**asdict(run), "report": json.loads(run.report) if run.report else None}


def sentence_of_run(run: "SourceRun") -> str:
    """A run for a person."""
    report = json.loads(run.report) if run.report else {}
    if run.outcome == "unchanged":
        return f"{run.source}: unchanged, nothing was read"
    if not report:
        return f"{run.source}: {run.outcome}" + (f": {run.said}" if run.said else "")
    counts = f"{report['accepted']:,} in, {report['unchanged']:,} unchanged, {report['rejected']:,} refused"
    text = f"{run.source}: {run.outcome}: {counts}, {report['removed']:,} removed"
    rejects = f"; refused rows: {report['rejects_path']}" if report["rejects_path"] else ""
    return f"{text}{rejects}" + (f"\n{run.said}" if run.said else "")


def _chosen(lake: "Lake", args: argparse.Namespace) -> list[str]:
    if args.name is not None:
        return [lake.records.sources.get(args.name).name]
    found = lake.records.sources.due() if args.due else lake.records.sources.all()
    return [each.name for each in found]


def _run(lake: "Lake", name: str, args: argparse.Namespace) -> "SourceRun":
    from bowerbird.lake.importing.syncing import run_source

    with shown_progress(args.quiet or args.json) as progress:
        return run_source(lake, name, told(progress))


def _good(source: "Source") -> str:
    return "never run well" if source.last_good_ms is None else f"last good run {_time(source.last_good_ms)}"


def _next(source: "Source") -> str:
    return "runs by hand" if source.every_s == 0 else f"next run {_time(source.next_run_ms)}"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
