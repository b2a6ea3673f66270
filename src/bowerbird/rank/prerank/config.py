"""This file is about the settings of the pre-ranker."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class PrerankConfig(BaseModel):
    """Sizes, and what it learns from.

    Attributes:
        item_width: numbers of an item that the person's side is multiplied with.
        near_width: numbers of an item in which it is compared with single likes.
        near_likes: newest likes that a candidate is compared with one by one.
        slots: products of the person's side with an item's; each goes into the chances bent and unbent.
        inner: of the small networks on both sides.
        sharpness: how much the first of a page count in the list that is distilled.
        distilled, observed: how much what the ranker says counts, and what people did.
        pages: the newest so many are learned from.
        candidates: of one page that are learned from: what was shown, what the log kept of the others, and
            drawn items.
        near_share: share of the drawn that lie near a like of the person; the rest is drawn evenly.
        drawn_from: so many items are drawn to find the near ones among; 0: none are drawn at all.
        requests: pages in one step.
        held_out: share of the pages, the newest, that validate.
        judged_pages, judged_candidates, judged_share: how agreement with the ranker is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_width: Annotated[int, Field(ge=2, le=256)] = 32
    near_width: Annotated[int, Field(ge=2, le=256)] = 32
    near_likes: Annotated[int, Field(ge=1, le=512)] = 64
    slots: Annotated[int, Field(ge=1, le=256)] = 24
    inner: Annotated[int, Field(ge=4, le=1024)] = 96
    sharpness: Annotated[float, Field(gt=0, le=20)] = 2.0
    distilled: Annotated[float, Field(ge=0, le=10)] = 1.0
    observed: Annotated[float, Field(ge=0, le=10)] = 0.1
    pages: Annotated[int, Field(ge=1)] = 20_000
    candidates: Annotated[int, Field(ge=8, le=1024)] = 96
    near_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    drawn_from: Annotated[int, Field(ge=0, le=10_000)] = 512
    requests: Annotated[int, Field(ge=1, le=1024)] = 32
    held_out: Annotated[float, Field(gt=0, lt=0.9)] = 0.1
    judged_pages: Annotated[int, Field(ge=1)] = 200
    judged_candidates: Annotated[int, Field(ge=1)] = 1_000
    judged_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    training: TrainingConfig = TrainingConfig(epochs=12, learning_rate=2e-3, weight_decay=1e-4, patience=2)
