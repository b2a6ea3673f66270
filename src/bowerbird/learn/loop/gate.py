"""This file is about the gate: whether a challenger may take the champion's place, and why.

Both are judged on the same pages, which came after everything that either learned from. A challenger has to
be better on the average, and not worse by more than a little at the lower end of a paired interval; its
chances have to be true; and it must not be much slower or larger.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.loop.config import LoopConfig

_DRAWS = 2_000
_OFTEN = 20


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model did on the future pages.

    Attributes:
        id: empty for what serves where nothing was trained.
        losses: float64 [P] of each page, lower is better.
        ratios: by head, said over true, and how often it happened.
        ms: for 500 candidates.
        size_bytes: of its files.
    """

    id: str
    losses: np.ndarray
    ratios: dict[str, tuple[float, int]]
    ms: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the challenger passes.

    Attributes:
        gain: mean of what it loses less than the champion, a page, with its interval; as a share.
        reasons: every one of what spoke against it; where nothing did, what spoke for it.
    """

    passes: bool
    gain: float
    low: float
    high: float
    pages: int
    reasons: tuple[str, ...]


def decide(
    champion: Judged, challenger: Judged, owners: np.ndarray, config: LoopConfig, seed: int = 0
) -> Decision:
    """The decision; the interval is a bootstrap over `owners`, int64 [P] persons, whose pages go together."""
    gain, low, high = _gain(champion.losses, challenger.losses, owners, seed)
    pages = len(challenger.losses)
    against = []
    if pages < config.least_future_pages:
        against.append(f"{pages} future pages decide nothing; needed are {config.least_future_pages}")
    if not np.isfinite(challenger.losses).all():
        against.append("its losses are no numbers")
    elif not gain > 0:
        against.append(f"its loss is not smaller: {gain:+.2%}")
    elif low < -config.worse_by:
        against.append(f"its loss may be larger by {-low:.2%}; allowed are {config.worse_by:.0%}")
    for head, (ratio, events) in challenger.ratios.items():
        if events >= _OFTEN and not config.ratio_from <= ratio <= config.ratio_to:
            against.append(f"it says {ratio:.2f} times the true rate of {head}")
    if champion.ms and challenger.ms > config.slower_by * champion.ms:
        against.append(f"it takes {challenger.ms:.1f} ms, the champion {champion.ms:.1f}")
    if champion.size_bytes and challenger.size_bytes > config.larger_by * champion.size_bytes:
        against.append(f"it has {challenger.size_bytes:,} bytes, the champion {champion.size_bytes:,}")
    reasons = against or [f"its loss is smaller by {gain:.2%} [{low:.2%}, {high:.2%}] on {pages} later pages"]
    return Decision(not against, gain, low, high, pages, tuple(reasons))


def _gain(before: np.ndarray, after: np.ndarray, owners: np.ndarray, seed: int) -> tuple[float, float, float]:
    if not len(after):
        return 0.0, 0.0, 0.0
    _, who = np.unique(owners, return_inverse=True)
    base, sums = np.bincount(who, weights=before), np.bincount(who, weights=before - after)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (_DRAWS, len(sums)))
    gains = sums[drawn].sum(axis=1) / np.maximum(base[drawn].sum(axis=1), 1e-12)
    low, high = np.quantile(gains, (0.025, 0.975))
    return float(sums.sum() / max(base.sum(), 1e-12)), float(low), float(high)
