"""This file is about how well a pre-ranker keeps what its ranker would put first."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from bowerbird.rank.prerank.inputs import nearest
from bowerbird.rank.prerank.served import ServedPrerank
from bowerbird.rank.ranker.inputs import as_vectors
from bowerbird.rank.ranker.judging import measured
from bowerbird.rank.ranker.requests import Requests
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.sides import ItemSide
from bowerbird.rank.utility import utility

FIRST = 24


def recall(scores: np.ndarray, worth: np.ndarray, keep: int, first: int) -> float:
    """Share of the `first` best by `worth` that are among the `keep` best by `scores`."""
    kept = np.argsort(-scores, kind="stable")[:keep]
    best = np.argsort(-worth, kind="stable")[:first]
    return float(np.isin(best, kept).mean())


def agreement(
    prerank: ServedPrerank,
    ranker: ServedRanker,
    pages: Requests,
    person: Mapping[str, np.ndarray],
    features_of_page: Callable[[int, np.ndarray], np.ndarray],
    items: ItemSide,
    worth_of: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    """Recall of the ranker's first 24 on these pages, each with drawn candidates, and of two plain ways.

    Args:
        person: arrays [Q, …] of `rank.ranker.inputs.person_arrays`.
        features_of_page: page and numbers → float32 [C, F].
        worth_of: float32 [heads].
    """
    config, rng = prerank.config, np.random.default_rng(seed)
    drawable = np.flatnonzero(items.vectors.any(axis=1))
    count = min(config.judged_candidates, len(drawable))
    keep, first = max(int(config.judged_share * count), 1), min(FIRST, max(count // 4, 1))
    found: dict[str, list[float]] = {"ours": [], "nearest like": [], "chance": []}
    some = np.sort(rng.permutation(len(pages))[: config.judged_pages])
    for page in some.tolist():
        numbers = rng.choice(drawable, count, replace=False)
        features = features_of_page(page, numbers)
        side = as_vectors({name: each[page : page + 1] for name, each in person.items()}, items.vectors)
        content = items.vectors[numbers]
        (asking,), rows = prerank.asking(side), prerank.item_rows(content)
        said = ranker.calibrated.chances(ranker.logits(side, content[None], features[None])[0])
        worth = utility(said, worth_of)
        scores = {
            "ours": utility(prerank.chances(asking, rows, features), worth_of),
            "nearest like": nearest(content, side["long"][0][side["long_there"][0] > 0]),
            "chance": rng.random(count),
        }
        for name, each in scores.items():
            found[name].append(recall(each, worth, keep, first))
    persons = pages.persons[some]
    told = {name: asdict(measured(np.array(each), persons)) for name, each in found.items()}
    return {"candidates": count, "kept": keep, "first": first, "recall": told}
