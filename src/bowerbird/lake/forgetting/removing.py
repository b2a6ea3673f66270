"""This file is about removing: every row that names an item, a board or a person goes, at once and for all.

The ledger first, then the rows: a forget that is killed in between is finished by the next one. Each step can
be done twice. The bytes stay in files until `purging` rewrites them.
"""

import json
import time
from collections.abc import Sequence

from bowerbird.core.actions import ACTION_CODES
from bowerbird.core.errors import NotFoundError
from bowerbird.lake.forgetting.files import (
    display_files,
    remove_display_files,
    remove_training_tables,
    scrub_rejects,
)
from bowerbird.lake.forgetting.tables import count_rows, remove_rows
from bowerbird.lake.forgetting.traces import ItemTraces, traces_from, traces_of
from bowerbird.lake.forgetting.types import Counts, ForgetReport, Kind
from bowerbird.lake.items import delete_items, leave_numbers_only
from bowerbird.lake.lake import OF_BEHAVIOUR, Lake
from bowerbird.lake.types import Event


def forget(lake: Lake, kind: Kind, ids: Sequence[str], *, is_dry_run: bool = False) -> ForgetReport:
    """No row names these any more, and nobody is shown them; durable on return.

    Raises:
        NotFoundError: there is none of them.
    """
    wanted = list(dict.fromkeys(ids))
    counts = Counts()
    finish_removals(lake, counts)
    with lake.storing.alone():  # what an import is storing right now is in the tables, or is refused
        works = _works(lake, kind, wanted)
        unknown = tuple(id_ for id_ in wanted if id_ not in works)
        if not works:
            raise NotFoundError(
                f"there is no {kind} {', '.join(wanted)[:200]!r}; needed is an id of one that was here; "
                "look it up and try again"
            )
        if is_dry_run:
            _count(lake, kind, works, counts)
        else:
            lake.records.forgotten.begin(kind, works)
    if not is_dry_run:
        finish_removals(lake, counts)
    return ForgetReport(kind, len(works), unknown, counts.by_what, is_dry_run=is_dry_run)


def finish_removals(lake: Lake, counts: Counts) -> None:
    """What the ledger says is still to be removed is removed."""
    entries = lake.records.forgotten.unfinished()
    by_kind = {
        kind: [entry for entry in entries if entry.kind == kind] for kind in ("item", "board", "person")
    }
    if by_kind["item"]:
        _remove_items(lake, [traces_from(str(entry.work)) for entry in by_kind["item"]], counts)
    for entry in by_kind["board"]:
        _remove_board(lake, json.loads(str(entry.work))["id"], counts)
    for entry in by_kind["person"]:
        _remove_person(lake, json.loads(str(entry.work))["id"], counts)
    if entries:
        lake.records.forgotten.removed(entries)
        for derived in OF_BEHAVIOUR:
            (lake.path / derived).unlink(missing_ok=True)
        counts.add("tables to train from", remove_training_tables(lake))


def _works(lake: Lake, kind: Kind, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    if kind == "item":
        return {traces.id: (traces.number, traces.as_json()) for traces in traces_of(lake, ids)}
    is_there = _has_board if kind == "board" else _has_person
    return {id_: (-1, json.dumps({"id": id_})) for id_ in ids if is_there(lake, id_)}


def _has_board(lake: Lake, board_id: str) -> bool:
    try:
        lake.records.boards.get(board_id)
    except NotFoundError:
        return lake.events.count_of(board_id=board_id) > 0
    return True


def _has_person(lake: Lake, person_id: str) -> bool:
    """Whether anything is kept under this id: people are noted when they first do something."""
    records = lake.records
    return (
        records.people.get(person_id) is not None
        or bool(records.boards.of_owner(person_id))
        or lake.online.version(person_id) > 0
        or records.idempotency.count_of(person_id) > 0
        or lake.events.count_of(person_id=person_id) > 0
        or lake.requests.count(person_id) > 0
    )


def _remove_items(lake: Lake, traces: Sequence[ItemTraces], counts: Counts) -> None:
    ids = [each.id for each in traces]
    media_ids = [sha for each in traces for sha in each.media_ids]
    counts.add("items", delete_items(lake, ids))
    leave_numbers_only(lake, {each.id: each.number for each in traces if each.number >= 0})
    with lake.storing.alone():  # an import that is about to show one of the pictures has done so, or waits
        media_ids = _still_of_nobody(lake, media_ids)
        words_keys = [key for each in traces for key in each.words_keys]
        for table, count in remove_rows(
            lake, media_ids=media_ids, words_keys=words_keys, item_ids=ids
        ).items():
            counts.add(f"{table} rows", count)
    counts.add("display files", remove_display_files(lake, media_ids))
    records = lake.records
    counts.add("saves", records.saves.forget_items(ids))
    counts.add("answers kept for retries", records.idempotency.forget_answers(ids))
    counts.add("events", lake.events.forget_items(ids))
    numbers = [each.number for each in traces if each.number >= 0]
    counts.add("actions of people", lake.online.forget_items([each.number for each in traces]))
    counts.add("places in the request log", lake.requests.forget_items(numbers))
    counts.add(
        "lines of refused rows", scrub_rejects(lake, [*ids, *(t for each in traces for t in each.texts)])
    )
    records.numbers.forget(ids)


def _still_of_nobody(lake: Lake, media_ids: Sequence[str]) -> list[str]:
    shown: set[str] = set()
    wanted = set(media_ids)
    for batch in lake.items.scan(["media_ids"]) if wanted else ():
        shown |= wanted.intersection(batch["media_ids"].flatten().to_pylist())
    return [sha for sha in media_ids if sha not in shown]


def _remove_board(lake: Lake, board_id: str, counts: Counts) -> None:
    records = lake.records
    try:
        counts.add("saves", records.boards.get(board_id).count)
        records.boards.delete(board_id)
        counts.add("boards", 1)
    except NotFoundError:  # deleted before; its history is not
        pass
    counts.add("answers kept for retries", records.idempotency.forget_answers([board_id]))
    events = lake.events.forget_board(board_id)
    counts.add("events", len(events))
    counts.add("actions of people", _undo(lake, events))


def _undo(lake: Lake, events: Sequence[Event]) -> int:
    """What these events left in the online store is gone; gives how many actions that were."""
    numbers = lake.records.numbers.find([event.item_id for event in events]).tolist()
    undone = 0
    for event, number in zip(events, numbers, strict=True):
        if number >= 0:
            row = (event.at_ms, number, ACTION_CODES[event.action])
            undone += lake.online.forget_actions(event.person_id, [row])
    return undone


def _remove_person(lake: Lake, person_id: str, counts: Counts) -> None:
    records = lake.records
    boards = records.boards.of_owner(person_id)
    counts.add("boards", len(boards))
    counts.add("saves", sum(board.count for board in boards))
    counts.add("answers kept for retries", records.idempotency.count_of(person_id))
    records.people.forget(person_id)
    counts.add("actions of people", lake.online.count_of(person_id))
    lake.online.forget(person_id)
    counts.add("requests", lake.requests.forget(person_id))
    counts.add("events", lake.events.forget(person_id))
    # Those that were on their way when this began are in by now.
    time.sleep(2 * lake.config.group_commit_ms / 1_000)
    counts.add("events", lake.events.forget(person_id))
    lake.online.forget(person_id)


def _count(lake: Lake, kind: Kind, works: dict[str, tuple[int, str]], counts: Counts) -> None:
    """What removing these would remove, as far as it can be counted without doing it."""
    if kind == "item":
        traces = [traces_from(work) for _, work in works.values()]
        media_ids = [sha for each in traces for sha in each.media_ids]
        keys = [key for each in traces for key in each.words_keys]
        counts.add("items", sum(each.number >= 0 for each in traces))
        for table, count in count_rows(
            lake, media_ids=media_ids, words_keys=keys, item_ids=list(works)
        ).items():
            counts.add(f"{table} rows", count)
        counts.add("display files", sum(1 for _ in display_files(lake, media_ids)))
        counts.add("events", lake.events.count_of(item_ids=list(works)))
        return
    for id_ in works:
        boards = lake.records.boards.of_owner(id_) if kind == "person" else [lake.records.boards.get(id_)]
        counts.add("boards", len(boards))
        counts.add("saves", sum(board.count for board in boards))
        named = {"person_id": id_} if kind == "person" else {"board_id": id_}
        counts.add("events", lake.events.count_of(**named))
        if kind == "person":
            counts.add("requests", lake.requests.count(id_))
