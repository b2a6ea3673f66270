"""This file is about the settings of a page's mix."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bowerbird.blend.targets import ShareTarget


class BlendConfig(BaseModel):
    """How much a page gives up in value to be varied.

    All strengths are in units of value, where 1 is the difference between a stranger and a perfect match.
    Two pictures are near-copies when their signatures differ in at most `same_picture_bits` and their look
    agrees to `same_signature_cosine` (plain pictures share signatures), or when the look alone agrees to
    `same_picture_cosine`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    diversity: Literal["sliding_spectrum", "determinantal", "marginal_relevance"] = "sliding_spectrum"
    strength: Annotated[float, Field(ge=0, le=10)] = 0.3
    window: Annotated[int, Field(ge=1, le=64)] = 8
    category_spacing: Annotated[float, Field(ge=0, le=10)] = 0.06
    owner_spacing: Annotated[float, Field(ge=0, le=10)] = 0.02
    share_strength: Annotated[float, Field(ge=0, le=10)] = 0.25
    max_per_owner: Annotated[int, Field(ge=1)] = 1000
    same_picture_bits: Annotated[int, Field(ge=-1, le=32)] = 3
    same_signature_cosine: Annotated[float, Field(ge=-1, le=1)] = 0.95
    same_picture_cosine: Annotated[float, Field(ge=0, le=1)] = 0.985
    least_fresh: Annotated[float, Field(ge=0, le=1)] = 0.04
    most_fresh: Annotated[float, Field(ge=0, le=1)] = 0.6
    targets: tuple[ShareTarget, ...] = ()

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> "BlendConfig":
        if self.least_fresh > self.most_fresh:
            raise ValueError(
                f"least_fresh {self.least_fresh} and most_fresh {self.most_fresh} were given; needed is a "
                "least share that is not above the most; change one"
            )
        return self
