"""This file is about what makes chances true: a stretch and a shift of each head's logits.

Two numbers a head (Platt, 1999), found on pages that came after those that trained: enough for a network that
was trained by cross entropy, and never changing an order within one head.
"""

import numpy as np
from scipy.optimize import minimize

from bowerbird.rank.ranker.calibration import Calibrated

_STEPS = 400
_LEAN_EVENTS = 4.0
_LEAST_SLOPE = 1e-3


def fitted(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    """By the likelihood, leaning on slope 1 and shift 0 as on a few events; rare heads lean the most.

    Args:
        logits: [R, heads]; labels: bool [R, heads].
    """
    heads = logits.shape[1]
    slopes, shifts = np.ones(heads), np.zeros(heads)
    for head in range(heads):
        x, y = logits[:, head].astype(np.float64), labels[:, head].astype(np.float64)

        def cost(given: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float:
            raised = given[0] * x + given[1]
            leaning = _LEAN_EVENTS * ((given[0] - 1) ** 2 + (given[1] / 2) ** 2)
            return float((np.logaddexp(0, raised) - raised * y).sum() + leaning)

        found = minimize(cost, np.array([1.0, 0.0]), method="Nelder-Mead", options={"maxiter": _STEPS})
        slopes[head], shifts[head] = max(float(found.x[0]), _LEAST_SLOPE), float(found.x[1])
    return Calibrated(slopes, shifts)
