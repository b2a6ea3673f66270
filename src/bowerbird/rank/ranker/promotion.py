"""This file is about which ranker serves: a challenger tried on a share of the people, promoted, or not.

Every step is a line of the loop's record. One loop at a time takes steps; people may at any time.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import numpy as np

from bowerbird.core.claims import claimed
from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError
from bowerbird.core.ids import new_id
from bowerbird.learn.loop import Lived, LiveDecision, LoopConfig, LoopRun, LoopRuns, live_decision
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.keeping import MODEL
from bowerbird.rank.ranker.requests import Acts, requests_of
from bowerbird.rank.ranker.trials import (
    Canary,
    Shadow,
    ShadowSeen,
    canary_of,
    is_canary,
    set_canary,
    set_shadow,
    shadow_of,
    shadow_seen,
)

_BY_HAND = ("by hand",)


class Promotion:
    """Steps between trained and serving, for the rankers of one lake."""

    def __init__(self, registry: ModelRegistry, clock: Clock) -> None:
        self.registry, self._clock = registry, clock
        self.runs = LoopRuns(registry.folder / "loop")

    def alone(self) -> AbstractContextManager[bool]:
        """Whether no other loop works on this lake while the block lasts; a killed one holds nothing."""
        folder = self.registry.folder / "loop"
        folder.mkdir(parents=True, exist_ok=True)
        return claimed(folder / "lock")

    @property
    def champion(self) -> str:
        """Id of the ranker that serves everybody who is in no trial; empty for the plain one."""
        active = self.registry.active(MODEL)
        return "" if active is None else active[0].id

    @property
    def canary(self) -> Canary:
        """The challenger that serves a share."""
        return canary_of(self.registry)

    @property
    def shadow(self) -> Shadow:
        """The challenger that is asked beside what serves."""
        return shadow_of(self.registry)

    def serve(self, challenger: str, share: float, shadow_pages: int = 0) -> str:
        """Lets a challenger serve all, or a share of the people first; gives the outcome.

        Args:
            shadow_pages: that it is asked about before it serves anybody.
        """
        if shadow_pages > 0:
            set_shadow(self.registry, Shadow(challenger, shadow_pages, min(share, 1.0)))
            return "shadow"
        if share > 0:
            set_canary(self.registry, Canary(challenger, min(share, 1.0), self._clock.now_ms()))
            return "canary"
        self.registry.activate(MODEL, challenger)
        return "promoted"

    def promote(self, reasons: Sequence[str] = _BY_HAND, live: LiveDecision | None = None) -> LoopRun:
        """The challenger of the trial serves all.

        Raises:
            NotFoundError: there is no trial.
        """
        before, trial = self.champion, self.canary.id or self.shadow.id
        if not trial:
            raise NotFoundError(
                "no challenger is on trial; needed is one; run `bowerbird loop run --once --canary .1`"
            )
        self.registry.activate(MODEL, trial)
        self._end_trial()
        return self._noted("promoted", before, trial, reasons, live)

    def roll_back(self, reasons: Sequence[str] = _BY_HAND, live: LiveDecision | None = None) -> LoopRun:
        """Ends the trial; where there is none, the champion before this one serves again.

        Raises:
            NotFoundError: there is neither.
        """
        now, trial = self.champion, self.canary.id or self.shadow.id
        if trial:
            self._end_trial()
            return self._noted("rolled back", trial, now, reasons, live)
        came = [run for run in self.runs.all() if run.outcome == "promoted" and run.challenger == now]
        if not now or not came:
            raise NotFoundError(
                "the champion did not come by the loop; needed is a turn that promoted it; "
                "see `bowerbird loop status`"
            )
        before = came[-1].champion
        if before:
            self.registry.activate(MODEL, before)
        else:
            self.registry.deactivate(MODEL)
        return self._noted("rolled back", now, before, reasons, live)

    def look(
        self, acts: Acts, person_ids: Sequence[str], weights: np.ndarray, config: LoopConfig
    ) -> LoopRun | None:
        """What the trial has come to: a step that was taken, or a run that says why none was; None: no trial.

        Args:
            person_ids: by the numbers in `acts`.
            weights: float32 [heads] what each action is worth, in saves.
        """
        canary, shadow = self.canary, self.shadow
        if shadow.id:
            return self._look_at(shadow, shadow_seen(self.registry), config)
        if not canary.id:
            return None
        pages = requests_of(acts)
        worth = np.bincount(pages.request_of_row, pages.labels @ weights, len(pages))
        served = np.array([is_canary(id_, canary) for id_ in person_ids], dtype=bool)
        lived = Lived.of(pages.persons, pages.at_ms, worth, served, canary.since_ms)
        found = live_decision(lived, config)
        if found.outcome == "promote":
            return self.promote((found.reason,), found)
        if found.outcome == "roll back":
            return self.roll_back((found.reason,), found)
        return self._waiting(canary.id, found.reason, asdict(found))

    def _look_at(self, shadow: Shadow, seen: ShadowSeen, config: LoopConfig) -> LoopRun:
        """On from the shadow, or out; nothing where a server has not asked it about enough pages yet."""
        told = (
            f"{seen.pages:,} of {shadow.pages:,} pages in the shadow, {seen.failed:,} failed, "
            f"{seen.p50_ms:.1f} ms (p99 {seen.p99_ms:.1f}), {seen.overlap:.0%} of the first 25 in common"
        )
        if seen.id == shadow.id and seen.failed > config.most_failed * max(seen.pages, 1):
            return self.roll_back((f"{told}; {seen.problem}",))
        if seen.id != shadow.id or seen.pages < shadow.pages:
            return self._waiting(shadow.id, told, {})
        if seen.p99_ms > config.most_shadow_ms:
            return self.roll_back((f"{told}; allowed are {config.most_shadow_ms:.0f} ms",))
        set_shadow(self.registry, Shadow())
        before, outcome = self.champion, self.serve(shadow.id, shadow.share)
        return self._noted(outcome, before, shadow.id, (told,), None)

    def _end_trial(self) -> None:
        set_canary(self.registry, Canary())
        set_shadow(self.registry, Shadow())

    def _waiting(self, challenger: str, reason: str, live: dict[str, Any]) -> LoopRun:
        now_ms = self._clock.now_ms()
        return LoopRun(
            id=new_id("turn"), began_ms=now_ms, ended_ms=now_ms, outcome="waiting", champion=self.champion,
            challenger=challenger, reasons=(reason,), live=live,
        )  # fmt: skip

    def _noted(
        self, outcome: str, before: str, after: str, reasons: Sequence[str], live: LiveDecision | None
    ) -> LoopRun:
        """`before` served, `after` does from now on."""
        now_ms, last = self._clock.now_ms(), next(iter(self.runs.all()[::-1]), None)
        facts: dict[str, Any] = {"until_ms": last.until_ms, "window": last.window} if last else {}
        run = LoopRun.model_validate(
            {
                "id": new_id("turn"), "began_ms": now_ms, "ended_ms": now_ms, "outcome": outcome,
                "champion": before, "challenger": after, "reasons": tuple(reasons),
                "live": asdict(live) if live else {}, **facts,
            }
        )  # fmt: skip
        self.runs.add(run)
        return run
