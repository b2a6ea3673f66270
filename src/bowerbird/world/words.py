"""This file is about words that people write: names of boards, and what they type into the search box."""

from collections.abc import Sequence

import numpy as np

from bowerbird.world.draws import Stream, hashes

_BOARD_STYLES = (
    "{}", "{} ideas", "{} to try", "My {}", "{} inspo", "Love: {}", "{} for home", "Someday {}", "dream {}",
    "{} 💛",
)  # fmt: skip
_ANYTHING = ("Ideas", "Things I like", "My saves", "For later", "Misc", "Nice things")
_QUERY_STYLES = ("{}", "{} ideas", "best {}", "small {}", "cheap {}", "{} for gifts")
_TYPO_SHARE = 0.05


def board_names(seed: int, persons: np.ndarray, slots: np.ndarray, topics: Sequence[str]) -> list[str]:
    """What each person calls the board in a slot; an empty topic is a board for anything."""
    drawn = hashes(seed, Stream.NAMES, persons, slots)
    names = []
    for number, topic in zip(drawn.tolist(), topics, strict=True):
        if topic:
            names.append(_BOARD_STYLES[number % len(_BOARD_STYLES)].format(topic))
        else:
            names.append(_ANYTHING[number % len(_ANYTHING)])
    return names


def typed(seed: int, persons: np.ndarray, at_ms: np.ndarray, topics: Sequence[str]) -> list[str]:
    """What each person types who looks for a topic: some of its words, now and then mistyped."""
    drawn = hashes(seed, Stream.QUERY, persons, at_ms)
    return [_query(int(number), topic) for number, topic in zip(drawn, topics, strict=True)]


def _query(number: int, topic: str) -> str:
    words = topic.split()
    part, style, typo = number % 3, (number >> 8) % (3 * len(_QUERY_STYLES)), (number >> 16) % 1_000
    text = topic if part < 2 or len(words) < 2 else words[-1]
    text = _QUERY_STYLES[style].format(text) if style < len(_QUERY_STYLES) else text
    if typo < 1_000 * _TYPO_SHARE and len(text) > 4:
        place = 1 + (number >> 32) % (len(text) - 2)
        text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text
