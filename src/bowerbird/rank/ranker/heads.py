"""This file is about heads: the actions whose chances are predicted, and what counts as one of them."""

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS, Action

HEADS = (Action.SAVE, Action.CLICK, Action.LONG_CLICK, Action.CLOSEUP, Action.HIDE, Action.PURCHASE)
"""Order of the columns of labels and of chances."""
NEGATIVE_HEADS = (Action.HIDE,)
HEAD_CODES = np.array([ACTION_CODES[action] for action in HEADS], dtype=np.int8)
IMPRESSION_CODE = ACTION_CODES[Action.IMPRESSION]
LIKING_CODES = np.array([ACTION_CODES[action] for action in INTEREST_WEIGHTS], dtype=np.int8)
"""Actions that say "I like this": these make a person's history."""
LABEL_WITHIN_MS = 24 * 3_600_000
"""So long after an item was shown an action on it counts as what followed."""
