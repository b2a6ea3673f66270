"""This file is about answering with a trained HSTU-type model: beside items, the graph reads times."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.retrieve.history_shapes import padded_length
from bowerbird.retrieve.history_times import asked_within, seconds_within
from bowerbird.retrieve.served_queries import ServedQueries


class ServedHstu(ServedQueries):
    """Its graph takes int64 [B, T] items (-1 before the first), seconds, and seconds asked for.

    `knows_asked_time` among its facts says whether it looks at the moment to answer for.
    """

    file_name: ClassVar[str] = "hstu.json"

    def inputs(self, histories: Histories) -> dict[str, np.ndarray]:
        """What the graph is given for these histories."""
        newest = histories.newest(self._longest)
        length = padded_length(newest, self._longest)
        seconds = seconds_within(newest)
        asked = asked_within(newest, seconds, knows_asked_time=self._facts["knows_asked_time"])
        return {
            "items": newest.padded(length).astype(np.int64),
            "seconds": newest.padded_column(seconds, length, 0),
            "asked_seconds": newest.padded_column(asked, length, 0),
        }


def load_hstu(folder: Path) -> ServedHstu:
    """What `save` wrote."""
    return ServedHstu.load(folder)
