"""This file is about what a table of requests holds: which labels, from what window, how much history."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.actions import Action

MS_PER_HOUR = 3_600_000


class RequestTableConfig(BaseModel):
    """How requests and events become a table.

    Attributes:
        labels: one column each, in this order; several may be set for one impression.
        window_hours: an action later than this after its request is no label of it.
        history_actions: the newest actions of a person, as they were known at the request, that are kept.
        is_shown_only: leave out candidates that were not shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Annotated[tuple[Action, ...], Field(min_length=1, max_length=16)] = (
        Action.IMPRESSION,
        Action.SAVE,
        Action.CLICK,
        Action.LONG_CLICK,
        Action.CLOSEUP,
        Action.HIDE,
        Action.PURCHASE,
    )
    window_hours: Annotated[float, Field(gt=0, le=500)] = 24.0
    history_actions: Annotated[int, Field(ge=0, le=1_000)] = 100
    is_shown_only: bool = False

    @property
    def window_ms(self) -> int:
        """The window in ms."""
        return int(self.window_hours * MS_PER_HOUR)
