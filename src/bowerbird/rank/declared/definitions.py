"""This file is about what the behaviour features are: one frozen list, which stream and batch both carry out.

A feature is a question about one owner (a person, an item, a person with a category, …) at one moment: how
often lately, how long ago, how much in this visit. Only what happened strictly before the moment counts.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

import orjson

from bowerbird.core.actions import Action

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SESSION_GAP_MS = 30 * 60_000
"""A session ends where so long nothing was done."""
NEVER = -1.0
"""Seconds since something that never happened."""
LAYOUT = 1
"""Part of the version: to be raised when the way that a kind of feature is worked out changes."""


class Owner(StrEnum):
    """Whose behaviour is counted; two words mean a pair of the asking person and something of the item."""

    PERSON = "person"
    ITEM = "item"
    PERSON_CATEGORY = "person x category"
    PERSON_OWNER = "person x owner"
    PERSON_ITEM = "person x item"


class Kind(StrEnum):
    """What is worked out of the actions that count."""

    DECAYED = "decayed count"  # each action counts 1, and half as much after each half-life
    SINCE = "seconds since last"  # `NEVER` where there was none
    SESSION = "count in session"  # 0 where the session has ended


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted: some actions of one kind of owner. Features of one tally share their memory."""

    owner: Owner
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Attributes:
        half_life_ms: of a decayed count; 0 for the other kinds.
    """

    name: str
    meaning: str
    tally: Tally
    kind: Kind
    half_life_ms: int = 0


_DONE = {
    "shown": ((Action.IMPRESSION,), "was shown"),
    "opened": ((Action.CLOSEUP,), "opened"),
    "clicked": ((Action.CLICK, Action.LONG_CLICK), "followed the link of"),
    "saved": ((Action.SAVE, Action.PICK), "saved or picked"),
    "liked": (
        (
            Action.SAVE, Action.PICK, Action.PURCHASE, Action.ADD_TO_CART, Action.DOWNLOAD, Action.SHARE,
            Action.LONG_CLICK, Action.SEE_MORE, Action.REACT,
        ),
        "showed liking for",
    ),
    "refused": ((Action.HIDE, Action.SEE_FEWER, Action.REPORT), "hid, or wants fewer like,"),
    "acted": (
        tuple(each for each in Action if each not in (Action.IMPRESSION, Action.DWELL, Action.SCREENSHOT)),
        "did anything with",
    ),
}  # fmt: skip
_WHOSE = {
    Owner.PERSON: "this person {} any item",
    Owner.ITEM: "anybody {} this item",
    Owner.PERSON_CATEGORY: "this person {} an item of this category",
    Owner.PERSON_OWNER: "this person {} an item of this owner",
    Owner.PERSON_ITEM: "this person {} this item",
}
_SPANS = {"1h": HOUR_MS, "1d": DAY_MS, "30d": 30 * DAY_MS}


def _sentence(owner: Owner, done: str) -> str:
    return _WHOSE[owner].format(_DONE[done][1])


def _name(owner: Owner, done: str) -> str:
    return f"{owner.replace(' x ', '_')}_{done}"


def _decayed(owner: Owner, done: str, *spans: str) -> Iterator[Feature]:
    for span in spans:
        yield Feature(
            f"{_name(owner, done)}_{span}",
            f"how often {_sentence(owner, done)}, halved every {span}",
            Tally(owner, _DONE[done][0]),
            Kind.DECAYED,
            _SPANS[span],
        )


def _since(owner: Owner, done: str) -> Feature:
    return Feature(
        f"{_name(owner, done)}_seconds_ago",
        f"seconds since {_sentence(owner, done)}; {NEVER:g} for never",
        Tally(owner, _DONE[done][0]),
        Kind.SINCE,
    )


def _in_session(done: str) -> Feature:
    return Feature(
        f"{_name(Owner.PERSON, done)}_in_session",
        f"how often {_sentence(Owner.PERSON, done)} in this session, which 30 idle minutes end",
        Tally(Owner.PERSON, _DONE[done][0]),
        Kind.SESSION,
    )


FEATURES: tuple[Feature, ...] = (
    *_decayed(Owner.PERSON, "shown", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON, "opened", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON, "clicked", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON, "saved", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON, "refused", "1h", "1d", "30d"),
    _since(Owner.PERSON, "acted"),
    _since(Owner.PERSON, "saved"),
    _in_session("shown"),
    _in_session("acted"),
    _in_session("saved"),
    *_decayed(Owner.ITEM, "shown", "1h", "1d", "30d"),
    *_decayed(Owner.ITEM, "clicked", "1h", "1d", "30d"),
    *_decayed(Owner.ITEM, "saved", "1h", "1d", "30d"),
    *_decayed(Owner.ITEM, "refused", "1d", "30d"),
    _since(Owner.ITEM, "saved"),
    *_decayed(Owner.PERSON_CATEGORY, "shown", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON_CATEGORY, "liked", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON_CATEGORY, "refused", "1d", "30d"),
    _since(Owner.PERSON_CATEGORY, "liked"),
    *_decayed(Owner.PERSON_OWNER, "shown", "1d", "30d"),
    *_decayed(Owner.PERSON_OWNER, "liked", "1d", "30d"),
    *_decayed(Owner.PERSON_OWNER, "refused", "1d", "30d"),
    _since(Owner.PERSON_OWNER, "liked"),
    *_decayed(Owner.PERSON_ITEM, "shown", "1h", "1d", "30d"),
    *_decayed(Owner.PERSON_ITEM, "opened", "1d", "30d"),
    _since(Owner.PERSON_ITEM, "shown"),
    _since(Owner.PERSON_ITEM, "acted"),
)
"""Order of the columns; add at the end. A changed list is another version, and state is counted anew."""
NAMES: tuple[str, ...] = tuple(each.name for each in FEATURES)


def version_of(features: tuple[Feature, ...]) -> str:
    """Changes whenever anything in the list does; part of what is logged with each page."""
    told = orjson.dumps([LAYOUT, SESSION_GAP_MS, [asdict(each) for each in features]])
    return f"behaviour-{hashlib.sha256(told).hexdigest()[:12]}"


VERSION = version_of(FEATURES)
