"""This file is about one turn of `bowerbird loop run`: what is read, trained, judged, and let serve."""

import argparse
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress

if TYPE_CHECKING:
    from bowerbird.cli.rank_data import RankerData
    from bowerbird.learn.loop import LoopConfig, LoopRun, LoopRuns
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.rank.ranker import ServedRanker
    from bowerbird.rank.ranker.looping import Turn
    from bowerbird.rank.ranker.promotion import Promotion

_HOUR_MS = 3_600_000


def loop_config(args: argparse.Namespace) -> "LoopConfig":
    """The settings of the loop, as the command was told."""
    from bowerbird.cli.checked import checked
    from bowerbird.learn.loop import LoopConfig

    words = {
        "every_hours": args.every_hours,
        "least_new_pages": args.least_pages,
        "window_days": args.window_days,
        "least_live_pages": args.least_live_pages,
    }
    return checked(LoopConfig, **words)


def turn_of(args: argparse.Namespace, promotion: "Promotion") -> "LoopRun":
    """Reads, and takes a turn where one is due; the run is in the record.

    Where a challenger serves a share of the people, what they did comes first, and nothing is trained before
    that is decided.
    """
    from bowerbird.cli.rank_data import ranker_data
    from bowerbird.core.ids import new_id
    from bowerbird.lake.lake import Lake
    from bowerbird.learn.loop import LoopRun
    from bowerbird.rank.ranker.looping import facts_of
    from bowerbird.rank.ranker.requests import requests_of
    from bowerbird.rank.utility import UtilityConfig, weights_of

    registry, runs, config = promotion.registry, promotion.runs, loop_config(args)
    with shown_progress(args.json or args.beside) as progress, Lake.open(args.lake) as lake:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        began_ms, last = lake.clock.now_ms(), next(iter(runs.all()[::-1]), None)
        read = ranker_data(lake, tell)
        weights = weights_of(UtilityConfig())
        if (looked := promotion.look(read.acts, read.person_ids, weights, config)) is not None:
            return looked
        new_pages = len(requests_of(read.acts.where(read.acts.at_ms >= (last.until_ms if last else 0))))
        facts: dict[str, Any] = {"id": new_id("turn"), "began_ms": began_ms, "pages": new_pages}
        if not args.once and not _is_due(last, new_pages, began_ms, config):
            return LoopRun.model_validate({**facts, "ended_ms": began_ms, "outcome": "not due"})
        champion, found, learnt = _taken(args, read, registry, runs, config, tell)
        challenger, outcome = _let_serve(args, promotion, found, learnt, read.version)
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
    """The champion's id, what the turn came to, and what is kept with the challenger."""
    from bowerbird.cli.rank_train import prerank_config, ranker_config
    from bowerbird.rank.prerank.train import train_prerank
    from bowerbird.rank.ranker import load_ranker
    from bowerbird.rank.ranker.keeping import MODEL
    from bowerbird.rank.ranker.looping import Turning, turn
    from bowerbird.rank.ranker.requests import requests_of
    from bowerbird.rank.ranker.starting import start_of
    from bowerbird.rank.ranker.train import future_pages, train_ranker

    active, ranking = registry.active(MODEL), ranker_config(args.epochs)
    champion = None if active is None else load_ranker(active[1])
    if champion is not None and champion.space != read.space:
        champion = None  # of another encoder: it serves no more, so that nothing has to be better than it
    start = None
    if active is not None and not args.cold:
        start = start_of(active[1], ranking, read.space, read.raw.shape[1])
    work = registry.folder / ".training" / f"loop-{read.version}-{ranking.training.epochs}-{args.seed}"
    work.mkdir(parents=True, exist_ok=True)
    learnt: dict[str, Any] = {}

    def learn(acts: Any, from_ms: int) -> "ServedRanker":
        trained = train_ranker(
            acts, read.raw, read.items, ranking,
            space=read.space, seed=args.seed, folder=work,
            pages=requests_of(acts).since(from_ms), start=start, tell=tell,
        )  # fmt: skip
        light = train_prerank(
            trained.ranker, acts.where(acts.at_ms >= from_ms), read.raw, read.items,
            prerank_config(args.epochs), seed=args.seed, folder=work / "prerank",
            weighed_since=read.weighed_since, tell=tell,
        )  # fmt: skip
        learnt.update(report=trained.report, beside=light.prerank, weights=trained.weights)
        learnt.update(facts={"prerank": light.report})
        return trained.ranker

    good = runs.last_promoted()
    rate = None if good is None or not good.window else float(good.window["action_rate"])
    turning = Turning(config, learn, lambda r, acts, ms: future_pages(r, acts, read.raw, read.items, ms))
    return "" if active is None else active[0].id, turn(read.acts, champion, rate, turning, tell), learnt


def _let_serve(
    args: argparse.Namespace, promotion: "Promotion", found: "Turn", learnt: dict[str, Any], version: str
) -> tuple[str, str]:
    """The challenger's id, and what became of it; nothing where the window was complained of."""
    from bowerbird.rank.ranker.keeping import keep

    if found.challenger is None or found.decision is None:
        return "", "complained"
    data = {"name": args.lake.resolve().name, "form": "lake", "version": version}
    config, registry = found.challenger.config, promotion.registry
    card = keep(found.challenger, registry=registry, config=config, seed=args.seed, data=data, **learnt)
    if not found.decision.passes:
        return card.id, "refused"
    return card.id, promotion.serve(card.id, args.canary, args.shadow_pages)
