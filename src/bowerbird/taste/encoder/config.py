"""This file is about the sizes of the graph encoder and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class EncoderConfig(BaseModel):
    """Settings of the vectors of items and queries.

    Attributes:
        width: D of all vectors of one space.
        heads: of the attention over neighbours; must divide `width`.
        inner: of the small networks.
        content_width: content vectors are first turned into at most so many uncorrelated numbers.
        neighbours: K items that are nearest by walks.
        walks, hops: walks from each item, and how many items each of them reaches.
        hub_power: a node is entered with a weight divided by its degree to this power; 0 lets hubs rule.
        views: moments at which the graph is read while training; a label is learned from the newest view that
            is not after it.
        history: newest items of a person that tell what is next, in the task of the encoder.
        batch_rows: labels in a step; their targets are half of each other's negatives.
        most_labels: of an epoch; more are drawn from.
        most_pairs_of_board: co-saves of one board in an epoch.
        temperature: where the learned ones start.
        popularity: of the logarithm of how likely an item stands among the negatives, so much is taken off
            (logQ): with 1 vectors hold how popular an item is, with 0 only how it differs from that.
        cold_share: of items that are encoded as if nobody had met them, so that new ones land in place.
        part_dropout: of items that miss their own vector, and of those that miss their neighbours.
        co_save, asked, next_action: what a label of each kind counts.
        alignment: what the two tasks that hold vectors to the content count.
        uses_content, uses_graph: for ablation. Without the graph there are no neighbours and no own vectors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=4)] = 64
    heads: Annotated[int, Field(ge=1)] = 2
    inner: Annotated[int, Field(ge=4)] = 128
    content_width: Annotated[int, Field(ge=2)] = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    neighbours: Annotated[int, Field(ge=1)] = 10
    walks: Annotated[int, Field(ge=1)] = 48
    hops: Annotated[int, Field(ge=1)] = 2
    hub_power: Annotated[float, Field(ge=0, le=1)] = 0.5
    views: Annotated[int, Field(ge=1)] = 8
    history: Annotated[int, Field(ge=1)] = 4
    batch_rows: Annotated[int, Field(ge=2)] = 256
    most_labels: Annotated[int, Field(ge=1)] = 40_000
    most_pairs_of_board: Annotated[int, Field(ge=1)] = 200
    temperature: Annotated[float, Field(ge=0.01)] = 0.1
    popularity: Annotated[float, Field(ge=0, le=1)] = 1.0
    cold_share: Annotated[float, Field(ge=0, lt=1)] = 0.25
    part_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    co_save: Annotated[float, Field(ge=0)] = 1.0
    asked: Annotated[float, Field(ge=0)] = 1.0
    next_action: Annotated[float, Field(ge=0)] = 1.0
    alignment: Annotated[float, Field(ge=0)] = 0.2
    uses_content: bool = True
    uses_graph: bool = True
    validation_labels: Annotated[int, Field(ge=1)] = 2_000
    training: TrainingConfig = TrainingConfig(epochs=8, learning_rate=0.003, patience=3)
