"""This file is about what another policy would have earned, from the log of the one that served.

Each row is one thing shown, with the chance that it was shown there. For a page, each slot is a row, and what
is estimated is the reward of a slot: right where a reward depends on the item and its slot alone (the
item-position model), which is an assumption. Rows of one owner go together in every interval.

Sources: Horvitz and Thompson (1952) for IPS; Swaminathan and Joachims (2015) for the self-normalised SNIPS;
Dudik, Langford and Li (2011) for DR; Saito et al., Open Bandit (2008.07146), whose protocol the benchmark
follows.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import InputError

_Z = 1.959964
_FAR = 4.0
_FEW_EFFECTIVE = 50


@dataclass(frozen=True, slots=True)
class Logged:
    """What was shown and what happened, as columns [N].

    Attributes:
        rewards: float64.
        propensities: chance of what was shown, under the policy that served.
        policy: chance of the same thing in the same place, under the policy that is asked about.
        owners: int64 whose rows go together (persons, or pages); none: each row for itself.
        model: expected reward of what was shown, by a model that did not see the row; none: no DM and DR.
        model_of_policy: what the model expects of the policy that is asked about, in the same place.
    """

    rewards: np.ndarray
    propensities: np.ndarray
    policy: np.ndarray
    owners: np.ndarray | None = None
    model: np.ndarray | None = None
    model_of_policy: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.rewards)
        given = {name: column for name in self.__slots__ if (column := getattr(self, name)) is not None}
        for name, column in given.items():
            if np.shape(column) != (count,):
                raise InputError(
                    f"{name} of shape {np.shape(column)} was received beside {count:,} rewards; "
                    "needed is one for each"
                )
            if not np.isfinite(column).all():
                raise InputError(
                    f"{name} holds numbers that are not finite; needed are finite ones; leave such rows out"
                )
        if not count:
            raise InputError("no row was received; needed is at least one; look at the filter of the log")
        if (self.model is None) != (self.model_of_policy is None):
            raise InputError(
                "of model and model_of_policy one alone was received; needed are both, or neither; "
                "predict what was shown and what the policy would show"
            )
        wrong = int(np.count_nonzero((self.propensities <= 0) | (self.propensities > 1)))
        if wrong:
            raise InputError(
                f"{wrong:,} of {count:,} propensities are not in (0, 1]; needed is the chance with which "
                "each row was shown; leave out what was shown without being drawn, and say so"
            )
        if (self.policy < 0).any() or (self.policy > 1).any():
            raise InputError("chances of the policy below 0 or above 1 were received; needed are chances")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean reward of a row, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """What the log says.

    Attributes:
        estimates: by name: `logged` (what the serving policy earned), `ips`, `ips clipped`, `snips`, and with
            a model `dm`, `dr`, `dr clipped`.
        effective: sum of weights squared over the sum of squares: how many rows the log is worth here.
        largest_weight, mean_weight: the mean is 1 where chances are right and the log covers the policy.
        clipped_at: the weight above which the clipped ones cut, and the share of rows that were cut.
        warnings: what makes the estimates doubtful; empty where nothing does.
    """

    rows: int
    estimates: dict[str, Estimate]
    effective: float
    largest_weight: float
    mean_weight: float
    clipped_at: float
    clipped_share: float
    warnings: tuple[str, ...]


def estimated(logged: Logged, clip: float | None = None) -> Report:
    """All estimates of one policy.

    Args:
        clip: largest weight of the clipped estimates; none: the root of the number of rows, which costs
            little bias and bounds what one row can say.
    """
    weights = logged.policy / logged.propensities
    limit = float(np.sqrt(len(weights))) if clip is None else clip
    if limit <= 0:
        raise InputError(
            f"clip {limit:g} was received; needed is more than 0; leave it out for the root of the rows"
        )
    cut = np.minimum(weights, limit)
    rewards = logged.rewards
    found = {
        "logged": _mean(rewards, logged.owners),
        "ips": _mean(weights * rewards, logged.owners),
        "ips clipped": _mean(cut * rewards, logged.owners),
        "snips": _normalised(weights, rewards, logged.owners),
    }
    if logged.model is not None and logged.model_of_policy is not None:
        rest = rewards - logged.model
        found["dm"] = _mean(logged.model_of_policy, logged.owners)
        found["dr"] = _mean(logged.model_of_policy + weights * rest, logged.owners)
        found["dr clipped"] = _mean(logged.model_of_policy + cut * rest, logged.owners)
    effective = float(weights.sum() ** 2 / max(float((weights**2).sum()), 1e-300))
    return Report(
        len(weights), found, effective, float(weights.max()), float(weights.mean()), limit,
        float((weights > limit).mean()), _warnings(weights, effective, logged.owners),
    )  # fmt: skip


def _warnings(weights: np.ndarray, effective: float, owners: np.ndarray | None) -> tuple[str, ...]:
    told = []
    mean = _mean(weights, owners)
    error = (mean.high - mean.low) / (2 * _Z)
    if abs(mean.value - 1) > _FAR * max(error, 1e-12) and abs(mean.value - 1) > 0.01:
        told.append(
            f"weights are {mean.value:.3f} on the average, and should be 1: chances are wrong, or the log "
            "never shows what the policy would"
        )
    if effective < _FEW_EFFECTIVE:
        told.append(
            f"the log is worth {effective:.0f} rows for this policy: intervals are wide, and too narrow"
        )
    if float(weights.max()) > 0.1 * float(weights.sum()):
        told.append("one row has more than a tenth of all weight: clipped estimates are safer")
    return tuple(told)


def _mean(values: np.ndarray, owners: np.ndarray | None) -> Estimate:
    value = float(values.mean())
    return _with_error(value, values - value, owners)


def _normalised(weights: np.ndarray, rewards: np.ndarray, owners: np.ndarray | None) -> Estimate:
    total = float(weights.sum())
    if total <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    value = float((weights * rewards).sum() / total)
    return _with_error(value, weights * (rewards - value) / (total / len(weights)), owners)


def _with_error(value: float, influence: np.ndarray, owners: np.ndarray | None) -> Estimate:
    """From the influence of each row on the value; rows of one owner are added up first."""
    if owners is not None:
        _, who = np.unique(owners, return_inverse=True)
        sums = np.bincount(who, weights=influence)
    else:
        sums = influence
    # With the correction of a sample variance, so that few owners do not look surer than they are.
    spread = float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)
    error = float(np.sqrt(spread)) / len(influence)
    return Estimate(value, value - _Z * error, value + _Z * error)
