"""Takes ids and decisions of people, gives exact, durable records of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.core.clock import Clock, SystemClock
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.records.boards import Board, Boards, Section
from bowerbird.lake.records.controls import Controls, PersonControls
from bowerbird.lake.records.engine import open_engine
from bowerbird.lake.records.fetches import Fetches
from bowerbird.lake.records.forgotten import Forgotten, ForgottenEntry
from bowerbird.lake.records.idempotency import Answer, Idempotency
from bowerbird.lake.records.numbers import Allocation, Numbers
from bowerbird.lake.records.people import People, Person
from bowerbird.lake.records.readings import Reading, Readings
from bowerbird.lake.records.saves import Save, Saves, SavesPage
from bowerbird.lake.records.sources import Source, SourceRun, Sources
from bowerbird.lake.records.wishes import InterestWishes, WishRow

__all__ = [
    "Allocation",
    "Answer",
    "Board",
    "Boards",
    "Controls",
    "Fetches",
    "Forgotten",
    "ForgottenEntry",
    "Idempotency",
    "InterestWishes",
    "Numbers",
    "People",
    "Person",
    "PersonControls",
    "Reading",
    "Readings",
    "Records",
    "Save",
    "Saves",
    "SavesPage",
    "Section",
    "Source",
    "SourceRun",
    "Sources",
    "WishRow",
]


class Records:
    """The records database. Safe for threads and for several processes."""

    def __init__(self, path: Path, config: LakeConfig | None = None, clock: Clock | None = None) -> None:
        config, clock = config or LakeConfig(), clock or SystemClock()
        self.engine = open_engine(path)
        self.numbers = Numbers(self.engine)
        self.people = People(self.engine, clock)
        self.boards = Boards(self.engine, clock)
        self.saves = Saves(self.engine, clock)
        self.readings = Readings(self.engine)
        self.forgotten = Forgotten(self.engine, clock)
        self.fetches = Fetches(self.engine)
        self.sources = Sources(self.engine, clock)
        self.wishes = InterestWishes(self.engine, clock)
        self.controls = PersonControls(self.engine, clock)
        self.idempotency = Idempotency(self.engine, clock, keep_hours=config.idempotency_hours)

    def numbers_for(self, ids: Sequence[str]) -> np.ndarray:
        """[B] int64 numbers of these ids; ids seen for the first time get the next ones."""
        return self.numbers.allocate(ids).numbers

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()
