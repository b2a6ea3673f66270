"""This file is about colours in words: "a burgundy dress" wants maroon, "orange juice" wants no colour.

The words are in `colour_words.json`: those that are a colour wherever they stand, those that are one before
another word ("olive jacket", not "an olive"), and those that are mostly things ("rose") and a colour only
where the text says so ("in rose", "dusty rose", "rose coloured").
"""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from bowerbird.lake.colours import NAMED_COLOURS

_LISTS: dict[str, Any] = json.loads(files("bowerbird.encode").joinpath("colour_words.json").read_text())
_ALWAYS: dict[str, list[str]] = _LISTS["always"]
_AS_ADJECTIVE: dict[str, list[str]] = _LISTS["as_adjective"]
_MOSTLY_THINGS: dict[str, list[str]] = _LISTS["mostly_things"]
_SHADES = frozenset(_LISTS["shades"])
_SAID = frozenset(_LISTS["said_to_be_colours"])
_NO_NOUN = frozenset(_LISTS["links"]) | frozenset(_LISTS["things_after"])
_THING_BEFORE = frozenset(_LISTS["thing_before"])
_REFUSALS = frozenset(_LISTS["refusals"])
_OFF_WHITE = re.compile(r"\boff[\s-]white\b")
_PAIR = re.compile(r"\b([a-z]+)[\s-](blue|gold|red|green|yellow)\b")
_WORD = re.compile(r"[^\W\d]+(?:'[a-z]+)?")
_COLUMN = {name: column for column, name in enumerate(NAMED_COLOURS)}


@dataclass(frozen=True, slots=True)
class SplitWords:
    """A text without its colours, and the colours.

    Attributes:
        rest: the text in lower case without its colour words; as it was where it has none.
        colours: named colours that are asked for, in the order of the text, each once.
        refused: named colours after "not" or "without".
    """

    rest: str
    colours: tuple[str, ...]
    refused: tuple[str, ...] = ()


def split_words(text: str) -> SplitWords:
    """Which named colours a text asks for, and what else it says."""
    words = _WORD.findall(_joined(text.lower()))
    asked: dict[str, None] = {}
    refused: dict[str, None] = {}
    rest: list[str] = []
    for place, word in enumerate(words):
        names = _colours_at(words, place)
        is_refused = bool(_REFUSALS & set(words[max(0, place - 2) : place]))
        (refused if is_refused else asked).update(dict.fromkeys(names))
        if not names:
            rest.append(word.replace("_", " "))
    return SplitWords(
        " ".join(rest) if asked or refused else text.strip(),
        tuple(asked),
        tuple(name for name in refused if name not in asked),
    )


def colour_target(text: str) -> np.ndarray:
    """[len(NAMED_COLOURS)] float32 shares that a text asks for, sums to 1; zeros where it names no colour."""
    target = np.zeros(len(NAMED_COLOURS), dtype=np.float32)
    colours = split_words(text).colours
    target[[_COLUMN[name] for name in colours]] = 1 / max(1, len(colours))
    return target


def _joined(text: str) -> str:
    """Two words that are one colour, as one: "navy blue" is `navy_blue`."""
    return _PAIR.sub(
        lambda found: "_".join(found.groups()) if "_".join(found.groups()) in _ALWAYS else found[0],
        _OFF_WHITE.sub("offwhite", text),
    )


def _colours_at(words: list[str], place: int) -> list[str]:
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if word in _ALWAYS:
        return _ALWAYS[word]
    is_said = before in _SHADES or before in _SAID or after in _SAID - {"in"}
    describes = bool(after) and after not in _NO_NOUN and before not in _THING_BEFORE
    if word in _AS_ADJECTIVE and (is_said or describes):
        return _AS_ADJECTIVE[word]
    if word in _MOSTLY_THINGS and (is_said or after in _ALWAYS):
        return _MOSTLY_THINGS[word]
    return []
