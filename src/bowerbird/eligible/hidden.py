"""This file is about what a person does not want to see again."""

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.online_state import OnlineState

_HIDING = [ACTION_CODES[action] for action in (Action.REPORT, Action.SEE_FEWER)]


def hidden_from(online: OnlineState, person_id: str) -> np.ndarray:
    """Sorted int64 numbers of what the person hid, reported, or asked to see less of."""
    recent = online.recent(person_id)
    unwanted = recent.numbers[np.isin(recent.actions, _HIDING)]
    return np.union1d(online.hidden(person_id), unwanted)
