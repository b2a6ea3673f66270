"""This file is about bringing a history into a lake, and taking simulated people out of it again."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.forgetting.prefixed import forget_people_with
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import Board, Save
from bowerbird.world.events import board_id, events_of
from bowerbird.world.history import History
from bowerbird.world.seen import ID_PREFIX, PeopleSeen, WorldItems


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came into the lake: what was new, and what it knew from the same run before."""

    people: int
    boards: int
    saves: int
    events: int
    events_known: int
    seconds: float


def bring_in(
    lake: Lake,
    history: History,
    people: PeopleSeen,
    items: WorldItems,
    tell: Callable[[int, int], object] | None = None,
) -> BroughtIn:
    """People, boards, saves and events are in the lake, durable, with their simulated times.

    Args:
        tell: told how many of how many events are in.
    """
    started_s = time.perf_counter()
    active = np.unique(history.log.persons)
    new_people = lake.records.people.create_many(people.ids[person] for person in active.tolist())
    boards = lake.records.boards.put_many(_boards(history, people))
    saves = lake.records.saves.put_many(_saves(history, people, items))
    added, known = 0, 0
    for batch in events_of(history, people, items):
        result = lake.events.append(batch)
        added += result.accepted
        known += result.duplicates
        if tell is not None:
            tell(added + known, len(history.log))
    return BroughtIn(new_people, boards, saves, added, known, time.perf_counter() - started_s)


def count_simulated(lake: Lake) -> int:
    """How many simulated people the lake knows."""
    return lake.records.people.count(ID_PREFIX)


def remove_simulated(lake: Lake) -> dict[str, int]:
    """No simulated person is left in the lake, nor anything that one did; gives how much of what went."""
    return forget_people_with(lake, ID_PREFIX)


def _boards(history: History, people: PeopleSeen) -> list[Board]:
    made = history.boards
    columns = zip(
        made.persons.tolist(), made.slots.tolist(), made.made_ms.tolist(), made.names,
        made.is_secret.tolist(), strict=True,
    )  # fmt: skip
    return [
        Board(board_id(people, person, slot), people.ids[person], name, "", secret, at_ms, at_ms, 0, (), ())
        for person, slot, at_ms, name, secret in columns
    ]


def _saves(history: History, people: PeopleSeen, items: WorldItems) -> list[Save]:
    log = history.log.where(history.log.actions == ACTION_CODES[Action.SAVE])
    columns = zip(
        log.persons.tolist(), log.boards.tolist(), log.items.tolist(), log.at_ms.tolist(), strict=True
    )
    return [
        Save(board_id(people, person, slot), items.ids[item], None, at_ms, at_ms)
        for person, slot, item, at_ms in columns
    ]
