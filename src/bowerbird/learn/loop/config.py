"""This file is about the settings of the loop: when it trains, and what it lets through."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_HOUR_MS = 3_600_000
Share = Annotated[float, Field(gt=0, le=1)]


class LoopConfig(BaseModel):
    """What makes the loop train, which window it trains on, and what the gate asks.

    Attributes:
        every_hours: since the last run; with `least_new_pages`, whichever comes first.
        least_new_pages: pages seen since then.
        window_days: of pages that are learned from.
        future_share: the newest share of the window, which neither trains nor calibrates, and on which
            champion and challenger are held against each other.
        least_future_pages: fewer decide nothing.
        worse_by: a challenger's loss may be so much larger than the champion's at the lower end of the
            interval, as a share; at its middle it has to be smaller.
        ratio_from, ratio_to: said chances over true rates of every head that happened often enough.
        slower_by, larger_by: of the champion's time for 500 candidates, and of its size.
        most_of_one: of all actions in the window that one person, or one item, may have made.
        most_failed: of the pages in the shadow that a challenger may fail on.
        most_shadow_ms: its p99 there.
        least_live_pages: served to a share of the people before what they do decides; after `most_live_pages`
            without an answer the challenger goes.
        live_worse_by: what a page may be worth less, as a share, at the lower end of the interval.
        rate_by: how far the share of pages with actions may be from the last good window's, as a factor.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_hours: Annotated[float, Field(gt=0)] = 24.0
    least_new_pages: Annotated[int, Field(ge=1)] = 2_000
    window_days: Annotated[float, Field(gt=0)] = 30.0
    future_share: Annotated[float, Field(gt=0, lt=0.9)] = 0.15
    least_future_pages: Annotated[int, Field(ge=1)] = 40
    worse_by: Annotated[float, Field(ge=0, le=1)] = 0.02
    ratio_from: Annotated[float, Field(gt=0)] = 0.5
    ratio_to: Annotated[float, Field(gt=0)] = 2.0
    slower_by: Annotated[float, Field(ge=1)] = 1.5
    larger_by: Annotated[float, Field(ge=1)] = 2.0
    most_failed: Annotated[float, Field(ge=0, le=1)] = 0.0
    most_shadow_ms: Annotated[float, Field(gt=0)] = 200.0
    least_live_pages: Annotated[int, Field(ge=1)] = 500
    most_live_pages: Annotated[int, Field(ge=1)] = 50_000
    live_worse_by: Annotated[float, Field(ge=0, le=1)] = 0.05
    most_of_one: Share = 0.2
    rate_by: Annotated[float, Field(gt=1)] = 3.0

    def is_due(self, last_ms: int | None, new_pages: int, now_ms: int) -> bool:
        """Whether to train.

        Args:
            last_ms: when the last turn ended; None: there was none, and the first is due as soon as its gate
                would have pages enough to judge on.
            new_pages: since then.
        """
        if last_ms is None:
            return new_pages * self.future_share >= self.least_future_pages
        waited_long = now_ms - last_ms >= self.every_hours * _HOUR_MS
        return new_pages >= self.least_new_pages or (new_pages > 0 and waited_long)
