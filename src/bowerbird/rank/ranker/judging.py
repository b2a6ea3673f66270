"""This file is about how good a ranker is on pages that it did not learn from: order, and true chances.

Every order is over what a person really saw on one page, so it says nothing of items that were not shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bowerbird.rank.ranker.calibration import trueness
from bowerbird.rank.ranker.heads import HEADS
from bowerbird.rank.ranker.requests import Requests
from bowerbird.rank.ranker.sides import ItemSide

_DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over pages, with a 95 % interval (bootstrap over persons)."""

    mean: float
    low: float
    high: float
    pages: int


def auc_of_pages(scores: np.ndarray, labels: np.ndarray, requests: Requests) -> tuple[np.ndarray, np.ndarray]:
    """Float64 [P] AUC of each page that has both sorts of rows, ties half; and which pages those are."""
    pages = requests.request_of_row
    order = np.lexsort((scores, pages))
    place = np.empty(len(order))
    # Mean ranks of ties within a page.
    ordered, owner = scores[order], pages[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
    group = np.cumsum(begins) - 1
    sizes = np.bincount(group)
    firsts = np.flatnonzero(begins)
    place[order] = (firsts + (sizes - 1) / 2)[group] - requests.bounds[:-1][owner] + 1
    liked = np.bincount(pages, weights=labels, minlength=len(requests))
    count = np.diff(requests.bounds)
    ranks = np.bincount(pages, weights=place * labels, minlength=len(requests))
    has_both = np.flatnonzero((liked > 0) & (liked < count))
    good, all_rows = liked[has_both], count[has_both]
    found = (ranks[has_both] - good * (good + 1) / 2) / (good * (all_rows - good))
    return found, has_both


def ndcg_of_pages(scores: np.ndarray, gains: np.ndarray, requests: Requests) -> tuple[np.ndarray, np.ndarray]:
    """Float64 [P] NDCG over the whole page, where anything was gained; and which pages those are."""
    pages = requests.request_of_row

    def dcg(by: np.ndarray) -> np.ndarray:
        order = np.lexsort((np.arange(len(by)), -by, pages))
        place = np.arange(len(by)) - requests.bounds[:-1][pages[order]]
        return np.bincount(pages[order], weights=gains[order] / np.log2(place + 2), minlength=len(requests))

    best, got = dcg(gains), dcg(scores)
    some = np.flatnonzero(best > 0)
    return got[some] / best[some], some


def measured(values: np.ndarray, persons: np.ndarray, seed: int = 0) -> Measured:
    """Mean of [P] values; the interval draws persons, whose pages go together."""
    if not len(values):
        return Measured(float("nan"), float("nan"), float("nan"), 0)
    _, who = np.unique(persons, return_inverse=True)
    sums, counts = np.bincount(who, weights=values), np.bincount(who)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (_DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Measured(float(values.mean()), float(low), float(high), len(values))


def judged(chances: np.ndarray, requests: Requests, items: ItemSide, new_days: float) -> dict[str, Any]:
    """Of each head: AUC within pages, and how true its chances are, in all and by place and freshness.

    Args:
        chances: float32 [R, heads].
    """
    age_days = (requests.at_ms[requests.request_of_row] - items.created_ms[requests.items]) / 86_400_000
    slices: dict[str, np.ndarray] = {
        "all": np.ones(len(requests.items), dtype=bool),
        "places 0-5": requests.positions < 6,
        "places 6-": requests.positions >= 6,
        "new items": age_days < new_days,
        "other items": age_days >= new_days,
    }
    told: dict[str, Any] = {}
    for head, action in enumerate(HEADS):
        labels = requests.labels[:, head]
        values, pages = auc_of_pages(chances[:, head], labels, requests)
        told[str(action)] = {
            "auc": _plain(asdict(measured(values, requests.persons[pages]))),
            "calibration": {
                name: _plain(asdict(each) | {"ratio": each.ratio})
                for name, inside in slices.items()
                for each in [trueness(chances[inside, head], labels[inside])]
            },
        }
    return told


def chances_in_batches(
    requests: Requests, chances_of: Callable[[Requests, int], np.ndarray], at_once: int = 256
) -> np.ndarray:
    """[R, heads] of all rows; `chances_of` is given some pages and where the first of them stands."""
    parts: Sequence[np.ndarray] = [
        chances_of(requests.rows(start, min(start + at_once, len(requests))), start)
        for start in range(0, len(requests), at_once)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, len(HEADS)), np.float32)


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: what could not be measured is None."""
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value for name, value in facts.items()
    }
