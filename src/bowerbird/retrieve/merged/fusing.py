"""This file is about two ways to order what several parts propose: weighted sums, and shares of the places.

Sources: reciprocal ranks: "Reciprocal rank fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009, section 2. Weights: the conditional logit model (McFadden 1973): how likely the item
that was chosen is among all that were proposed, a concave function of the weights, climbed by Newton's steps.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.retrieve.merged.proposals import Proposals

Sight = Literal["reciprocal", "standing", "above"]
_STEPS, _CLOSE = 30, 1e-5


class Fusion(BaseModel):
    """An item's score is the sum over sights and parts of weight times what the sight says.

    Attributes:
        sights: `reciprocal`: (constant + 1) / (constant + rank + 1); `standing`: scores in standard
            deviations of the person's own list; `above`: scores above the last of the list, in the part's
            usual units, which tells how sure a part is this time.
        constant: of reciprocal ranks; small ones favour the first places.
        scales: of each part, what `above` is divided by.
        weights: of each sight, of each part; empty: as yet unknown, all 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sights: tuple[Sight, ...] = ("reciprocal",)
    constant: Annotated[float, Field(gt=0)] = 60.0
    scales: tuple[float, ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()

    def features(self, proposals: Proposals) -> np.ndarray:
        """float32 [C, sights * P]."""
        scales = np.array(self.scales or [1.0] * proposals.ranks.shape[1], dtype=np.float32)
        seen = {
            "reciprocal": (self.constant + 1) / (self.constant + 1 + proposals.ranks),
            "standing": proposals.standing,
            "above": proposals.above / scales,
        }
        return np.concatenate([seen[sight] for sight in self.sights], axis=1).astype(np.float32)

    def scores(self, proposals: Proposals) -> np.ndarray:
        """float64 [C]."""
        features = self.features(proposals)
        weights = np.array(self.weights).ravel() if self.weights else np.ones(features.shape[1])
        found: np.ndarray = features @ weights
        return found

    def fitted(self, proposals: Proposals, targets: np.ndarray, ridge: float) -> "Fusion":
        """With the weights under which the targets are most likely; as it is where nobody proposed one.

        Args:
            targets: int64 [B] which candidate each row's target is; -1: none, the row says nothing.
        """
        asked = np.flatnonzero(targets >= 0)
        if not len(asked):
            return self
        chosen = proposals.take(asked)
        shift = chosen.bounds[:-1] - proposals.bounds[asked]
        weights = _climb(self.features(chosen), chosen, targets[asked] + shift, ridge)
        by_sight = weights.reshape(len(self.sights), -1)
        return self.model_copy(update={"weights": tuple(tuple(row) for row in by_sight.tolist())})


class Quotas(BaseModel):
    """Part p's item at rank r stands at (r + 1/2) / share: of n places it gets about its share of n.

    An item that several parts propose stands where the first of them puts it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shares: tuple[Annotated[float, Field(gt=0)], ...]

    def scores(self, proposals: Proposals) -> np.ndarray:
        """float64 [C]."""
        found: np.ndarray = (np.array(self.shares) / (proposals.ranks + 0.5)).max(axis=1)
        return found


def usual_scales(proposals: Proposals) -> tuple[float, ...]:
    """Of each part: how far, in the mean over persons, its first item stands above its last."""
    first = np.where(proposals.ranks == 0, proposals.above, 0.0)
    count = np.maximum((proposals.ranks == 0).sum(axis=0), 1)
    mean = first.sum(axis=0, dtype=np.float64) / count
    return tuple(np.where(mean > 1e-9, mean, 1.0).tolist())


def _climb(features: np.ndarray, proposals: Proposals, targets: np.ndarray, ridge: float) -> np.ndarray:
    """float64 [F] weights that make the targets most likely, a penalty of ridge * |w|^2 / 2 taken off."""
    weights = np.zeros(features.shape[1])
    value, share = _likelihood(features, proposals, targets, weights, ridge)
    for _ in range(_STEPS):
        weighed = features * share[:, None].astype(np.float32)
        expected = np.add.reduceat(weighed, proposals.bounds[:-1], axis=0, dtype=np.float64)
        slope = (features[targets] - expected).sum(axis=0, dtype=np.float64) - ridge * weights
        bend = (weighed.T @ features).astype(np.float64) - expected.T @ expected
        step = np.linalg.solve(bend + ridge * np.eye(len(weights)), slope)
        for _ in range(20):
            better, there = _likelihood(features, proposals, targets, weights + step, ridge)
            if better >= value:
                break
            step /= 2
        else:
            break
        weights, gain, value, share = weights + step, better - value, better, there
        if gain < _CLOSE * len(targets):
            break
    return weights


def _likelihood(
    features: np.ndarray, proposals: Proposals, targets: np.ndarray, weights: np.ndarray, ridge: float
) -> tuple[float, np.ndarray]:
    """The penalised log likelihood, and float64 [C] how likely each candidate is in its row."""
    scores = features @ weights
    starts = proposals.bounds[:-1]
    scores -= np.maximum.reduceat(scores, starts)[proposals.rows]
    share = np.exp(scores)
    every = np.add.reduceat(share, starts)
    value = float((scores[targets] - np.log(every)).sum() - ridge * weights @ weights / 2)
    return value, share / every[proposals.rows]
