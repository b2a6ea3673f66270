"""When the loop takes a turn: not before its gate could judge, and not without anything new to read."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from bowerbird.cli import rank_data
from bowerbird.cli.loop_turn import Turns
from bowerbird.core.actions import Action
from bowerbird.core.clock import SystemClock
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event
from bowerbird.learn.loop import LoopConfig
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.promotion import Promotion
from bowerbird.rank.ranker.requests import Acts

HOUR_MS = 3_600_000
CONFIG = LoopConfig(every_hours=24, least_new_pages=1_000, future_share=0.2, least_future_pages=40)


def seen(number: int) -> Event:
    return Event(event_id=f"e{number}", action=Action.IMPRESSION, at_ms=number, person_id="ann", item_id="x")


@pytest.mark.parametrize(
    ("last_ms", "new_pages", "now_ms", "is_due"),
    [
        (None, 0, 0, False),
        (None, 199, 0, False),  # 39 pages judge
        (None, 200, 0, True),
        (0, 999, HOUR_MS, False),
        (0, 1_000, HOUR_MS, True),
        (0, 1, 24 * HOUR_MS, True),
        (0, 0, 99 * HOUR_MS, False),
    ],
)
def test_turn_is_due_by_volume_or_by_time_and_the_first_once_it_can_be_judged(
    last_ms: int | None, new_pages: int, now_ms: int, is_due: bool
) -> None:
    assert CONFIG.is_due(last_ms, new_pages, now_ms) is is_due


def test_lake_where_nothing_happens_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    nothing = np.zeros(0, np.int64)

    def read(lake: Lake, _tell: object) -> rank_data.RankerData:
        reads.append(lake.events.last_offset())
        acts = Acts.of(nothing, nothing, nothing, nothing, nothing, nothing)
        return rank_data.RankerData(acts, nothing, nothing, lambda _: None, "", "", ())  # type: ignore[arg-type]

    monkeypatch.setattr(rank_data, "ranker_data", read)
    args = argparse.Namespace(
        lake=tmp_path / "lake", json=True, beside=True, once=False,
        every_hours=24.0, least_pages=2_000, window_days=30.0, least_live_pages=500,
    )  # fmt: skip
    turns = Turns(args, Promotion(ModelRegistry(tmp_path / "rankers"), SystemClock()))
    with Lake.open(args.lake, create=True) as lake:
        assert [turns.take().outcome for _ in range(3)] == ["not due"] * 3
        assert len(reads) == 1
        lake.events.append([seen(number) for number in range(300)])

        assert turns.take().outcome == "not due"  # events enough for a first turn, but none of a page
    assert len(reads) == 2
