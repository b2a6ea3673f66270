"""This file is about what an export says besides items: what people did, and their boards.

A second import adds nothing: ids of events follow from what they say, boards are found by the id that they
had. People of an export keep its name in front of theirs, since `user 7` of two exports are two people.
"""

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pydantic import ValidationError

from bowerbird.core.actions import Action
from bowerbird.lake.importing.batch import reject_of
from bowerbird.lake.importing.rejects import RejectsFile
from bowerbird.lake.importing.types import RowError
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event

_EVENTS_AT_ONCE = 2_000
_IDS_REMEMBERED = 200_000
_LONGEST_PERSON = 200


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something that somebody did, as an export tells it.

    Attributes:
        where: for a person: `feedback.jsonl, line 7`.
        at_ms: None where the export does not say.
        error: why it cannot be read; the other fields are then empty.
    """

    where: str
    person: str = ""
    item_id: str = ""
    action: Action = Action.CLICK
    at_ms: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    error: RowError | None = None


@dataclass(frozen=True, slots=True)
class SourceBoard:
    """Somebody's named collection, as an export tells it.

    Attributes:
        key: what the export calls it; stable.
        item_ids: in its order.
    """

    key: str
    owner: str
    name: str
    item_ids: Sequence[str]
    description: str = ""
    is_secret: bool = False


@runtime_checkable
class Remembering(Protocol):
    """A source that also tells what people did. Both are read after its rows."""

    def events(self) -> Iterator[SourceEvent]:
        """What people did, in a fixed order, read as it is asked for."""
        ...

    def boards(self) -> Iterator[SourceBoard]:
        """What people collected."""
        ...


@dataclass(slots=True)
class Remembered:
    """What became of it."""

    events: int = 0
    events_known: int = 0
    events_refused: int = 0
    events_of_unknown_items: int = 0
    boards: int = 0
    saves: int = 0


def remember(lake: Lake, name: str, source: Remembering, rejects: RejectsFile) -> Remembered:
    """Brings events into the event log and boards into the records; what was there before stays as it is."""
    done = Remembered()
    known = _KnownItems(lake)
    events = source.events()
    row = 0
    while told := list(itertools.islice(events, _EVENTS_AT_ONCE)):
        good: list[SourceEvent] = []
        for each in told:
            row += 1
            if each.error is None:
                good.append(each)
            else:
                done.events_refused += 1
                rejects.write(reject_of(row, each.where, each.error))
        _append(lake, name, good, known, done, rejects)
    for board in source.boards():
        _put_board(lake, name, board, known, done)
    return done


def person_of(name: str, person: str) -> str:
    """The id that somebody of an export has here."""
    if len(person) > _LONGEST_PERSON:
        person = hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[:50]}/{person}"


def _append(
    lake: Lake,
    name: str,
    told: Sequence[SourceEvent],
    known: "_KnownItems",
    done: Remembered,
    rejects: RejectsFile,
) -> None:
    there = known.among([each.item_id for each in told])
    events = []
    for each in told:
        if each.item_id not in there:
            done.events_of_unknown_items += 1
            continue
        try:
            events.append(_event(lake, name, each))
        except RowError as error:
            done.events_refused += 1
            rejects.write(reject_of(0, each.where, error))
    forgotten = lake.records.forgotten.refused("person", list({event.person_id for event in events}))
    if forgotten:
        theirs = len(events)
        events = [event for event in events if event.person_id not in forgotten]
        done.events_refused += theirs - len(events)
    lake.records.people.create_many([event.person_id for event in events])
    appended = lake.events.append(events)
    done.events += appended.accepted
    done.events_known += appended.duplicates


def _event(lake: Lake, name: str, told: SourceEvent) -> Event:
    said = "\x1f".join((name, told.person, told.item_id, told.action, str(told.at_ms)))
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    if not told.person:
        raise _bad_event("person_id", "say whose it is", told.person)
    try:
        return Event(
            event_id=f"import-{digest}",
            action=told.action,
            at_ms=lake.clock.now_ms() if told.at_ms is None else told.at_ms,
            person_id=person_of(name, told.person),
            surface="import",
            item_id=told.item_id,
            facts=dict(told.facts),
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else "event"
        raise _bad_event(where, first["msg"], first["input"]) from error


def _put_board(lake: Lake, name: str, told: SourceBoard, known: "_KnownItems", done: Remembered) -> None:
    owner = person_of(name, told.owner)
    if lake.records.forgotten.holds("person", owner):
        return
    lake.records.people.create_many([owner])
    board_id = f"board_{hashlib.sha256(f'{name}/{told.key}'.encode()).hexdigest()[:24]}"
    if lake.records.forgotten.holds("board", board_id):
        return
    done.boards += lake.records.boards.put(
        board_id, owner, told.name[:200] or "Untitled", description=told.description, is_secret=told.is_secret
    )
    there = known.among(list(told.item_ids))
    saved = [item_id for item_id in dict.fromkeys(told.item_ids) if item_id in there]
    done.saves += lake.records.saves.add_many(board_id, saved)


class _KnownItems:
    """Which items the lake has; remembered, because people do things to the same ones."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[str, bool] = {}

    def among(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that are live items."""
        fresh = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._known]
        if len(self._known) + len(fresh) > _IDS_REMEMBERED:
            self._known.clear()
            fresh = list(dict.fromkeys(ids))
        if fresh:
            found = self._lake.items.take(fresh, ["id", "deleted_ms"]).to_pylist()
            live = {row["id"] for row in found if row["deleted_ms"] is None}
            self._known.update((id_, id_ in live) for id_ in fresh)
        return {id_ for id_ in ids if self._known[id_]}


def _bad_event(field_: str, hint: str, received: object) -> RowError:
    said = f"{field_} of the event cannot be used"
    return RowError(said, field=field_, code="bad-event", hint=hint, received=received)
