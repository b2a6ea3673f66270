"""This file is about the settings of retrieval."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class IndexConfig(BaseModel):
    """Settings of the embedded vector index; the defaults were measured (`docs/retrieve.md`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flat_below_items: Annotated[int, Field(ge=0)] = 4_000
    """Smaller catalogues are scanned whole: exact, and no slower than lists."""

    rows_per_list: Annotated[int, Field(ge=8, le=10_000)] = 100
    """Average length of an inverted list; the number of lists is capped by `max_lists`."""

    max_lists: Annotated[int, Field(ge=1, le=65_536)] = 4_096

    train_rows_per_list: Annotated[int, Field(ge=8)] = 40
    train_rounds: Annotated[int, Field(ge=1)] = 8

    calibration_queries: Annotated[int, Field(ge=16)] = 384
    """Held-out queries that are searched exactly at build time, to learn how many lists an effort needs."""

    exact_below_fraction: Annotated[float, Field(ge=0, le=1)] = 0.05
    """A filter that keeps less than this is answered exactly …"""

    exact_below_rows: Annotated[int, Field(ge=0)] = 25_000
    """… as long as no more than so many rows have to be read."""

    tail_rows: Annotated[int, Field(ge=1)] = 5_000
    """Fresh rows that are scanned exactly before they are merged into the lists, at least;"""

    tail_fraction: Annotated[float, Field(ge=0, le=1)] = 0.01
    """or this part of the catalogue, where it is larger."""

    merge_in_background: bool = True
    """Merge by itself when the tail has grown; otherwise only when `merge` is called."""

    seed: int = 7

    def lists_for(self, rows: int) -> int:
        """How many inverted lists so many rows get; 0: none, scan them."""
        if rows < max(self.flat_below_items, 2):
            return 0
        return max(1, min(rows // self.rows_per_list, self.max_lists))

    def tail_limit(self, rows: int) -> int:
        """How long the fresh tail of a catalogue of so many rows may grow."""
        return max(self.tail_rows, int(rows * self.tail_fraction))
