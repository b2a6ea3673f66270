"""The gate lets better challengers pass and no others; a window is complained of where something is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.learn.loop import Judged, LoopConfig, LoopRun, LoopRuns, WindowFacts, complaints, decide

DAY_MS = 86_400_000
CONFIG = LoopConfig()
TRUE = {"save": (1.0, 200)}


def judged(losses: np.ndarray, **given_: object) -> Judged:
    facts = {"id": "m", "ratios": TRUE, "ms": 2.0, "size_bytes": 1_000} | given_
    return Judged(losses=losses, **facts)  # type: ignore[arg-type]


@pytest.fixture
def losses() -> np.ndarray:
    return np.random.default_rng(0).gamma(2.0, 0.5, 400)


OWNERS = np.arange(400) % 80


def test_better_passes_equal_and_worse_do_not(losses: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    better = decide(judged(losses), judged(losses * rng.uniform(0.8, 1.0, 400)), OWNERS, CONFIG)
    assert better.passes
    assert better.low <= better.gain <= better.high
    assert "smaller by" in better.reasons[0]
    for other in (
        losses,
        losses * 1.05,
        losses * rng.permutation(np.r_[np.full(200, 0.2), np.full(200, 1.7)]),
    ):
        assert not decide(judged(losses), judged(other), OWNERS, CONFIG).passes


@given(st.integers(0, 50), st.floats(0.5, 1.5))
def test_decision_is_fair_to_both(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.gamma(2, 0.5, 120), rng.gamma(2, 0.5, 120) * factor
    owners = np.arange(120) % 30
    forth, back = (
        decide(judged(one), judged(other), owners, CONFIG),
        decide(judged(other), judged(one), owners, CONFIG),
    )
    assert not (forth.passes and back.passes)
    assert (forth.gain > 0) == (other.sum() < one.sum())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ratios": {"save": (3.0, 200)}}, "3.00 times the true rate of save"),
        ({"ms": 9.0}, "9.0 ms"),
        ({"size_bytes": 10_000}, "10,000 bytes"),
        ({"losses": np.full(400, np.nan)}, "no numbers"),
    ],
)
def test_each_guard_speaks(losses: np.ndarray, change: dict[str, object], says: str) -> None:
    facts = {"losses": losses * 0.8} | change
    found = decide(judged(losses), judged(**facts), OWNERS, CONFIG)  # type: ignore[arg-type]
    assert not found.passes
    assert any(says in reason for reason in found.reasons)


def test_rare_heads_and_few_pages(losses: np.ndarray) -> None:
    rare = judged(losses * 0.8, ratios={"purchase": (30.0, 2)})
    assert decide(judged(losses), rare, OWNERS, CONFIG).passes
    few = decide(judged(losses[:5]), judged(losses[:5] * 0.5), OWNERS[:5], CONFIG)
    assert "decide nothing" in few.reasons[0]
    none = decide(judged(losses[:0]), judged(losses[:0]), OWNERS[:0], CONFIG)
    assert not none.passes


def test_good_window_is_not_complained_of_and_each_poison_is() -> None:
    rng = np.random.default_rng(2)
    pages_ms = np.sort(rng.integers(0, 10 * DAY_MS, 2_000))
    persons, items = rng.integers(0, 100, 1_000), rng.integers(0, 300, 1_000)
    good = WindowFacts.of(pages_ms, persons, items)
    assert complaints(good, None, CONFIG) == complaints(good, good.action_rate, CONFIG) == ()

    bot = WindowFacts.of(pages_ms, np.r_[persons, np.full(600, 7)], np.r_[items, rng.integers(0, 300, 600)])
    spam = WindowFacts.of(pages_ms, np.r_[persons, rng.integers(0, 100, 600)], np.r_[items, np.full(600, 3)])
    hole = WindowFacts.of(pages_ms[(pages_ms // DAY_MS) != 4], persons, items)
    empty = WindowFacts.of(pages_ms, persons[:0], items[:0])
    many = WindowFacts.of(pages_ms, np.tile(persons, 5), np.tile(items, 5))
    for facts, code in (
        (bot, "one-person"), (spam, "one-item"), (hole, "missing-days"), (empty, "empty"), (many, "rate")
    ):  # fmt: skip
        assert code in {each.code for each in complaints(facts, good.action_rate, CONFIG)}


def test_record_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    runs = LoopRuns(tmp_path)
    assert runs.all() == []
    first = LoopRun(id="turn_1", began_ms=1, ended_ms=2, outcome="promoted", challenger="model_1")
    runs.add(first)
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write(json.dumps({"id": "turn_2"})[:9] + "\n")
    runs.add(LoopRun(id="turn_3", began_ms=3, ended_ms=4, outcome="refused"))
    assert [run.id for run in runs.all()] == ["turn_1", "turn_3"]
    assert runs.last_promoted() == first
