"""This file is about fitting a merged source: its parts first, then how they are put together."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Interactions
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.types import FitPlan, FittedRetriever, Retriever
from bowerbird.retrieve.finished import keep_fitted, kept_fitted
from bowerbird.retrieve.merged.config import MergedConfig, PartConfig, Way
from bowerbird.retrieve.merged.fusing import Fusion, Quotas, Sight, usual_scales
from bowerbird.retrieve.merged.proposals import Proposals, joined
from bowerbird.retrieve.merged.served import MergedFound, Order, ServedMerged, best_of

_MOST_PERSONS = 10_000
_PERSONS_AT_ONCE = 256
_JUDGED_AT = 10
_SIGHTS: tuple[tuple[tuple[Sight, ...], float], ...] = (
    (("reciprocal",), 60.0),
    (("reciprocal",), 10.0),
    (("reciprocal",), 2.0),
    (("standing",), 60.0),
    (("above",), 60.0),
    (("reciprocal", "standing"), 10.0),
    (("reciprocal", "above"), 10.0),
    (("reciprocal", "above"), 2.0),
    (("standing", "above"), 60.0),
    (("reciprocal", "standing", "above"), 60.0),
    (("reciprocal", "standing", "above"), 10.0),
    (("reciprocal", "standing", "above"), 2.0),
)


class MergedRetriever:
    """A `Retriever` of retrievers. Parts that an earlier run fitted with the same seed are taken from it.

    Args:
        parts: with names of their own.
        needs_vectors: names of those that are left out of a catalogue without content vectors.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Retriever],
        *,
        way: Way = "fused",
        needs_vectors: Sequence[str] = (),
        config: MergedConfig | None = None,
    ) -> None:
        names = [part.name for part in parts]
        if not parts or len(set(names)) < len(names):
            raise InputError(
                f"parts {', '.join(names) or 'none'} were received; needed is at least one, and each once; "
                "leave doubles out"
            )
        self.name = name
        self.has_chance = any(part.has_chance for part in parts)
        self._parts = tuple(parts)
        self._needs_vectors = frozenset(needs_vectors)
        named = tuple(
            PartConfig(name=part.name, config=part.config.model_dump(mode="json")) for part in parts
        )
        self.config = (config or MergedConfig(way=way)).model_copy(update={"parts": named})

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedMerged:
        """All parts, and the order of what they propose that is best on the validation part.

        Raises:
            InputError: every part needs content vectors, and the catalogue has none.
        """
        left_out = self._needs_vectors if training.catalogue.vectors is None else frozenset[str]()
        chosen = [part for part in self._parts if part.name not in left_out]
        if not chosen:
            raise InputError(
                f"{self.name} was asked of a catalogue without vectors, which {', '.join(sorted(left_out))} "
                "need; needed are words or vectors for the items; bring an item file with titles"
            )
        parts, seconds = {}, 0.0
        for part in chosen:
            parts[part.name], spent_s = _fitted(part, training, validation, plan)
            seconds += spent_s
        cases = sampled(validation, _MOST_PERSONS)
        proposals = _proposed(ServedMerged(parts, Fusion(), self.config.each, {}), cases, plan)
        order, value = self._ordered(proposals, cases, plan)
        found = best_of(proposals, order, _JUDGED_AT, tuple(parts))
        facts = {
            "sources": told_of_sources(found, cases),
            "best_validation": value,
            "parts_fit_seconds": seconds,
            "left_out": sorted(left_out & {part.name for part in self._parts}),
        }
        return ServedMerged(parts, order, self.config.each, facts)

    def _ordered(self, proposals: Proposals, cases: Cases, plan: FitPlan) -> tuple[Order, float]:
        targets = proposals.places_of(first_targets(cases))
        trials = max(plan.budget.trials, 1)
        if self.config.way == "quotas":
            return _with_quotas(proposals, targets, trials)
        return _with_weights(proposals, targets, trials, self.config.ridge)


def told_of_sources(found: MergedFound, cases: Cases) -> dict[str, dict[str, float]]:
    """By source, in the first ten: share of places, of hits, and of hits that nobody else proposed."""
    there = found.items >= 0
    hit = there & (found.items == first_targets(cases)[:, None])
    by_hit, by_place = found.proposed[hit], found.proposed[there]
    alone = by_hit & (by_hit.sum(axis=1, keepdims=True) == 1)
    return {
        name: {
            "share_of_places": float(by_place[:, part].mean()) if len(by_place) else 0.0,
            "share_of_hits": float(by_hit[:, part].mean()) if len(by_hit) else 0.0,
            "share_of_hits_only_here": float(alone[:, part].mean()) if len(by_hit) else 0.0,
        }
        for part, name in enumerate(found.sources)
    }


def first_targets(cases: Cases) -> np.ndarray:
    """int64 [B] the first target of each case; one is enough to fit weights to."""
    targets: np.ndarray = cases.targets[cases.bounds[:-1]].astype(np.int64)
    return targets


def _fitted(
    part: Retriever, training: Interactions, validation: Cases, plan: FitPlan
) -> tuple[FittedRetriever, float]:
    seed = plan.seed if part.has_chance else 0
    own = plan.folder / "parts" / part.name
    homes = [own] if plan.home_of is None else [plan.home_of(part, seed), own]
    for home in homes:
        kept = kept_fitted(part.name, home)
        if kept is not None:
            plan.tell(f"{part.name} seed {seed}: taken from an earlier run")
            return kept
    own.mkdir(parents=True, exist_ok=True)
    started_s = time.perf_counter()
    fitted = part.fit(training, validation, replace(plan, seed=seed, folder=own))
    seconds = time.perf_counter() - started_s
    keep_fitted(fitted, own, seconds)
    return fitted, seconds


def _proposed(merged: ServedMerged, cases: Cases, plan: FitPlan) -> Proposals:
    batches = []
    for start in range(0, len(cases), _PERSONS_AT_ONCE):
        some = cases.histories.rows(start, min(start + _PERSONS_AT_ONCE, len(cases)))
        batches.append(merged.propose(some, some))
        plan.tell(f"what the parts propose to {start + len(some):,} of {len(cases):,} persons")
    return joined(batches)


def _with_weights(
    proposals: Proposals, targets: np.ndarray, trials: int, ridge: float
) -> tuple[Fusion, float]:
    """The sights that do best on persons whose weights were fitted to others; then weights from all."""
    scales = usual_scales(proposals)
    is_first = np.random.default_rng(0).permutation(len(proposals)) % 2 == 0
    best: tuple[float, Fusion] | None = None
    for sights, constant in _SIGHTS[:trials]:
        fusion = Fusion(sights=sights, constant=constant, scales=scales)
        value = 0.0
        for fits in (is_first, ~is_first):
            fitted = fusion.fitted(proposals, np.where(fits, targets, -1), ridge)
            value += _ndcg(fitted.scores(proposals), proposals, np.where(fits, -1, targets)) / len(proposals)
        if best is None or value > best[0]:
            best = value, fusion
    assert best is not None, "at least one is tried"
    return best[1].fitted(proposals, targets, ridge), best[0]


def _with_quotas(proposals: Proposals, targets: np.ndarray, trials: int) -> tuple[Quotas, float]:
    """Equal shares, then one part at a time with more or less, as long as it helps."""
    parts = proposals.ranks.shape[1]
    best = Quotas(shares=(1.0,) * parts)
    value = _ndcg(best.scores(proposals), proposals, targets) / max(len(proposals), 1)
    for trial in range(trials - 1):
        factor = 3.0 if trial // parts % 2 == 0 else 1 / 3
        shares = np.array(best.shares)
        shares[trial % parts] *= factor
        tried = Quotas(shares=tuple(shares.tolist()))
        reached = _ndcg(tried.scores(proposals), proposals, targets) / max(len(proposals), 1)
        if reached > value:
            best, value = tried, reached
    return best, value


def _ndcg(scores: np.ndarray, proposals: Proposals, targets: np.ndarray) -> float:
    """Summed over rows; of equal scores the lower item number is first. Targets that are -1 gain nothing."""
    asked = np.flatnonzero(targets >= 0)
    if not len(asked):
        return 0.0
    own = np.full(len(proposals), np.inf)
    own[asked] = scores[targets[asked]]
    goal = np.full(len(proposals), -1)
    goal[asked] = targets[asked]
    level = own[proposals.rows]
    is_before = (scores > level) | ((scores == level) & (np.arange(len(scores)) < goal[proposals.rows]))
    ranks = np.bincount(proposals.rows[is_before], minlength=len(proposals))[asked]
    return float((1 / np.log2(2 + ranks[ranks < _JUDGED_AT])).sum())
