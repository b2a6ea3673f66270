"""This file is about chance: numbers that depend on nothing but a seed and what they are drawn for.

A draw is a hash of (seed, stream, keys). So what would have happened to a person who was shown another item
is as well defined as what did happen, whoever asks, in whatever order.

Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators").
"""

from enum import IntEnum
from typing import TypeAlias

import numpy as np

Keys: TypeAlias = np.ndarray | int


class Stream(IntEnum):
    """What a draw is for; two streams never share a number."""

    CATALOGUE = 1
    PEOPLE = 2
    DRIFT = 3
    VISITS = 4
    HOURS = 5
    DEPTH = 6
    COLUMN = 7
    MATCH = 8
    CLOSEUP = 9
    CLICK = 10
    LONG = 11
    SAVE = 12
    HIDE = 13
    PURCHASE = 14
    DWELL = 15
    INTENT = 16
    QUERY = 17
    CHURN = 18
    POLICY = 19
    NAMES = 20
    PICKS = 21
    CLIENT = 22


def hashes(seed: int, stream: Stream, *keys: Keys) -> np.ndarray:
    """uint64, in the shape that the keys broadcast to."""
    state = _mixed(np.asarray([(seed * 0x2545F4914F6CDD1D + stream) % 2**64], dtype=np.uint64))
    for key in keys:
        state = _mixed(state ^ (np.asarray(key).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
    return state


def uniforms(seed: int, stream: Stream, *keys: Keys) -> np.ndarray:
    """float32 in [0, 1), in the shape that the keys broadcast to."""
    return as_uniforms(hashes(seed, stream, *keys))


def as_uniforms(hashed: np.ndarray) -> np.ndarray:
    """float32 in [0, 1): the upper 24 bits, which float32 holds exactly."""
    return (hashed >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def further(hashed: np.ndarray, stream: Stream) -> np.ndarray:
    """float32 in [0, 1): another draw for the same keys, at a third of the price of a new hash."""
    return as_uniforms(_mixed(hashed ^ np.uint64((int(stream) * 0xD1B54A32D192ED03) % 2**64)))


def bells(hashed: np.ndarray) -> np.ndarray:
    """float32 of mean 0 and variance 1, nearly normal: four 16-bit uniforms of one hash, added."""
    total = np.zeros(hashed.shape, np.float32)
    for part in range(4):
        total += ((hashed >> np.uint64(16 * part)) & np.uint64(0xFFFF)).astype(np.float32)
    bell: np.ndarray = (total / np.float32(65_536) - np.float32(2.0)) * np.float32(1.7320508)
    return bell


def generator(seed: int, stream: Stream, *keys: int) -> np.random.Generator:
    """A generator of numpy's own, where nothing counterfactual hangs on the order of draws."""
    return np.random.default_rng([seed, int(stream), *keys])


def _mixed(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = state ^ (state >> np.uint64(31))
    return mixed
