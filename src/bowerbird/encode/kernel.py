"""This file is about learning from the catalogue's own pairs: kernel ridge regression on top of the prior.

Equal to the mean of a Gaussian process whose prior mean is a share of the bridge: near known pictures it
says what they say, far from all of them it falls back to the bridge.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.encode.geometry import unit

SHARPNESS = 2.0
RIDGE = 0.3
COLOUR_SHARE = 0.4
"""Chosen on validation parts of three catalogues; see docs/encode.md."""
PRIOR_SHARES = (0.3, 0.6, 1.0)
FEWEST_PAIRS = 8
_TIE = 1e-6


@dataclass(frozen=True, slots=True)
class KernelFit:
    """What the pairs have taught.

    Attributes:
        weights: [m, Dw] what each pair adds to a prediction; no rows where the pairs are better not used.
        prior_share: how much of the prior is in a prediction.
    """

    weights: np.ndarray
    prior_share: float


def similarity(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[N, m] 1 for pictures in the same direction, falling with the angle."""
    close: np.ndarray = np.exp(SHARPNESS * (left @ right.T - 1.0))
    return close


def fit_kernel(features: np.ndarray, targets: np.ndarray, priors: np.ndarray) -> KernelFit:
    """The pairs and the prior in the mixture that tells pairs left out best; all in closed form.

    Args:
        features: [m, D] unit.
        targets: [m, Dw] centred unit word embeddings.
        priors: [m, Dw] what the prior says of the same pictures.
    """
    only_prior = KernelFit(np.zeros((0, targets.shape[1])), 1.0)
    if len(features) < FEWEST_PAIRS:
        return only_prior
    gram = similarity(features.astype(np.float64), features.astype(np.float64))
    gram[np.diag_indices_from(gram)] += RIDGE
    inverse = np.linalg.inv(gram)
    from_targets, from_priors, diagonal = inverse @ targets, inverse @ priors, np.diag(inverse)[:, None]
    best, best_rank = only_prior, mean_log_rank(priors, targets)
    for share in PRIOR_SHARES:
        weights = from_targets - share * from_priors
        # Source: leave-one-out residuals of ridge regression are (G^-1 y)_i / (G^-1)_ii.
        left_out = targets - weights / diagonal
        rank = mean_log_rank(left_out, targets)
        if rank < best_rank:
            best, best_rank = KernelFit(weights, share), rank
    return best


def mean_log_rank(predicted: np.ndarray, targets: np.ndarray) -> float:
    """Mean logarithm of the rank of each row's own target among all targets, by angle; lower is better.

    Equal targets share their mean rank, so that one sentence for all pictures teaches nothing.
    """
    scores = unit(predicted) @ targets.T
    own = np.diagonal(scores)[:, None]
    above = (scores > own + _TIE).sum(axis=1)
    equal = (np.abs(scores - own) <= _TIE).sum(axis=1)
    return float(np.mean(np.log(1 + above + (equal - 1) / 2)))
