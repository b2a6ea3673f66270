"""A challenger in the shadow: it is asked off the path, and what it does there decides what comes next."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from bowerbird.core.clock import SystemClock
from bowerbird.core.errors import NotFoundError
from bowerbird.learn.loop import LoopConfig
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.promotion import Promotion
from bowerbird.rank.ranker.requests import Acts
from bowerbird.rank.ranker.trials import Shadow, ShadowSeen, set_shadow, shadow_seen, tell_shadow
from bowerbird.serve.ranking import RankerFollowed
from bowerbird.serve.shadowing import ShadowLane
from bowerbird.surfaces.feed.shadows import in_common

NOTHING = np.zeros(0, np.int64)
ACTS = Acts.of(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path)


def looked(registry: ModelRegistry, seen: ShadowSeen | None, share: float = 0.2) -> tuple[str, str]:
    """What the loop does with a challenger of 10 pages in the shadow, and which canary there is then."""
    set_shadow(registry, Shadow("new", 10, share))
    if seen is not None:
        tell_shadow(registry, seen)
    promotion = Promotion(registry, SystemClock())
    run = promotion.look(ACTS, (), np.zeros(6, np.float32), LoopConfig())
    assert run is not None
    return run.outcome, promotion.canary.id


def test_lane_counts_answers_failures_and_what_came_too_fast(registry: ModelRegistry) -> None:
    lane, go = ShadowLane(registry, "new"), threading.Event()

    def slow() -> float:
        go.wait(10)
        return 0.5

    def fails() -> float:
        raise ValueError("no such column")

    began_s = time.perf_counter()
    for ask in (slow, fails, *[slow] * 40):
        lane.offer(ask)
    assert time.perf_counter() - began_s < 1.0  # nobody waits for it
    go.set()
    while lane.seen().pages + lane.seen().dropped < 42:
        time.sleep(0.01)
    lane.tell()
    lane.close()

    seen = shadow_seen(registry)
    assert (seen.id, seen.failed, seen.problem) == ("new", 1, "ValueError: no such column")
    assert seen.dropped > 0
    assert seen.overlap == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("seen", "outcome", "canary"),
    [
        (None, "waiting", ""),
        (ShadowSeen("old", pages=99), "waiting", ""),
        (ShadowSeen("new", pages=9), "waiting", ""),
        (ShadowSeen("new", pages=10, p99_ms=9.0), "canary", "new"),
        (ShadowSeen("new", pages=3, failed=1), "rolled back", ""),
        (ShadowSeen("new", pages=10, p99_ms=900.0), "rolled back", ""),
    ],
)
def test_challenger_leaves_the_shadow_as_it_did_there(
    registry: ModelRegistry, seen: ShadowSeen | None, outcome: str, canary: str
) -> None:
    assert looked(registry, seen) == (outcome, canary)


def test_challenger_that_cannot_be_opened_has_failed_before_its_first_page(registry: ModelRegistry) -> None:
    set_shadow(registry, Shadow("gone", 10, 0.2))
    followed, threads = RankerFollowed(registry), threading.active_count()
    followed.follow()

    assert followed.shadow() is None
    assert threading.active_count() == threads
    promotion = Promotion(registry, SystemClock())
    run = promotion.look(ACTS, (), np.zeros(6, np.float32), LoopConfig())
    assert run is not None
    assert (run.outcome, promotion.shadow.id) == ("rolled back", "")
    assert "gone" in run.reasons[0]


def test_without_any_trial_there_is_nothing_to_look_at_or_to_end(registry: ModelRegistry) -> None:
    promotion = Promotion(registry, SystemClock())

    assert promotion.look(ACTS, (), np.zeros(6, np.float32), LoopConfig()) is None
    with pytest.raises(NotFoundError, match="on trial"):
        promotion.promote()
    with pytest.raises(NotFoundError):
        promotion.roll_back()


def test_second_loop_is_told_that_it_is_not_alone(registry: ModelRegistry) -> None:
    one, other = Promotion(registry, SystemClock()), Promotion(registry, SystemClock())
    with one.alone() as first, other.alone() as second:
        assert (first, second) == (True, False)
    with other.alone() as again:
        assert again


def test_first_candidates_in_common() -> None:
    values = np.arange(100, dtype=np.float32)

    assert in_common(values, values) == 1.0
    assert in_common(values, -values) == 0.0
    assert in_common(values[:0], values[:0]) == 1.0
