"""This file is about the settings of the tree of interests."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SENSITIVE = (
    "health", "medical", "medicine", "disease", "disability", "pregnancy", "fertility", "contraception",
    "diet pills", "addiction", "mental", "religion", "religious", "church", "christian", "muslim", "islam",
    "jewish", "hindu", "buddhist", "prayer", "politic", "political", "politics", "election",
    "party membership", "union", "sexual", "sexuality", "lgbt", "lesbian", "gay", "transgender", "erotic",
    "lingerie", "ethnic", "ethnicity", "race", "immigrant", "refugee", "criminal", "weapon", "gun",
    "alcohol", "tobacco", "gambling", "child", "children", "baby", "kids", "debt", "divorce", "funeral",
)  # fmt: skip
"""Words of interests that no targeting may use; after the special categories of the GDPR (article 9) and what
advertising rules for minors, credit and vice commonly name."""


class TreeConfig(BaseModel):
    """How interests are made, and which are nobody's business.

    Attributes:
        branches: of each interest that is split, at most.
        levels: of interests below each other, where they are made out of vectors.
        least_items: that an interest made out of vectors has.
        labelled_share: of items with a category above which the catalogue's own categories are the interests.
        same_items: share of common items from which an interest is the one that was there before.
        half_life_days: what a person did counts half after so long.
        prior: in fresh saves; how much what everybody likes counts beside what a person did, where too few
            people have done enough to fit it on the lake's own log.
        query_prior: in fresh saves; how much the words of a query count beside what it led to.
        sensitive: words; an interest whose name or path holds one is not for targeting.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    branches: Annotated[int, Field(ge=2, le=64)] = 10
    levels: Annotated[int, Field(ge=1, le=8)] = 3
    least_items: Annotated[int, Field(ge=2)] = 12
    labelled_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    same_items: Annotated[float, Field(gt=0, le=1)] = 0.3
    half_life_days: Annotated[float, Field(gt=0, le=3650)] = 30.0
    prior: Annotated[float, Field(ge=0)] = 1.0
    query_prior: Annotated[float, Field(gt=0)] = 3.0
    sensitive: tuple[str, ...] = SENSITIVE
