"""This file is about the colour block: the last numbers of every vector say which colours, in which shares.

Roots of shares have length 1, so every item's block is equally long, and a match is 1 where shares are equal.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.encode.colour_words import colour_target, split_words
from bowerbird.encode.geometry import as_float32, unit
from bowerbird.lake.colours import NAMED_COLOURS

COLOUR_IN_WORDS, COLOUR_IN_LOOK = 0.15, 0.15
"""Squared length of the block in an item's words and look vectors; the rest is meaning or look."""
JOINT_LENGTH = float(np.sqrt(1 - COLOUR_IN_WORDS))
COLOUR_PULL = 0.3
"""What a full match in colour adds to a search by words, in cosines of meaning."""

LOOK_SHARE = 0.5
"""Share of the picture in a search by picture and words."""
_NEW_COLOUR = 0.8
"""Length of the colour block of a picture whose colour the words change; it has to outweigh the old one."""

_NEAR = (
    ("navy", "blue", 0.3), ("turquoise", "teal", 0.4), ("teal", "green", 0.2), ("turquoise", "blue", 0.2),
    ("maroon", "red", 0.3), ("maroon", "brown", 0.1), ("pink", "red", 0.1), ("orange", "red", 0.1),
    ("gold", "yellow", 0.3), ("gold", "brown", 0.15), ("beige", "cream", 0.3), ("cream", "white", 0.3),
    ("beige", "brown", 0.15), ("olive", "green", 0.3), ("lavender", "purple", 0.4), ("black", "grey", 0.1),
    ("white", "grey", 0.1),
)  # fmt: skip


def with_colours(meaning: np.ndarray, colours: np.ndarray, share: float) -> Embeddings:
    """[N, D + n] unit rows: meaning at length sqrt(1 - share), then roots of colour shares."""
    block = unit(np.sqrt(np.maximum(colours, 0.0)))
    return as_float32(np.concatenate([np.sqrt(1 - share) * unit(meaning), np.sqrt(share) * block], axis=1))


def query_with_colours(meaning: np.ndarray, texts: Sequence[str]) -> Embeddings:
    """[B, D + n] unit rows: meaning, then what the texts say about colours; zeros where they say nothing."""
    wanted = (
        np.stack([wanted_colours(text) for text in texts]) if texts else np.zeros((0, len(NAMED_COLOURS)))
    )
    pull = COLOUR_PULL * JOINT_LENGTH / np.sqrt(COLOUR_IN_WORDS)
    return as_float32(unit(np.concatenate([unit(meaning), pull * wanted], axis=1)))


def wanted_colours(text: str) -> np.ndarray:
    """[n] roots of the shares that a text asks for, with a part for neighbouring names; zeros for none."""
    wanted = np.sqrt(colour_target(text) @ _NEARNESS)
    made: np.ndarray = unit(wanted[None])[0]
    refused = [NAMED_COLOURS.index(name) for name in split_words(text).refused]
    made[refused] -= 1.0
    return made


def compose(
    look: Embeddings, words: Embeddings, text: str, colours: int
) -> tuple[Embeddings, Embeddings, float, float]:
    """A picture and words as one search; see `BridgeSpace.compose`."""
    said = split_words(text)
    if not said.colours and not said.refused:
        return look, words, LOOK_SHARE, 1 - LOOK_SHARE
    changed = look.copy()
    changed[:, -colours:] = _NEW_COLOUR * wanted_colours(text)
    return as_float32(unit(changed)), words, LOOK_SHARE, 1 - LOOK_SHARE


def _nearness() -> np.ndarray:
    near = np.eye(len(NAMED_COLOURS), dtype=np.float32)
    for one, other, share in _NEAR:
        row, column = NAMED_COLOURS.index(one), NAMED_COLOURS.index(other)
        near[row, column] = near[column, row] = share
    return near


_NEARNESS = _nearness()
