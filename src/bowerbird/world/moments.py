"""This file is about moments: figures by which a log can be held against known ones."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.world.log import WorldLog
from bowerbird.world.seen import PeopleSeen

MOVIELENS = "MovieLens latest-small"
BEAUTY = "Amazon Beauty 5-core"
BANDIT = "Open Bandit, six logs of 10,000 impressions"
_CLICKS = f"0.38 to 0.69 in {BANDIT}; ads 0.3 to 1 and more"
_GINIS = f"of ratings over items: 0.50 in {BEAUTY}, 0.72 in {MOVIELENS}"
_BUSIEST = f"of ratings: 30 in {BEAUTY}, 46 in {MOVIELENS}"
_ROWS = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """One figure of the world, and what is known of it elsewhere.

    Attributes:
        known: the range that others were found in; None where we know of no public figure.
        source: where the range is from; our own readings of public logs, where it names one.
    """

    name: str
    value: float
    unit: str
    known: tuple[float, float] | None = None
    source: str = ""

    @property
    def is_within(self) -> bool | None:
        """Whether it lies in the known range; None where there is none."""
        return None if self.known is None else self.known[0] <= self.value <= self.known[1]


def moments_of(log: WorldLog, people: PeopleSeen, item_count: int, days: int) -> list[Moment]:
    """The table; shares are in per cent of the items that were looked at.

    Raises:
        InputError: nobody looked at anything.
    """
    looked = _only(log, Action.IMPRESSION)
    if not len(looked):
        raise InputError(
            "nobody looked at an item; needed is at least one impression; take more people or days"
        )
    clicks, saves = _only(log, Action.CLICK), _only(log, Action.SAVE)

    def share(action: Action) -> float:
        return 100 * len(_only(log, action)) / len(looked)

    bought = _only(log, Action.PURCHASE)
    after_click = 100 * int(np.count_nonzero(bought.positions >= 0)) / max(len(clicks), 1)
    long_share = 100 * len(_only(log, Action.LONG_CLICK)) / max(len(clicks), 1)
    in_session = np.bincount(_dense(looked.sessions))
    sessions = np.bincount(looked.persons[_firsts(looked.sessions)], minlength=len(people)) / days
    liked = np.bincount(saves.items, minlength=item_count)
    acts = np.sort(np.bincount(saves.persons, minlength=len(people)))[::-1]
    busiest = 100 * acts[: max(len(acts) // 10, 1)].sum() / max(acts.sum(), 1)
    return [
        Moment("click-through", share(Action.CLICK), "%", (0.3, 2.0), _CLICKS),
        Moment("close-ups", share(Action.CLOSEUP), "%"),
        Moment("long clicks among clicks", long_share, "%"),
        Moment("saves", share(Action.SAVE), "%"),
        Moment("hides", share(Action.HIDE), "%"),
        Moment("purchases after a click", after_click, "%", (0.5, 3.0), "conversion of shop ads, as told"),
        Moment("Gini of saves over saved items", gini(liked[liked > 0]), "", (0.25, 0.75), _GINIS),
        Moment("saves by the most active tenth", float(busiest), "%", (29.0, 46.0), _BUSIEST),
        Moment("sessions a person and day, mean", float(sessions.mean()), ""),
        Moment("sessions a person and day, 95th percentile", float(np.quantile(sessions, 0.95)), ""),
        Moment("items looked at in a session, median", float(np.median(in_session)), ""),
        Moment("sessions on weekends against working days", _weekend(looked), "times"),
    ]


def position_curve(log: WorldLog, people: PeopleSeen) -> list[tuple[int, float, float]]:
    """For each of the first rows: its number, looks as a share of the first row's, and clicks a look in %."""
    looked, clicks = _only(log, Action.IMPRESSION), _only(log, Action.CLICK)
    rows = looked.positions // people.columns[looked.persons]
    clicked = np.bincount(clicks.positions // people.columns[clicks.persons], minlength=_ROWS)
    looks = np.bincount(rows, minlength=_ROWS)
    first = max(int(looks[0]), 1)
    return [
        (row, float(looks[row] / first), float(100 * clicked[row] / max(int(looks[row]), 1)))
        for row in range(_ROWS)
    ]


def gini(counts: np.ndarray) -> float:
    """0: all alike; towards 1: one has everything. 0 for no counts."""
    ordered, count = np.sort(counts.astype(np.float64)), len(counts)
    if count == 0 or ordered.sum() == 0:
        return 0.0
    places = np.arange(1, count + 1)
    return float(2 * (places * ordered).sum() / (count * ordered.sum()) - (count + 1) / count)


def _only(log: WorldLog, action: Action) -> WorldLog:
    return log.where(log.actions == ACTION_CODES[action])


def _firsts(values: np.ndarray) -> np.ndarray:
    firsts: np.ndarray = np.unique(values, return_index=True)[1]
    return firsts


def _dense(values: np.ndarray) -> np.ndarray:
    dense: np.ndarray = np.unique(values, return_inverse=True)[1]
    return dense


def _weekend(looked: WorldLog) -> float:
    """Sessions a weekend day against those of a working day; NaN where there was none of either."""
    starts = looked.at_ms[_firsts(looked.sessions)]
    days, counts = np.unique(starts // 86_400_000, return_counts=True)
    is_weekend = (days + 3) % 7 >= 5  # 1 January 1970 was a Thursday
    if is_weekend.all() or not is_weekend.any():
        return float("nan")
    return float(counts[is_weekend].mean() / counts[~is_weekend].mean())
