"""This file is about one turn of the loop for rankers: a window, a challenger, and both on later pages."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from bowerbird.learn.loop import Complaint, Decision, Judged, LoopConfig, WindowFacts, complaints, decide
from bowerbird.learn.types import Tell
from bowerbird.rank.ranker.calibration import trueness
from bowerbird.rank.ranker.heads import HEADS, IMPRESSION_CODE
from bowerbird.rank.ranker.requests import Acts, requests_of
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.sides import FEATURES, PersonSide

DAY_MS = 86_400_000
_TIMED, _CANDIDATES = 15, 500
Learn = Callable[[Acts, int], ServedRanker]
"""Trains and calibrates on the pages from a moment on, out of all that happened before the future pages."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn came to.

    Attributes:
        challenger: None where the window was complained of.
        from_ms, cut_ms, until_ms: the window, and the moment after which pages judge.
    """

    facts: WindowFacts
    complaints: tuple[Complaint, ...]
    challenger: ServedRanker | None
    decision: Decision | None
    from_ms: int
    cut_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Turning:
    """What a turn needs beside the events.

    Attributes:
        learn: a challenger out of acts; what came before the window is known of people, as when it serves.
        judge: what a ranker says of the rows of all pages from a moment on.
    """

    config: LoopConfig
    learn: Learn
    judge: "Judge"


@dataclass(frozen=True, slots=True)
class FuturePages:
    """Rows that judge.

    Attributes:
        chances, labels: float32 and bool [R, heads].
        pages: int64 [R] which page each is on; persons: int64 [P].
    """

    chances: np.ndarray
    labels: np.ndarray
    pages: np.ndarray
    persons: np.ndarray


Judge = Callable[[ServedRanker, Acts, int], FuturePages]


def turn(
    acts: Acts, champion: ServedRanker | None, last_good_rate: float | None, turning: Turning, tell: Tell
) -> Turn:
    """A window checked, a challenger trained on what came before the cut, both judged on what came after."""
    config = turning.config
    until_ms = int(acts.at_ms[-1]) + 1 if len(acts) else 0
    from_ms = max(until_ms - int(config.window_days * DAY_MS), 0)
    window = acts.where(acts.at_ms >= from_ms)
    pages = requests_of(window)
    acted = window.actions != IMPRESSION_CODE
    facts = WindowFacts.of(pages.at_ms, window.persons[acted], window.items[acted])
    wrong = complaints(facts, last_good_rate, config)
    cut = len(pages) - max(int(config.future_share * len(pages)), 1)
    cut_ms = int(pages.at_ms[cut]) if len(pages) else until_ms
    if wrong or not len(pages):
        return Turn(facts, wrong, None, None, from_ms, cut_ms, until_ms)
    tell(f"learning from {cut:,} pages")
    challenger = turning.learn(acts.where(acts.at_ms < cut_ms), from_ms)
    tell(f"judging on {len(pages) - cut:,} later pages")
    after = turning.judge(challenger, acts, cut_ms)
    before = _constant(window, cut_ms, after) if champion is None else turning.judge(champion, acts, cut_ms)
    decision = decide(
        _judged("" if champion is None else champion.text, before, champion),
        _judged(challenger.text, after, challenger),
        after.persons,
        config,
    )
    return Turn(facts, (), challenger, decision, from_ms, cut_ms, until_ms)


def _judged(id_: str, pages: FuturePages, ranker: ServedRanker | None) -> Judged:
    chances = np.clip(pages.chances.astype(np.float64), 1e-7, 1 - 1e-7)
    rows = -(pages.labels * np.log(chances) + ~pages.labels * np.log1p(-chances)).sum(axis=1)
    losses = np.bincount(pages.pages, weights=rows, minlength=len(pages.persons))
    ratios = {}
    for head, action in enumerate(HEADS):
        true = trueness(pages.chances[:, head], pages.labels[:, head])
        if true.was:
            ratios[str(action)] = (true.ratio, true.events)
    return Judged(
        id_,
        losses,
        ratios,
        0.0 if ranker is None else _ms(ranker),
        0 if ranker is None else ranker.size_bytes,
    )


def _constant(window: Acts, cut_ms: int, after: FuturePages) -> FuturePages:
    """What nothing but the rates of before says: a first challenger has to know more than that."""
    rates = requests_of(window.where(window.at_ms < cut_ms)).labels.mean(axis=0)
    chances = np.broadcast_to(np.maximum(rates, 1e-6).astype(np.float32), after.labels.shape)
    return FuturePages(chances, after.labels, after.pages, after.persons)


def _ms(ranker: ServedRanker) -> float:
    """Median time for 500 candidates of someone with a full history."""
    config = ranker.config
    rng = np.random.default_rng(0)
    count = max(config.long, config.recent)
    likes = np.arange(count)
    left = count + np.arange(config.left)
    person = PersonSide(likes, np.zeros(count, np.int8), likes, left, left, left)
    vectors = rng.normal(size=(count + config.left + 1, config.basis)).astype(np.float32)
    candidates = rng.normal(size=(_CANDIDATES, config.basis)).astype(np.float32)
    features = np.zeros((_CANDIDATES, len(FEATURES)), np.float32)
    times = []
    for _ in range(_TIMED):
        began = time.perf_counter()
        ranker.chances(person, vectors, candidates, features, 10**9)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000


def facts_of(turn: Turn) -> dict[str, object]:
    """What the record keeps of a turn."""
    return {
        "window": asdict(turn.facts),
        "complaints": tuple(asdict(each) for each in turn.complaints),
        "gate": {}
        if turn.decision is None
        else asdict(turn.decision) | {"reasons": list(turn.decision.reasons)},
        "reasons": turn.decision.reasons if turn.decision else tuple(each.text for each in turn.complaints),
        "from_ms": turn.from_ms,
        "until_ms": turn.until_ms,
        "pages": turn.facts.pages,
    }
