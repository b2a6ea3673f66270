"""This file is about the settings of a rendered shop."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

GENERATOR_VERSION = 1  # goes up when the same seed would give other pictures or words


class ShopConfig(BaseModel):
    """Which shop: the same settings give the same files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[int, Field(ge=1, le=9_999_999)] = 1_000
    rooms: Annotated[int, Field(ge=0, le=999_999)] = 40
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 7
    generator: Annotated[int, Field(ge=GENERATOR_VERSION, le=GENERATOR_VERSION)] = GENERATOR_VERSION
