"""This file is about the limits of boards."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class BoardsConfig(BaseModel):
    """How much one person may keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_boards: Annotated[int, Field(ge=1)] = 10_000
    max_sections: Annotated[int, Field(ge=0)] = 500
    max_items: Annotated[int, Field(ge=1)] = 50_000
    max_name_chars: Annotated[int, Field(ge=1, le=200)] = 100
    max_description_chars: Annotated[int, Field(ge=0)] = 2_000
