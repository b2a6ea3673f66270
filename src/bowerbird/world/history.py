"""This file is about a history: the log with the boards and the queries in it, and nothing of the truth."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.draws import Stream, further, hashes
from bowerbird.world.log import WorldLog, rows
from bowerbird.world.words import board_names


@dataclass(frozen=True, slots=True)
class BoardsMade:
    """Boards in order of making: row b is one board.

    Attributes:
        persons: int32 [B].
        slots: int32 [B] which of the person's boards it is; with the person, what `WorldLog.boards` says.
        made_ms: int64 [B].
        names: [B].
        is_secret: bool [B].
    """

    persons: np.ndarray
    slots: np.ndarray
    made_ms: np.ndarray
    names: tuple[str, ...]
    is_secret: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)


@dataclass(frozen=True, slots=True)
class History:
    """What happened.

    Attributes:
        queries: what was typed; `WorldLog.queries` points here.
        name: short, from all that happened: the same world again has the same, so that its events are stored
            once.
    """

    log: WorldLog
    boards: BoardsMade
    queries: tuple[str, ...]
    name: str

    def until(self, at_ms: int) -> "History":
        """What has happened up to a moment; its name and the places of events in the log stay."""
        log, made = self.log.where(self.log.at_ms <= at_ms), self.boards.made_ms <= at_ms
        names = tuple(name for name, keep in zip(self.boards.names, made.tolist(), strict=True) if keep)
        boards = BoardsMade(
            self.boards.persons[made], self.boards.slots[made], self.boards.made_ms[made], names,
            self.boards.is_secret[made],
        )  # fmt: skip
        return History(log, boards, self.queries, self.name)


def boards_of(
    seed: int, saves: WorldLog, save_topics: np.ndarray, topic_names: tuple[str, ...], secret_share: float
) -> tuple[BoardsMade, WorldLog]:
    """The boards that saves ask for, each made just before its first save, and the events of making them.

    Args:
        saves: in order of time.
        save_topics: [E] what each save's board is about, -1 for anything.
    """
    key = saves.persons.astype(np.int64) << 32 | saves.boards.astype(np.int64)
    _, firsts = np.unique(key, return_index=True)
    firsts.sort()
    first = saves.where(firsts)
    topics = [topic_names[topic] if topic >= 0 else "" for topic in save_topics[firsts].tolist()]
    names = board_names(seed, first.persons, first.boards, topics)
    made_ms = first.at_ms - 50
    secret = further(hashes(seed, Stream.NAMES, first.persons, first.boards), Stream.NAMES) < secret_share
    made = BoardsMade(first.persons, first.boards, made_ms, tuple(names), secret)
    events = rows(
        len(made), persons=first.persons, actions=ACTION_CODES[Action.BOARD_CREATE], at_ms=made_ms,
        sessions=first.sessions, surfaces=first.surfaces, boards=first.boards,
    )  # fmt: skip
    return made, events
