"""This file is about the settings of search."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.retrieve.cutoff import CutoffConfig

Share = Annotated[float, Field(ge=0, le=1)]


class SearchConfig(BaseModel):
    """How a search is answered.

    `depth` is how many hits a list can have, `pages_of_memory` how many lists are kept for paging.
    `context_share` widens a marked part on each side before it is looked at. An item counts as having a
    colour when `colour_share` of its picture has it, or its words say so; one that has not keeps
    `wrong_colour` of its probability.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cutoff: CutoffConfig = CutoffConfig()
    depth: Annotated[int, Field(ge=1, le=5_000)] = 400
    max_limit: Annotated[int, Field(ge=1, le=500)] = 200
    max_words_chars: Annotated[int, Field(ge=1, le=1_000)] = 500
    context_share: Share = 0.08
    least_part: Annotated[float, Field(gt=0, le=1)] = 0.02
    least_by_picture: Annotated[int, Field(ge=0)] = 24
    colour_share: Share = 0.2
    wrong_colour: Share = 0.35
    lists_kept: Annotated[int, Field(ge=1)] = 2_000
    suggestions: Annotated[int, Field(ge=1, le=100)] = 8
    suggestion_titles: Annotated[int, Field(ge=0, le=1_000_000)] = 20_000
