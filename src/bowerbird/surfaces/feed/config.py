"""This file is about the settings of the feed and of related items."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.blend import BlendConfig
from bowerbird.rank import RankConfig
from bowerbird.rank.utility import UtilityConfig
from bowerbird.taste import TasteConfig

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class FeedConfig(BaseModel):
    """How a page of the feed is made.

    The part of a page that a person's interests fill grows with what they did: `max_personal_share`
    times strength / (strength + `half_personal_saves`); where a trained model serves, `learned_share`
    of that is what it expects, and where a taste space is trained, `taste_share` is what lies near the person
    there. Where a trained ranker serves, `ranked_share` of a value is its word and the rest that of the plain
    ranker, whose word on what was disliked and seen stays whole. The rest of the page goes to the other
    sources by their shares. `max_items` bounds one feed, so that its cursor stays short enough for an address
    line. `random_share` of the pages are drawn evenly (see `drawing`); `exploring_slots` of the others,
    counted from 0, try new and little-known items, each drawn evenly from `exploring_pool` (see `exploring`).

    Of more than `prerank_keep` candidates the pre-ranker that was trained with the ranker keeps so many, the
    best `prerank_least` of each source and interest among them. An item's side is kept `item_side_minutes`.
    `whole_share` of the pages are ranked without it, so that the log tells what it would have left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    taste: TasteConfig = TasteConfig()
    rank: RankConfig = RankConfig()
    utility: UtilityConfig = UtilityConfig()
    ranked_share: Share = 0.8
    prerank_keep: Count = 400
    prerank_least: Annotated[int, Field(ge=0, le=10_000)] = 12
    item_side_minutes: Annotated[float, Field(gt=0, le=10_080)] = 30.0
    whole_share: Share = 0.02
    blend: BlendConfig = BlendConfig()
    candidates: Count = 400
    interest_queries: Count = 8
    newest_queries: Annotated[int, Field(ge=0, le=20)] = 2
    neighbours: Count = 64
    max_neighbours: Count = 512
    least_closeness: Share = 0.2
    max_personal_share: Share = 0.8
    half_personal_saves: Annotated[float, Field(gt=0, le=1000)] = 1.0
    least_newest_share: Share = 0.2
    learned_share: Share = 0.4
    learned_candidates: Count = 100
    taste_share: Share = 0.2
    taste_candidates: Count = 100
    popular_share: Share = 0.3
    fresh_share: Share = 0.2
    explore_share: Share = 0.5
    random_share: Share = 0.0
    exploring_slots: tuple[Annotated[int, Field(ge=0, lt=500)], ...] = (11,)
    exploring_pool: Count = 64
    fresh_days: Annotated[float, Field(gt=0, le=3650)] = 14.0
    popular_days: Annotated[float, Field(gt=0, le=3650)] = 7.0
    popular_least_people: Annotated[int, Field(ge=1)] = 2
    max_items: Annotated[int, Field(ge=1, le=3_000)] = 3_000
    max_limit: Annotated[int, Field(ge=1, le=500)] = 200
    pages_kept: Annotated[int, Field(ge=1)] = 4_000


class RelatedConfig(BaseModel):
    """How "more like this" is made; looks count beside words by `look_share`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    blend: BlendConfig = BlendConfig(
        diversity="marginal_relevance",
        strength=0.06,
        category_spacing=0.0,
        owner_spacing=0.01,
        share_strength=0.0,
    )
    neighbours: Count = 400
    look_share: Share = 0.6
    least_closeness: Share = 0.2
    max_limit: Annotated[int, Field(ge=1, le=500)] = 200
    pages_kept: Annotated[int, Field(ge=1)] = 4_000
