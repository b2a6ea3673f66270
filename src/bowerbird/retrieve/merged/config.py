"""This file is about the settings of merging."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Way = Literal["fused", "quotas"]


class PartConfig(BaseModel):
    """One of the retrievers that are merged, with its settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    config: dict[str, Any]


class MergedConfig(BaseModel):
    """What is merged and how.

    Attributes:
        way: `fused`: an item's score is a weighted sum over the parts of how well each of them places it, the
            weights fitted to the validation part. `quotas`: each part gets a share of the places, its best
            items first, the shares chosen on the validation part.
        each: items that each part proposes, at least.
        ridge: holds fitted weights back; in persons.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Way = "fused"
    parts: tuple[PartConfig, ...] = ()
    each: Annotated[int, Field(ge=2)] = 60
    ridge: Annotated[float, Field(gt=0)] = 1.0
