"""What a share of the people says of a challenger: harm ends it, harmlessness promotes it, noise waits."""

import numpy as np
import pytest

from bowerbird.learn.loop import LoopConfig
from bowerbird.learn.loop.live import Lived, LiveDecision, live_decision

PEOPLE, SINCE_MS = 400, 1_000_000
CONFIG = LoopConfig()


def lived(effect: float, days: int = 20, share: float = 0.3, seed: int = 0, unlike: float = 0.0) -> Lived:
    """People of very different worth, whose pages are worth `effect` times as much with the challenger.

    `unlike`: how much more those served were worth before, by chance of who they are.
    """
    rng = np.random.default_rng(seed)
    served = rng.random(PEOPLE) < share
    own = rng.gamma(2.0, 0.5, PEOPLE) * (1 + unlike * served)
    persons = np.repeat(np.arange(PEOPLE), 2 * days)
    at_ms = np.tile(np.concatenate([np.arange(days), SINCE_MS + np.arange(days)]), PEOPLE)
    factor = np.where(served[persons] & (at_ms >= SINCE_MS), effect, 1.0)
    worth = rng.poisson(own[persons] * factor).astype(float)
    return Lived.of(persons, at_ms, worth, served, SINCE_MS)


def decided(effect: float, **more: float) -> LiveDecision:
    return live_decision(lived(effect, **more), CONFIG)  # type: ignore[arg-type]


def test_harm_is_rolled_back_and_a_gain_promoted() -> None:
    harm, gain = decided(0.8), decided(1.2)

    assert (harm.outcome, gain.outcome) == ("roll back", "promote")
    assert harm.low < -0.2 + 0.05 < harm.high + 0.1
    assert gain.gain == pytest.approx(0.2, abs=0.06)


def test_equal_is_promoted_once_harm_is_ruled_out() -> None:
    outcomes = [live_decision(lived(1.0, days=120, seed=seed), CONFIG).outcome for seed in range(6)]

    assert outcomes.count("promote") >= 4
    assert "roll back" not in outcomes


def test_who_was_better_before_is_not_praised_for_it() -> None:
    assert decided(0.8, unlike=0.6).outcome == "roll back"
    assert abs(live_decision(lived(1.0, days=60, unlike=0.6), CONFIG).gain) < 0.05


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    holds = [
        found.low <= 0.1 <= found.high
        for found in (live_decision(lived(1.1, days=6, seed=seed), CONFIG) for seed in range(40))
    ]

    assert np.mean(holds) > 0.85


@pytest.mark.parametrize("share", [0.0, 0.004, 1.0])
def test_few_people_decide_nothing(share: float) -> None:
    assert decided(0.5, share=share).outcome == "wait"


def test_few_pages_decide_nothing_and_too_many_without_an_answer_end_it() -> None:
    assert live_decision(lived(0.8, days=1), CONFIG).outcome == "wait"
    patient = CONFIG.model_copy(update={"live_worse_by": 1e-6, "most_live_pages": 1_500})
    found = live_decision(lived(0.98, days=20, seed=3), patient)
    assert found.outcome == "roll back"
    assert "not shown" in found.reason


def test_nobody_doing_anything_is_no_answer() -> None:
    nothing = Lived.of(
        np.repeat(np.arange(40), 100),
        np.full(4_000, SINCE_MS),
        np.zeros(4_000),
        np.arange(40) % 2 == 0,
        SINCE_MS,
    )

    assert live_decision(nothing, CONFIG).outcome == "wait"
