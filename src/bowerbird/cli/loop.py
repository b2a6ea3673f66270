"""This file is about `bowerbird loop`: train on a window, hold against the champion on later pages."""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress

if TYPE_CHECKING:
    from bowerbird.cli.rank_data import RankerData
    from bowerbird.learn.loop import LoopConfig, LoopRun, LoopRuns
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.rank.ranker import ServedRanker
    from bowerbird.rank.ranker.looping import Turn

_LOOK_EVERY_S = 60.0
_HOUR_MS = 3_600_000


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
    text = "of the people whom the challenger serves at first; `loop promote` gives it all"
    run.add_argument("--canary", type=float, default=0.0, metavar="SHARE", help=text)
    run.add_argument("--epochs", type=int, help="at most so many")
    run.add_argument("--seed", type=int, default=0)
    run.set_defaults(run=run_loop)
    text = "the champion, the canary, and every turn with its reasons"
    verbs.add_parser("status", help=text, description=text).set_defaults(run=run_status)
    text = "let the challenger that serves a share serve all"
    verbs.add_parser("promote", help=text, description=text).set_defaults(run=run_promote)
    text = "let the champion before this one serve again, and end the canary"
    verbs.add_parser("rollback", help=text, description=text).set_defaults(run=run_rollback)
    for verb in verbs.choices.values():
        verb.add_argument("--lake", type=Path, required=True, help="folder of a lake")
        verb.add_argument("--json", action="store_true", help="print one JSON object")


def run_loop(args: argparse.Namespace) -> int:
    """One turn, or a turn whenever one is due, until it is stopped."""
    from bowerbird.cli.retrievers import needs_torch

    needs_torch("a ranker")
    while True:
        run = _turn(args)
        if args.once or run.outcome != "not due":
            print(run.model_dump_json() if args.json else _line(run), flush=True)
        if args.once:
            return 0
        time.sleep(_LOOK_EVERY_S)


def run_status(args: argparse.Namespace) -> int:
    """What serves, and how it came to."""
    from bowerbird.rank.ranker.keeping import MODEL, canary_of

    registry, runs = _parts(args)
    active, canary = registry.active(MODEL), canary_of(registry)
    champion = "" if active is None else active[0].id
    told = {
        "champion": champion,
        "canary": {"id": canary.id, "share": canary.share},
        "runs": [run.model_dump(mode="json") for run in runs.all()],
    }
    lines = [f"champion: {champion or 'the plain ranker'}"]
    if canary.id:
        lines.append(f"canary: {canary.id} for {canary.share:.0%} of the people")
    lines += [_line(run) for run in runs.all()] or ["no turn yet"]
    print(json.dumps(told) if args.json else "\n".join(lines))
    return 0


def run_promote(args: argparse.Namespace) -> int:
    """The canary serves all."""
    from bowerbird.core.errors import NotFoundError
    from bowerbird.rank.ranker.keeping import MODEL, Canary, canary_of, set_canary

    registry, runs = _parts(args)
    canary = canary_of(registry)
    if not canary.id:
        raise NotFoundError(
            "no challenger serves a share; needed is one; run `bowerbird loop run --once --canary .1`"
        )
    before = registry.active(MODEL)
    registry.activate(MODEL, canary.id)
    set_canary(registry, Canary("", 0.0))
    return _said(args, runs, "promoted", "" if before is None else before[0].id, canary.id)


def run_rollback(args: argparse.Namespace) -> int:
    """The one before serves again."""
    from bowerbird.core.errors import NotFoundError
    from bowerbird.rank.ranker.keeping import MODEL, Canary, set_canary

    registry, runs = _parts(args)
    active = registry.active(MODEL)
    now = "" if active is None else active[0].id
    came = [run for run in runs.all() if run.outcome == "promoted" and run.challenger == now]
    if not now or not came:
        raise NotFoundError(
            "the champion did not come by the loop; needed is a turn that promoted it; "
            "see `bowerbird loop status`"
        )
    set_canary(registry, Canary("", 0.0))
    before = came[-1].champion
    if before:
        registry.activate(MODEL, before)
    else:
        registry.deactivate(MODEL)
    return _said(args, runs, "rolled back", now, before)


def _turn(args: argparse.Namespace) -> "LoopRun":
    """Reads, and takes a turn where one is due; the run is in the record."""
    from bowerbird.cli.checked import checked
    from bowerbird.cli.rank_data import ranker_data
    from bowerbird.core.ids import new_id
    from bowerbird.lake.lake import Lake
    from bowerbird.learn.loop import LoopConfig, LoopRun
    from bowerbird.rank.ranker.looping import facts_of
    from bowerbird.rank.ranker.requests import requests_of

    registry, runs = _parts(args)
    words = {
        "every_hours": args.every_hours,
        "least_new_pages": args.least_pages,
        "window_days": args.window_days,
    }
    config = checked(LoopConfig, **words)
    with shown_progress(args.json) as progress, Lake.open(args.lake) as lake:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        began_ms, last = lake.clock.now_ms(), next(iter(runs.all()[::-1]), None)
        read = ranker_data(lake, tell)
        new_pages = len(requests_of(read.acts.where(read.acts.at_ms >= (last.until_ms if last else 0))))
        facts: dict[str, Any] = {"id": new_id("turn"), "began_ms": began_ms, "pages": new_pages}
        if not args.once and not _is_due(last, new_pages, began_ms, config):
            return LoopRun.model_validate({**facts, "ended_ms": began_ms, "outcome": "not due"})
        champion, found, reports = _taken(args, read, registry, runs, config, tell)
        challenger, outcome = _let_serve(args, registry, found, reports, read.version)
        facts |= {"ended_ms": lake.clock.now_ms(), "outcome": outcome, "champion": champion}
    run = LoopRun.model_validate({**facts, "challenger": challenger, **facts_of(found)})
    runs.add(run)
    return run


def _is_due(last: "LoopRun | None", new_pages: int, now_ms: int, config: "LoopConfig") -> bool:
    if last is None or new_pages >= config.least_new_pages:
        return True
    return new_pages > 0 and now_ms - last.ended_ms >= config.every_hours * _HOUR_MS


def _taken(
    args: argparse.Namespace,
    read: "RankerData",
    registry: "ModelRegistry",
    runs: "LoopRuns",
    config: "LoopConfig",
    tell: Any,
) -> "tuple[str, Turn, dict[str, Any]]":
    """The champion's id, what the turn came to, and what the challenger's card is to say."""
    from bowerbird.cli.rank_train import ranker_config
    from bowerbird.rank.ranker import load_ranker
    from bowerbird.rank.ranker.keeping import MODEL
    from bowerbird.rank.ranker.looping import Turning, turn
    from bowerbird.rank.ranker.train import future_pages, train_ranker

    active, ranking = registry.active(MODEL), ranker_config(args.epochs)
    champion = None if active is None else load_ranker(active[1])
    if champion is not None and champion.space != read.space:
        champion = None  # of another encoder: it serves no more, so that nothing has to be better than it
    work = registry.folder / ".training" / f"loop-{read.version}-{ranking.training.epochs}-{args.seed}"
    work.mkdir(parents=True, exist_ok=True)
    reports: dict[str, Any] = {}

    def learn(acts: Any) -> "ServedRanker":
        trained = train_ranker(
            acts, read.raw, read.items, ranking, space=read.space, seed=args.seed, folder=work, tell=tell
        )
        reports.update(trained.report)
        return trained.ranker

    good = runs.last_promoted()
    rate = None if good is None or not good.window else float(good.window["action_rate"])
    turning = Turning(config, learn, lambda r, acts, ms: future_pages(r, acts, read.raw, read.items, ms))
    return "" if active is None else active[0].id, turn(read.acts, champion, rate, turning, tell), reports


def _let_serve(
    args: argparse.Namespace, registry: "ModelRegistry", found: "Turn", reports: dict[str, Any], version: str
) -> tuple[str, str]:
    """The challenger's id, and what became of it; nothing where the window was complained of."""
    from bowerbird.rank.ranker.keeping import MODEL, Canary, keep, set_canary

    if found.challenger is None or found.decision is None:
        return "", "complained"
    data = {"name": args.lake.resolve().name, "form": "lake", "version": version}
    config = found.challenger.config
    card = keep(found.challenger, reports, registry, config=config, seed=args.seed, data=data)
    if not found.decision.passes:
        return card.id, "refused"
    if args.canary > 0:
        set_canary(registry, Canary(card.id, min(args.canary, 1.0)))
        return card.id, "canary"
    registry.activate(MODEL, card.id)
    return card.id, "promoted"


def _said(args: argparse.Namespace, runs: "LoopRuns", outcome: str, before: str, after: str) -> int:
    from bowerbird.core.clock import SystemClock
    from bowerbird.core.ids import new_id
    from bowerbird.learn.loop import LoopRun

    now_ms, last = SystemClock().now_ms(), next(iter(runs.all()[::-1]), None)
    facts = {"until_ms": last.until_ms, "window": last.window} if last else {}
    run = LoopRun.model_validate(
        {
            "id": new_id("turn"), "began_ms": now_ms, "ended_ms": now_ms, "outcome": outcome,
            "champion": before, "challenger": after, "reasons": ("by hand",), **facts,
        }
    )  # fmt: skip
    runs.add(run)
    print(run.model_dump_json() if args.json else _line(run))
    return 0


def _line(run: "LoopRun") -> str:
    who = f" {run.challenger}" if run.challenger else ""
    return f"{run.outcome}{who}: {'; '.join(run.reasons) or f'{run.pages:,} new pages'}"


def _parts(args: argparse.Namespace) -> "tuple[ModelRegistry, LoopRuns]":
    from bowerbird.learn.loop import LoopRuns
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.rank.ranker.keeping import rankers_folder

    folder = rankers_folder(args.lake)
    return ModelRegistry(folder), LoopRuns(folder / "loop")
