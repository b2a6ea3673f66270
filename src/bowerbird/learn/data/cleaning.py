"""This file is about cleaning: what is done with rows that are wrong, doubled, or not made by people."""

from dataclasses import asdict, dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS, Action
from bowerbird.learn.data.config import DataConfig
from bowerbird.learn.data.interactions import Interactions
from bowerbird.learn.data.raw import RawRows, catalogue_of, numbers_of

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """What became of the rows: `rows == kept + all that were left out`.

    Attributes:
        rows: as read.
        kept: interactions that are left.
        unreadable: bad rows that the reader refused; not among `rows`.
        unknown_items: the item is not in the catalogue, or was deleted.
        low_ratings: below the least rating.
        future: a time ahead of now, in a source that does not say when a row arrived.
        duplicates: the same person, item, action and time again.
        repeats: the same person and item at another time, where the config keeps one.
        machines: rows of persons with more actions in an hour than a person has.
        machine_persons: how many such persons.
        too_old: rows before the newest of a very long history.
        clocks_corrected: times ahead of their arrival, set to the arrival; kept.
        time_ties: rows at the same person and moment as the row before; kept.
    """

    rows: int
    kept: int
    unreadable: int
    unknown_items: int
    low_ratings: int
    future: int
    duplicates: int
    repeats: int
    machines: int
    machine_persons: int
    too_old: int
    clocks_corrected: int
    time_ties: int

    def facts(self) -> dict[str, int]:
        """Counts by name, without zeros."""
        return {name: count for name, count in asdict(self).items() if count}


def cleaned(raw: RawRows, config: DataConfig, now_ms: int) -> tuple[Interactions, CleaningReport]:
    """The interactions that the rules leave, and what became of the others.

    Raises:
        InputError: the catalogue is empty.
    """
    catalogue = catalogue_of(raw)
    person_ids = tuple(dict.fromkeys(raw.persons))
    counts: dict[str, int] = {"rows": len(raw.items), "unreadable": sum(raw.rejects.by_code.values())}
    at_ms, counts["clocks_corrected"] = _times(raw, config)
    actions, weights = _actions(raw, config)
    all_rows = Interactions(
        persons=numbers_of(raw.persons, person_ids),
        items=numbers_of(raw.items, catalogue.ids),
        at_ms=at_ms,
        actions=actions,
        weights=weights,
        person_ids=person_ids,
        catalogue=catalogue,
        time=raw.time,
        ties_are_drawn=_draws_ties(raw, config),
    )
    keep = np.ones(len(raw.items), dtype=bool)
    counts["unknown_items"] = _drop(keep, all_rows.items < 0)
    is_low = np.zeros(len(keep), dtype=bool)
    if raw.ratings is not None and config.least_rating is not None:
        is_low = ~(raw.ratings >= config.least_rating)  # a rating that is no number is low
    counts["low_ratings"] = _drop(keep, is_low)
    is_future = at_ms > now_ms + config.clock_skew_ms
    counts["future"] = _drop(keep, is_future if raw.time == "absolute" else np.zeros_like(keep))
    ordered = all_rows.where(keep)
    ordered = ordered.where(_order(ordered, config))
    for name, rule in (
        ("duplicates", _is_duplicate),
        ("machines", _is_machine),
        ("repeats", _is_repeat),
        ("too_old", _is_too_old),
    ):
        out = rule(ordered, config)
        counts[name] = int(out.sum())
        if name == "machines":
            counts["machine_persons"] = len(np.unique(ordered.persons[out]))
        ordered = ordered.where(~out)
    same = (np.diff(ordered.persons) == 0) & (np.diff(ordered.at_ms) == 0)
    return ordered, CleaningReport(kept=len(ordered), time_ties=int(same.sum()), **counts)


def _times(raw: RawRows, config: DataConfig) -> tuple[np.ndarray, int]:
    if raw.at_ms is None:
        return np.arange(len(raw.items), dtype=np.int64), 0
    if raw.received_ms is None:
        return raw.at_ms, 0
    is_ahead = (raw.received_ms > 0) & (raw.at_ms > raw.received_ms + config.clock_skew_ms)
    return np.where(is_ahead, raw.received_ms, raw.at_ms), int(is_ahead.sum())


def _actions(raw: RawRows, config: DataConfig) -> tuple[np.ndarray, np.ndarray]:
    """What was done, as the source says or as its ratings do."""
    if raw.ratings is None or config.liked_from is None:
        return raw.actions, raw.weights
    is_liked = raw.ratings >= config.liked_from
    save, closeup = Action.SAVE, Action.CLOSEUP
    actions = np.where(is_liked, ACTION_CODES[save], ACTION_CODES[closeup]).astype(np.int8)
    weights = np.where(is_liked, INTEREST_WEIGHTS[save], INTEREST_WEIGHTS[closeup]).astype(np.float32)
    return actions, weights


def _drop(keep: np.ndarray, out: np.ndarray) -> int:
    before = int(keep.sum())
    keep &= ~out
    return before - int(keep.sum())


def _draws_ties(raw: RawRows, config: DataConfig) -> bool:
    return config.time_ties == "shuffled" and raw.time != "order"


def _order(rows: Interactions, config: DataConfig) -> np.ndarray:
    # Stable: interactions of one person and moment keep the source's order, unless it is to be shuffled.
    ties = np.arange(len(rows))
    if rows.ties_are_drawn:
        ties = np.random.default_rng(config.ties_seed).permutation(len(rows))
    order: np.ndarray = np.lexsort((ties, rows.at_ms, rows.persons))
    return order


def _is_duplicate(rows: Interactions, _: DataConfig) -> np.ndarray:
    if rows.time == "order":
        return np.zeros(len(rows), dtype=bool)  # without times, the same item again is a repeat
    return _is_again(rows, (rows.persons, rows.items, rows.actions, rows.at_ms), keep="first")


def _is_repeat(rows: Interactions, config: DataConfig) -> np.ndarray:
    if config.repeats == "keep":
        return np.zeros(len(rows), dtype=bool)
    return _is_again(rows, (rows.persons, rows.items), keep=config.repeats)


def _is_again(rows: Interactions, columns: tuple[np.ndarray, ...], *, keep: str) -> np.ndarray:
    places = np.arange(len(rows)) if keep == "first" else -np.arange(len(rows))
    order = np.lexsort((places, *reversed(columns)))
    same = np.ones(max(len(rows) - 1, 0), dtype=bool)
    for column in columns:
        same &= np.diff(column[order]) == 0
    out = np.zeros(len(rows), dtype=bool)
    out[order[1:][same]] = True
    return out


def _is_machine(rows: Interactions, config: DataConfig) -> np.ndarray:
    limit = config.most_actions_an_hour
    if rows.time == "order" or len(rows) <= limit:
        return np.zeros(len(rows), dtype=bool)
    within = (rows.at_ms[limit:] - rows.at_ms[:-limit]) < _HOUR_MS
    found = rows.persons[limit:][within & (rows.persons[limit:] == rows.persons[:-limit])]
    machine: np.ndarray = np.isin(rows.persons, found)
    return machine


def _is_too_old(rows: Interactions, config: DataConfig) -> np.ndarray:
    old: np.ndarray = rows.histories().places_from_end() >= config.most_actions
    return old
