"""This file is about events: rows of the world's log in the form that the product stores."""

from collections.abc import Iterator

import numpy as np

from bowerbird.core.actions import Action
from bowerbird.lake.types import Event
from bowerbird.world.history import History
from bowerbird.world.log import SURFACES
from bowerbird.world.seen import DEVICES, ID_PREFIX, PeopleSeen, WorldItems

CLIENT = "bowerbird-world"
"""What every simulated event says of the program that sent it."""
_ACTIONS = tuple(Action)


def board_id(people: PeopleSeen, person: int, slot: int) -> str:
    """The id of a person's board."""
    return f"{people.ids[person]}-board-{slot}"


def events_of(
    history: History, people: PeopleSeen, items: WorldItems, *, batch: int = 5_000
) -> Iterator[list[Event]]:
    """All events in order of time, in batches. Nothing in them is known only to the world."""
    run, log = history.name, history.log
    for start in range(0, len(log), batch):
        part = log.where(np.arange(start, min(start + batch, len(log))))
        columns = zip(
            part.persons.tolist(), part.items.tolist(), part.actions.tolist(), part.at_ms.tolist(),
            part.positions.tolist(), part.sessions.tolist(), part.requests.tolist(), part.surfaces.tolist(),
            part.boards.tolist(), part.queries.tolist(), part.dwell_ms.tolist(), part.propensities.tolist(),
            strict=True,
        )  # fmt: skip
        yield [
            Event(
                event_id=f"{ID_PREFIX}{run}-{start + row}",
                action=_ACTIONS[action],
                at_ms=at_ms,
                received_ms=at_ms,
                person_id=people.ids[person],
                session_id=f"{ID_PREFIX}{run}-s{session}" if session >= 0 else "",
                request_id=f"{ID_PREFIX}{run}-r{request}" if request >= 0 else "",
                surface=SURFACES[surface],
                item_id=items.ids[item] if item >= 0 else "",
                query=history.queries[query] if query >= 0 else "",
                board_id=board_id(people, person, board) if board >= 0 else "",
                position=position,
                dwell_ms=dwell_ms,
                client=f"{CLIENT}/{DEVICES[people.devices[person]]}",
                facts={"propensity": round(chance, 9)} if chance < 1.0 else {},  # NaN is not below 1
            )
            for row, (
                person, item, action, at_ms, position, session, request, surface, board, query, dwell_ms,
                chance,
            ) in enumerate(columns)
        ]  # fmt: skip
