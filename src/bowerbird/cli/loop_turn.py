"""This file is about one turn of `bowerbird loop run`: what is read, trained, judged, and let serve."""

import argparse
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress

if TYPE_CHECKING:
    from bowerbird.cli.rank_data import RankerData
    from bowerbird.lake.lake import Lake
    from bowerbird.learn.loop import LoopConfig, LoopRun
    from bowerbird.learn.types import Tell
    from bowerbird.rank.ranker import ServedRanker
    from bowerbird.rank.ranker.looping import Turn
    from bowerbird.rank.ranker.promotion import Promotion
    from bowerbird.rank.ranker.requests import Acts


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


class Turns:
    """Takes turns over one lake, whenever one is due; every turn is in the record."""

    def __init__(self, args: argparse.Namespace, promotion: "Promotion") -> None:
        self._args, self._promotion, self._config = args, promotion, loop_config(args)
        self._read_to, self._new_pages = -1, 0  # of the log, and how many pages were new there

    def take(self) -> "LoopRun":
        """A turn, or why there was none.

        Where a challenger is on trial, what it did comes first, and nothing is trained before that is
        decided.
        """
        from bowerbird.lake.lake import Lake

        args = self._args
        with shown_progress(args.json or args.beside) as progress, Lake.open(args.lake) as lake:
            task = progress.add_task("reading")

            def tell(sentence: str) -> None:
                progress.update(task, description=sentence)

            return self._take(lake, tell)

    def _take(self, lake: "Lake", tell: "Tell") -> "LoopRun":
        from bowerbird.cli.rank_data import ranker_data
        from bowerbird.core.ids import new_id
        from bowerbird.learn.loop import LoopRun
        from bowerbird.rank.ranker.looping import facts_of
        from bowerbird.rank.ranker.requests import requests_of
        from bowerbird.rank.utility import UtilityConfig, weights_of

        promotion, now_ms = self._promotion, lake.clock.now_ms()
        last = next(iter(promotion.runs.all()[::-1]), None)
        facts: dict[str, Any] = {"id": new_id("turn"), "began_ms": now_ms}
        if not self._may_be_due(lake, last, now_ms):
            return LoopRun.model_validate({**facts, "ended_ms": now_ms, "outcome": "not due"})
        self._read_to = lake.events.last_offset()
        read = ranker_data(lake, tell)
        if trial := promotion.look(read.acts, read.person_ids, weights_of(UtilityConfig()), self._config):
            return trial
        new = read.acts.where(read.acts.at_ms >= (last.until_ms if last else 0))
        facts["pages"] = self._new_pages = len(requests_of(new))
        if not self._args.once and not self._is_due(last, self._new_pages, now_ms):
            return LoopRun.model_validate({**facts, "ended_ms": now_ms, "outcome": "not due"})
        before, found, learnt = _taken(self._args, read, promotion, self._config, tell)
        challenger, outcome = _let_serve(self._args, promotion, found, learnt, read.version)
        facts |= {"ended_ms": lake.clock.now_ms(), "outcome": outcome, "champion": before}
        run = LoopRun.model_validate({**facts, "challenger": challenger, **facts_of(found)})
        promotion.runs.add(run)
        return run

    def _may_be_due(self, lake: "Lake", last: "LoopRun | None", now_ms: int) -> bool:
        """Whether it is worth to read everything; a page has an event at least."""
        if self._args.once or self._read_to < 0 or self._promotion.shadow.id:
            return True
        new_events = lake.events.last_offset() - self._read_to
        if self._promotion.canary.id:
            return new_events > 0
        return self._is_due(last, self._new_pages + new_events, now_ms)

    def _is_due(self, last: "LoopRun | None", new_pages: int, now_ms: int) -> bool:
        return self._config.is_due(None if last is None else last.ended_ms, new_pages, now_ms)


def _taken(
    args: argparse.Namespace, read: "RankerData", promotion: "Promotion", config: "LoopConfig", tell: "Tell"
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

    registry = promotion.registry
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

    def learn(acts: "Acts", from_ms: int) -> "ServedRanker":
        trained = train_ranker(
            acts, read.raw, read.items, ranking,
            space=read.space, seed=args.seed, folder=work,
            pages=requests_of(acts).since(from_ms), start=start, tell=tell,
        )  # fmt: skip
        learnt.update(report=trained.report, weights=trained.weights)
        return trained.ranker

    good = promotion.runs.last_promoted()
    rate = None if good is None or not good.window else float(good.window["action_rate"])
    turning = Turning(config, learn, lambda r, acts, ms: future_pages(r, acts, read.raw, read.items, ms))
    found = turn(read.acts, champion, rate, turning, tell)
    if found.challenger is not None and found.decision is not None and found.decision.passes:
        # Only for one that may serve: it takes as long as the ranker itself.
        known = read.acts.where(read.acts.at_ms < found.cut_ms)
        light = train_prerank(
            found.challenger, known, read.raw, read.items, prerank_config(args.epochs),
            seed=args.seed, folder=work / "prerank", pages=requests_of(known).since(found.from_ms),
            weighed_since=read.weighed_since, tell=tell,
        )  # fmt: skip
        learnt.update(beside=light.prerank, facts={"prerank": light.report})
    return "" if active is None else active[0].id, found, learnt


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
