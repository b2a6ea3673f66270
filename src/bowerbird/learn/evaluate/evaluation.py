"""This file is about the protocol: every case ranked over the whole catalogue, judged person by person."""

import time
from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate.config import EvaluationConfig
from bowerbird.learn.evaluate.lists import ListFacts, Popularity
from bowerbird.learn.evaluate.metrics import (
    expected_discounts,
    expected_hits,
    hit_and_reciprocal_rank,
    ndcg,
    recall,
)
from bowerbird.learn.evaluate.ranks import Ranks, ranks_of_lists, ranks_of_scores
from bowerbird.learn.evaluate.top import top_of_scores
from bowerbird.learn.splits import Cases
from bowerbird.learn.types import FittedRetriever, Found, ScoringRetriever


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one fitted retriever did on the cases, person by person, so that intervals can be drawn.

    The value of a metric is `gained.sum(axis=0) / possible.sum(axis=0)`: a mean over persons for most, a mean
    over targets for those that look at some targets only (tail, cold).

    Attributes:
        names: [M] metrics, such as `recall@10`.
        gained: float32 [B, M].
        possible: float32 [B, M].
        whole: metrics of all lists together, such as `coverage@10`; they have no interval.
        seconds: how long scoring and judging took.
    """

    names: tuple[str, ...]
    gained: np.ndarray
    possible: np.ndarray
    whole: dict[str, float]
    seconds: float

    def values(self) -> dict[str, float]:
        """Every metric; a metric that no target could count for is left out."""
        possible = self.possible.sum(axis=0, dtype=np.float64)
        gained = self.gained.sum(axis=0, dtype=np.float64)
        told = {name: float(g / p) for name, g, p in zip(self.names, gained, possible, strict=True) if p > 0}
        return told | self.whole


def evaluate(
    fitted: FittedRetriever,
    cases: Cases,
    training_counts: np.ndarray,
    config: EvaluationConfig | None = None,
    *,
    vectors: np.ndarray | None = None,
) -> Evaluation:
    """Judges a retriever on cases.

    Args:
        training_counts: int64 [N] how many interactions of the training part each item has.
        vectors: float32 [N, D] content vectors, for the diversity of lists.

    Raises:
        InputError: scores that are NaN, or of another catalogue.
    """
    config = config or EvaluationConfig()
    started_s = time.perf_counter()
    popularity = Popularity.of(training_counts, config)
    lists = ListFacts(popularity, vectors, config)
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    names: tuple[str, ...] = ()
    for start in range(0, len(cases), config.batch_persons):
        some = reachable(cases.rows(start, min(start + config.batch_persons, len(cases))), config)
        ranks, found = _ask(fitted, some, len(training_counts), config)
        columns = _judge(ranks, some, popularity, config) | lists.of(found)
        names = tuple(columns)
        parts.append(
            (
                np.stack([g for g, _ in columns.values()], axis=1),
                np.stack([p for _, p in columns.values()], axis=1),
            )
        )
    gained = np.concatenate([part[0] for part in parts]).astype(np.float32)
    possible = np.concatenate([part[1] for part in parts]).astype(np.float32)
    return Evaluation(names, gained, possible, lists.whole(), time.perf_counter() - started_s)


def reachable(cases: Cases, config: EvaluationConfig) -> Cases:
    """The cases without targets that the protocol takes out of every list: those of the own history."""
    if config.keeps_history:
        return cases
    rows = cases.row_of_target()
    width = int(max(cases.targets.max(initial=0), cases.histories.items.max(initial=0))) + 1
    known = cases.histories.row_of_entry() * width + cases.histories.items
    keep = ~np.isin(rows * width + cases.targets, known)
    if keep.all():
        return cases
    lengths = np.bincount(rows[keep], minlength=len(cases))
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Cases(cases.histories, bounds, cases.targets[keep], cases.actions[keep], cases.at_ms[keep])


def _ask(fitted: FittedRetriever, cases: Cases, count: int, config: EvaluationConfig) -> tuple[Ranks, Found]:
    longest = max(*config.cutoffs, config.list_length)
    exclude: Histories | None = None if config.keeps_history else cases.histories
    rows = cases.row_of_target()
    if not isinstance(fitted, ScoringRetriever):
        found = fitted.top(cases.histories, longest, exclude)
        return ranks_of_lists(found, rows, cases.targets), found
    scores = fitted.scores(cases.histories)
    if scores.shape != (len(cases), count) or np.isnan(scores).any():
        raise InputError(
            f"scores of shape {scores.shape} with {int(np.isnan(scores).sum()):,} NaN were received; needed "
            f"are {len(cases)} rows of {count:,} numbers; fit the model again, with a lower learning rate "
            "if it diverged"
        )
    found = top_of_scores(scores, config.list_length, exclude)  # takes the history out of `scores` too
    by_catalogue = config.score_ties == "catalogue"
    return ranks_of_scores(scores, rows, cases.targets, by_catalogue=by_catalogue), found


def _judge(
    ranks: Ranks, cases: Cases, popularity: "Popularity", config: EvaluationConfig
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By metric: what each person gained, and what was possible."""
    rows, counts = cases.row_of_target(), np.diff(cases.bounds)
    is_asked = (counts > 0).astype(np.float64)
    told: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    groups = {"tail": popularity.is_tail, "cold": popularity.is_cold, "new": popularity.is_new}
    for k in config.cutoffs:
        hits = expected_hits(ranks, k)
        told[f"recall@{k}"] = recall(hits, rows, counts), is_asked
        told[f"ndcg@{k}"] = ndcg(expected_discounts(ranks, k), rows, counts, k), is_asked
        hit, reciprocal = hit_and_reciprocal_rank(ranks, rows, len(counts), k)
        told[f"hit@{k}"], told[f"mrr@{k}"] = (hit, is_asked), (reciprocal, is_asked)
        for name, is_in in groups.items():
            chosen = is_in[cases.targets].astype(np.float64)
            told[f"{name}_recall@{k}"] = (
                np.bincount(rows, hits * chosen, minlength=len(counts)),
                np.bincount(rows, chosen, minlength=len(counts)),
            )
    return told
