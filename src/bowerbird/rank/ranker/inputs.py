"""This file is about the arrays that the ranker reads: of one request to serve, of many to learn."""

from collections.abc import Sequence

import numpy as np

from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.sides import PersonSide, ages_of, newest

Arrays = dict[str, np.ndarray]
"""Numbers of items in `recent`, `long` and `left`, -1 for none; a graph gets vectors in their place."""


def person_arrays(people: Sequence[PersonSide], now_ms: Sequence[int], config: RankerConfig) -> Arrays:
    """[Q, …] each person's newest likes at the right end, the long history, and what was left alone."""
    count, wide, many = max(config.recent, 1), max(config.long, 1), max(config.left, 1)
    rows = len(people)
    found: Arrays = {
        "recent": np.full((rows, count), -1, np.int64),
        "recent_actions": np.zeros((rows, count), np.int64),
        "recent_ages": np.zeros((rows, count), np.float32),
        "long": np.full((rows, wide), -1, np.int64),
        "long_actions": np.zeros((rows, wide), np.int64),
        "left": np.full((rows, many), -1, np.int64),
        "left_ages": np.zeros((rows, many), np.float32),
    }
    for row, (person, at_ms) in enumerate(zip(people, now_ms, strict=True)):
        likes, actions, likes_ms = newest(person, config.recent)
        if len(likes):
            found["recent"][row, -len(likes) :] = likes
            found["recent_actions"][row, -len(likes) :] = actions + 1
            found["recent_ages"][row, -len(likes) :] = ages_of(likes_ms, at_ms)
        likes, actions, _ = newest(person, config.long)
        if len(likes):
            found["long"][row, -len(likes) :] = likes
            found["long_actions"][row, -len(likes) :] = actions + 1
        if config.left and len(person.left):
            left = person.left[-many:]
            found["left"][row, -len(left) :] = left
            found["left_ages"][row, -len(left) :] = ages_of(person.left_ms[-many:], at_ms)
    return found


def as_vectors(arrays: Arrays, vectors: np.ndarray) -> Arrays:
    """What an exported graph reads of the person: content in place of numbers, and what is there."""
    found: Arrays = {}
    for name, array in arrays.items():
        if name in ("recent", "long", "left"):
            there = (array >= 0).astype(np.float32)
            found[name] = vectors[np.maximum(array, 0)] * there[..., None]
            found[f"{name}_there"] = there
        else:
            found[name] = array
    return found
