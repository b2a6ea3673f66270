"""This file is about the settings of a whole space: its encoder, boards and people."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.taste.boards.config import BoardConfig
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.people.config import PeopleConfig


class SpaceConfig(BaseModel):
    """Settings of the three models that share one space.

    Attributes:
        held_out: share of the newest actions that training does not see, and the card is judged on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: EncoderConfig = EncoderConfig()
    boards: BoardConfig = BoardConfig()
    people: PeopleConfig = PeopleConfig()
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def with_epochs(self, most: int) -> "SpaceConfig":
        """The same with at most so many epochs of each model."""
        parts = {
            name: part.model_copy(update={"training": part.training.model_copy(update={"epochs": most})})
            for name, part in (("encoder", self.encoder), ("boards", self.boards), ("people", self.people))
        }
        return self.model_copy(update=parts)
