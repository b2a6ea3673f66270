"""This file is about the page: what is placed where, and why."""

from dataclasses import dataclass, field
from typing import Literal

ReasonKind = Literal[
    "saved", "picked", "viewed", "expected", "taste", "looks_like", "words", "popular", "fresh", "explore"
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is on the page: true evidence, never a template without it.

    Attributes:
        kind: which kind of evidence.
        text: one short sentence for a person.
        evidence: numbers of the items that led here, strongest first; empty where none did.
    """

    kind: ReasonKind
    text: str
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameShown:
    """The frame of a video that an item is on a page for; `index` counts from 0 within the video."""

    media_id: str
    index: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Placement:
    """One thing in one slot of a page.

    Attributes:
        frame: of its video, that found it.
        propensity: chance that it came into this slot; 1 where nothing was drawn.
    """

    number: int
    position: int
    kind: Literal["organic", "ad"]
    source: str
    score: float
    value: float
    reason: Reason
    frame: FrameShown | None = None
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class StageCount:
    """What one stage took, gave and cost."""

    stage: str
    taken: int
    given: int
    ms: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What one request gets.

    Attributes:
        placements: in the order of their positions.
        cursor: asks for the page after this one; None at the end.
        report: each stage, and every optional step that was missing.
        models: name → version of all that had a say.
    """

    request_id: str
    placements: tuple[Placement, ...]
    cursor: str | None
    report: tuple[StageCount, ...]
    models: dict[str, str] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
