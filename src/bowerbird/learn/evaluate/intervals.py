"""This file is about how sure a number is: bootstrap over persons, seeds taken in, differences paired.

A resample draws persons with replacement; the same draw serves every model and every seed, so that a
difference is paired. What seeds do is added as a draw of as many seeds, stretched by sqrt(S / (S - 1)),
because the mean square of so few is too small by that much. With one seed nothing is known about seeds, and
the interval is over persons alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.evaluate.evaluation import Evaluation

RESAMPLES = 1_000
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % of the resamples lie between `low` and `high`."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Zero is outside: a difference that is not chance at this level."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric over seeds and persons.

    Attributes:
        mean: over seeds.
        seed_sd: standard deviation over seeds, n - 1; none with one seed.
        interval: none for metrics of all lists together.
        seeds: each seed's value; empty for a difference.
    """

    mean: float
    seed_sd: float | None
    interval: Interval | None
    seeds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Draws:
    """One model's metrics, drawn again and again.

    Attributes:
        names: [M].
        drawn: float64 [R, M] metrics of each resample; NaN where nothing was possible.
        seeds: float64 [S, M] each seed's own.
        targets: float32 [B] how many targets each person had; what two models must share to be compared.
        whole: by name, each seed's value of a metric of all lists together.
    """

    names: tuple[str, ...]
    drawn: np.ndarray
    seeds: np.ndarray
    targets: np.ndarray
    whole: dict[str, tuple[float, ...]]


def draws(runs: Sequence[Evaluation], *, stream: int = 0, resamples: int = RESAMPLES) -> Draws:
    """The metrics of one model over its seeds, resampled.

    Args:
        stream: another one for each model, so that their seeds are drawn apart.
    """
    persons = len(runs[0].gained)
    gained = np.concatenate([run.gained for run in runs], axis=1)  # [B, S * M]
    possible = np.concatenate([run.possible for run in runs], axis=1)
    shape = (len(runs), len(runs[0].names))
    totals = gained.sum(axis=0, dtype=np.float64), possible.sum(axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        seeds = (totals[0] / totals[1]).reshape(shape)
        parts = [
            (each / every).reshape(-1, *shape).mean(axis=1)
            for each, every in _resampled(gained, possible, resamples)
        ]
    drawn = np.concatenate(parts).astype(np.float64)
    if len(runs) > 1:
        picked = np.random.default_rng((stream, persons)).integers(len(runs), size=(resamples, len(runs)))
        stretch = np.sqrt(len(runs) / (len(runs) - 1))
        drawn += (seeds[picked].mean(axis=1) - seeds.mean(axis=0)) * stretch
    whole = {name: tuple(run.whole[name] for run in runs) for name in runs[0].whole}
    return Draws(runs[0].names, drawn, seeds, _targets(runs[0]), whole)


def summary(model: Draws) -> dict[str, Summary]:
    """Every metric of one model that anything was possible for."""
    told = {
        name: Summary(*_mean_and_sd(model.seeds[:, column]), _interval(model.drawn[:, column]), tuple(values))
        for column, name in enumerate(model.names)
        if not np.isnan(values := model.seeds[:, column].tolist()).any()
    }
    for name, each in model.whole.items():
        told[name] = Summary(*_mean_and_sd(np.array(each)), None, each)
    return told


def difference(first: Draws, second: Draws) -> dict[str, Summary]:
    """`first` less `second`, paired over persons.

    Raises:
        InputError: they were not judged on the same cases.
    """
    if not np.array_equal(first.targets, second.targets):
        raise InputError(
            "two models were judged on different cases; needed is one split for both; compare them in one run"
        )
    told: dict[str, Summary] = {}
    for name in (name for name in first.names if name in second.names):
        one, other = first.names.index(name), second.names.index(name)
        mean = float(first.seeds[:, one].mean() - second.seeds[:, other].mean())
        if not np.isnan(mean):
            told[name] = Summary(mean, None, _interval(first.drawn[:, one] - second.drawn[:, other]), ())
    return told


def _mean_and_sd(values: np.ndarray) -> tuple[float, float | None]:
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None


def _interval(drawn: np.ndarray) -> Interval:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(float(low), float(high))


def _targets(run: Evaluation) -> np.ndarray:
    # Novelty and diversity may lack a list here and there; what counts is that the targets are the same.
    columns = [column for column, name in enumerate(run.names) if name.startswith("tail_recall")]
    return np.concatenate([run.possible[:, columns], run.possible[:, :1]], axis=1)


def _resampled(
    gained: np.ndarray, possible: np.ndarray, resamples: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    persons = len(gained)
    chance = np.random.default_rng(persons)
    for start in range(0, resamples, _AT_ONCE):
        count = min(_AT_ONCE, resamples - start)
        picked = chance.integers(persons, size=(count, persons))
        times = np.stack([np.bincount(row, minlength=persons) for row in picked]).astype(np.float32)
        yield times @ gained, times @ possible
