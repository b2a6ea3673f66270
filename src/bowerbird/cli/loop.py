"""This file is about `bowerbird loop`: train on a window, hold against the champion on later pages."""

import argparse
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bowerbird.learn.loop import LoopRun
    from bowerbird.rank.ranker.promotion import Promotion

_LOOK_EVERY_S = 60.0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `loop run`, `loop status`, `loop promote` and `loop rollback`."""
    loop = commands.add_parser("loop", help="keep the ranker learning: train, gate, promote, roll back")
    verbs = loop.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "train when it is due, hold the challenger against the champion, and let the better one serve"
    run = verbs.add_parser("run", help=text, description=text)
    run.add_argument("--once", action="store_true", help="one turn now, whether it is due or not")
    run.add_argument("--every-hours", type=float, default=24.0, help="since the last turn (default: 24)")
    run.add_argument("--least-pages", type=int, default=2_000, help="or so many new pages (default: 2000)")
    run.add_argument("--window-days", type=float, default=30.0, help="of pages to learn from (default: 30)")
    text = "that a challenger is asked about, beside what serves, before it serves anybody (default: 0)"
    run.add_argument("--shadow-pages", type=int, default=0, metavar="N", help=text)
    text = "of the people whom a challenger serves at first, until what they do decides"
    run.add_argument("--canary", type=float, default=0.0, metavar="SHARE", help=text)
    text = "that a challenger serves before that (default: 500)"
    run.add_argument("--least-live-pages", type=int, default=500, help=text)
    run.add_argument("--epochs", type=int, help="at most so many")
    text = "begin each training from nothing, not from the champion's weights"
    run.add_argument("--cold", action="store_true", help=text)
    run.add_argument("--seed", type=int, default=0)
    run.add_argument(
        "--beside", action="store_true", help="run beside a server: others come first, no progress is shown"
    )
    run.add_argument("--parent", type=int, default=0, help="end when this process does")
    run.set_defaults(run=run_loop)
    text = "the champion, the canary, and every turn with its reasons"
    verbs.add_parser("status", help=text, description=text).set_defaults(run=run_status)
    text = "let the challenger on trial serve all, without waiting for what comes of it"
    verbs.add_parser("promote", help=text, description=text).set_defaults(run=run_promote)
    text = "end the trial of a challenger; or, where there is none, let the champion before serve again"
    verbs.add_parser("rollback", help=text, description=text).set_defaults(run=run_rollback)
    for verb in verbs.choices.values():
        verb.add_argument("--lake", type=Path, required=True, help="folder of a lake")
        verb.add_argument("--json", action="store_true", help="print one JSON object")


def run_loop(args: argparse.Namespace) -> int:
    """One turn, or a turn whenever one is due, until it is stopped."""
    from bowerbird.cli.loop_turn import Turns
    from bowerbird.cli.retrievers import needs_torch
    from bowerbird.core.errors import ConflictError

    needs_torch("a ranker")
    if args.beside:
        os.nice(15)
    promotion, said = _promotion(args), ""
    with promotion.alone() as is_alone:
        if not is_alone:
            raise ConflictError(
                f"another loop works on the lake {args.lake}; needed is one a lake; stop that one first"
            )
        turns = Turns(args, promotion)
        while True:
            run = turns.take()
            line = run.model_dump_json() if args.json else _line(run)
            if args.once or (run.outcome != "not due" and line != said):
                print(line, flush=True)
            if args.once:
                return 0
            said = line
            until_s = time.monotonic() + _LOOK_EVERY_S
            while time.monotonic() < until_s:
                if args.parent and os.getppid() != args.parent:
                    return 0
                time.sleep(1.0)


def run_status(args: argparse.Namespace) -> int:
    """What serves, and how it came to."""
    from dataclasses import asdict

    promotion = _promotion(args)
    champion, runs = promotion.champion, promotion.runs.all()
    canary, shadow = promotion.canary, promotion.shadow
    told = {
        "champion": champion,
        "canary": asdict(canary),
        "shadow": asdict(shadow),
        "runs": [run.model_dump(mode="json") for run in runs],
    }
    lines = [f"champion: {champion or 'the plain ranker'}"]
    if canary.id:
        lines.append(f"canary: {canary.id} for {canary.share:.0%} of the people")
    if shadow.id:
        lines.append(f"in the shadow: {shadow.id} for {shadow.pages:,} pages")
    lines += [_line(run) for run in runs] or ["no turn yet"]
    print(json.dumps(told) if args.json else "\n".join(lines))
    return 0


def run_promote(args: argparse.Namespace) -> int:
    """The canary serves all."""
    return _said(args, _promotion(args).promote())


def run_rollback(args: argparse.Namespace) -> int:
    """The trial ends, or the champion before serves again."""
    return _said(args, _promotion(args).roll_back())


def _said(args: argparse.Namespace, run: "LoopRun") -> int:
    print(run.model_dump_json() if args.json else _line(run), flush=True)
    return 0


def _line(run: "LoopRun") -> str:
    who = f" {run.challenger}" if run.challenger else ""
    return f"{run.outcome}{who}: {'; '.join(run.reasons) or f'{run.pages:,} new pages'}"


def _promotion(args: argparse.Namespace) -> "Promotion":
    from bowerbird.core.clock import SystemClock
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.rank.ranker.keeping import rankers_folder
    from bowerbird.rank.ranker.promotion import Promotion

    return Promotion(ModelRegistry(rankers_folder(args.lake)), SystemClock())
