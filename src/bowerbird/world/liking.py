"""This file is about what actions say: how much each tells of liking, to learners and in files."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS, Action
from bowerbird.world.log import WorldLog

HIDE_WORTH = -1.0
"""A hide costs what a save is worth."""
SAVE_CODE = ACTION_CODES[Action.SAVE]
WEIGHTS = np.array(
    [HIDE_WORTH if action is Action.HIDE else INTEREST_WEIGHTS.get(action, 0.0) for action in Action],
    np.float32,
)
"""By action code: how much it says "I like this"."""


@dataclass(frozen=True, slots=True)
class Done:
    """What people did, as a server is told: row r is one action on one item.

    Attributes:
        who, items: int64 [R].
        weights: float32 [R] how much the action says "I like this"; negative for a hide.
    """

    who: np.ndarray
    items: np.ndarray
    weights: np.ndarray


def actions_done(events: WorldLog) -> Done:
    """What a learner is told of these events: those that say something about liking."""
    weights = WEIGHTS[events.actions]
    some = weights != 0
    return Done(events.persons[some].astype(np.int64), events.items[some].astype(np.int64), weights[some])
