"""This file is about `bowerbird rank features` and `rank parity`: what is counted, and twice alike."""

import argparse
import json
from dataclasses import asdict

from bowerbird.cli.lake_leaf import add_leaf, opened, say


def add_declared_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `rank features` and `rank parity`."""
    text = "list the behaviour features: name, kind, what each one means"
    listed = verbs.add_parser("features", help=text, description=text)
    listed.add_argument("--json", action="store_true", help="print one JSON object")
    listed.set_defaults(run=run_features)
    text = "replay the log's last day through stream and batch, and compare each feature; 1 where they differ"
    parity = add_leaf(verbs, "parity", run_parity, text)
    parity.add_argument("--people", type=int, default=200, help="checked in a kept state (default: 200)")
    parity.add_argument("--rows", type=int, default=5_000, help="moments compared at most (default: 5000)")


def run_features(args: argparse.Namespace) -> int:
    """Says what there is."""
    from bowerbird.rank.declared import FEATURES, VERSION

    if args.json:
        print(json.dumps({"version": VERSION, "features": [asdict(each) for each in FEATURES]}))
        return 0
    lines = [f"{each.name:32} {each.kind:20} {each.meaning}" for each in FEATURES]
    print("\n".join([*lines, f"{len(FEATURES)} features, {VERSION}"]))
    return 0


def run_parity(args: argparse.Namespace) -> int:
    """Replays, says it field by field, and fails where one differs."""
    from bowerbird.lake.catalogue import Catalogue
    from bowerbird.rank.declared import TOLERANCE, VERSION, LiveBehaviour, parity

    with opened(args) as lake:
        catalogue = Catalogue.open(lake)
        report = parity(lake, catalogue, most_rows=args.rows)
        state = LiveBehaviour(lake, catalogue)
        is_kept = state.offset > 0
        state.follow()
        kept = state.check(args.people)
    kept_differing = [each.name for each in kept if each.differing]
    facts = {
        "version": VERSION,
        "tolerance": TOLERANCE,
        "events": report.events,
        "day_events": report.day_events,
        "late": report.late,
        "rows": report.rows,
        "fields": [asdict(each) for each in report.fields],
        "differing": [each.name for each in report.differing],
        "state": {
            "is_kept": is_kept,
            "compared": sum(each.compared for each in kept),
            "differing": kept_differing,
        },
    }
    lines = [
        f"{each.name:32} {each.differing:,} of {each.compared:,} differ, at most by {each.largest:.3g}"
        for each in report.fields
    ]
    lines.append(
        f"{report.rows:,} moments of {report.day_events:,} events of the last day ({report.late:,} late); "
        f"{len(report.differing)} of {len(report.fields)} features differ by more than {TOLERANCE:g}"
    )
    lines.append(
        f"state {'that a server kept' if is_kept else 'as counted now'}, {args.people:,} people at most: "
        f"{len(kept_differing)} of {len(kept)} features differ {', '.join(kept_differing)}".rstrip()
    )
    say(args, facts, "\n".join(lines))
    return 1 if report.differing or kept_differing else 0
