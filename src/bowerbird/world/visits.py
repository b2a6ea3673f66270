"""This file is about visits: when people come, by their habits, the hour, the weekday and their mood."""

from datetime import UTC, datetime

import numpy as np

from bowerbird.world.config import DAY_MS, WorldConfig
from bowerbird.world.draws import Stream, uniforms
from bowerbird.world.people import PeopleTruth
from bowerbird.world.state import State

HOURLY = np.array(
    [1.2, 0.7, 0.4, 0.3, 0.3, 0.5, 1.2, 2.2, 3.0, 3.4, 3.6, 3.9, 4.4, 4.3, 4.0, 4.0, 4.3, 4.9, 5.8, 7.0, 8.0,
     7.6, 5.4, 2.9]
)  # fmt: skip
"""How many sessions begin in each local hour, relatively: quiet at night, most in the evening."""
MOST_A_DAY = 24
_BREAK_MS = 5 * 60_000
_NEVER = np.iinfo(np.int64).max


def visits_of(day: int, config: WorldConfig, people: PeopleTruth, state: State) -> np.ndarray:
    """int64 [P, V] starts of the day's sessions in UTC ms, ascending; `NEVER` after the last of a person."""
    persons = np.arange(len(state.mood))
    rate = people.sessions_a_day * weekday_factor(config, day)
    rate = rate * np.exp(config.behaviour.mood_sessions * (state.mood - 1.0))
    rate = np.where(state.is_gone, 0.0, rate)
    counts = _poisson(rate, uniforms(config.seed, Stream.VISITS, persons, day))
    most = max(int(counts.max(initial=0)), 1)
    places = np.arange(most)
    draw = uniforms(config.seed, Stream.HOURS, persons[:, None], day, places[None, :])
    local_ms = (_hour_of(draw) * 3_600_000).astype(np.int64)
    offset_ms = (people.utc_offset_h * 3_600_000).astype(np.int64)[:, None]
    starts = config.start_ms + day * DAY_MS + (local_ms - offset_ms) % DAY_MS
    starts = np.where(places[None, :] < counts[:, None], starts, _NEVER)
    starts.sort(axis=1)
    return starts


def free_from(state: State, who: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """[B] the starts, put off where the person's last session is not over yet."""
    begin: np.ndarray = np.maximum(starts, state.busy_until_ms[who] + _BREAK_MS)
    return begin


def weekday_factor(config: WorldConfig, day: int) -> float:
    """How much more often people come on this day than on a working day, kept at 1 over the week."""
    date = datetime.fromtimestamp((config.start_ms + day * DAY_MS) / 1_000, UTC)
    weekend = config.people.weekend
    return (weekend if date.weekday() >= 5 else 1.0) * 7 / (5 + 2 * weekend)


def is_visit(starts: np.ndarray) -> np.ndarray:
    """[P] or [P, V] which of the entries are sessions."""
    is_one: np.ndarray = starts != _NEVER
    return is_one


def _poisson(rate: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """int64 [P] counts by inversion: for one draw, a higher rate never gives a lower count."""
    counts = np.zeros(len(rate), np.int64)
    chance = np.exp(-rate.astype(np.float64))
    below = chance.copy()
    for count in range(1, MOST_A_DAY + 1):
        is_more = draw >= below
        counts[is_more] = count
        chance = chance * rate / count
        below += chance
    return counts


def _hour_of(draw: np.ndarray) -> np.ndarray:
    edges = np.concatenate([[0.0], np.cumsum(HOURLY) / HOURLY.sum()])
    hours: np.ndarray = np.interp(draw, edges, np.arange(25.0))
    return hours
