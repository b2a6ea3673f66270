"""This file is about the few lengths to which histories are padded, so that a runtime plans each once."""

from bowerbird.learn.data import Histories

_LENGTHS = (8, 16, 32, 64, 128, 256)


def padded_length(histories: Histories, longest: int) -> int:
    """The least of a few lengths that holds the newest `longest` entries of every history."""
    needed = min(max(int(histories.lengths.max(initial=1)), 1), longest)
    return min(next((length for length in _LENGTHS if length >= needed), longest), longest)
