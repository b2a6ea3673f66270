"""This file is about rules: each says for all candidates at once which may stay."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bowerbird.core.arrays import ItemNumbers, Mask
from bowerbird.eligible.types import Removal, Screened, Standing

Rule: TypeAlias = Callable[[ItemNumbers, Standing], Mask]
"""(numbers [C], standing) → [C] true where the candidate may stay."""


def holds(sorted_numbers: np.ndarray, numbers: np.ndarray) -> Mask:
    """[C] true where the number is one of `sorted_numbers`."""
    if not len(sorted_numbers):
        return np.zeros(len(numbers), dtype=bool)
    place = np.searchsorted(sorted_numbers, numbers)
    place[place == len(sorted_numbers)] = 0
    found: Mask = sorted_numbers[place] == numbers
    return found


def keep_allowed(allowed: np.ndarray) -> Rule:
    """Keeps items that are live and that the request's filter keeps: `allowed` is bool, by number."""

    def rule(numbers: ItemNumbers, _standing: Standing) -> Mask:
        # Numbers past the end belong to items that came after the mask was made.
        known = (numbers >= 0) & (numbers < len(allowed))
        keep: Mask = known & allowed[np.where(known, numbers, 0)] if len(allowed) else known
        return keep

    return rule


def keep_not_hidden(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what the person did not hide."""
    return ~holds(standing.hidden, numbers)


def keep_not_saved(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what the person does not have on a board already."""
    return ~holds(standing.saved, numbers)


def keep_not_shown(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what was not on an earlier page of this list."""
    return ~holds(standing.shown, numbers)


def keep_wanted(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what is not of an interest that the person does not want."""
    return ~holds(standing.unwanted, numbers)


def keep_not_blocked(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what is not of an owner whom the person blocked."""
    return ~holds(standing.blocked, numbers)


def keep_for_country(countries: np.ndarray, country: int) -> Rule:
    """Keeps items for this country, and items for all.

    Args:
        countries: int32 codes by item number; 0 for all.
        country: the person's code; 0: unknown, so that nothing is left out; -1: one that no item names.
    """

    def rule(numbers: ItemNumbers, _standing: Standing) -> Mask:
        known = (numbers >= 0) & (numbers < len(countries))
        codes = countries[np.where(known, numbers, 0)] if len(countries) else np.zeros(len(numbers), int)
        keep: Mask = (codes == 0) | (codes == country) | (country == 0) | ~known
        return keep

    return rule


def keep_unseen(numbers: ItemNumbers, standing: Standing) -> Mask:
    """Keeps what the person has not had on the screen."""
    return ~holds(standing.seen, numbers)


def screen(numbers: ItemNumbers, standing: Standing, rules: dict[str, Rule]) -> Screened:
    """What may be shown, rule by rule; the counts name the first rule that removed an item.

    Args:
        rules: name → rule, in the order in which they run.
    """
    keep = np.ones(len(numbers), dtype=bool)
    removals = []
    for name, rule in rules.items():
        taken = int(np.count_nonzero(keep))
        keep &= rule(numbers, standing)
        removals.append(Removal(name, taken, int(np.count_nonzero(keep))))
    return Screened(keep, tuple(removals))
