"""What must hold of a lake after any accident."""

import hashlib
from collections import Counter
from typing import Any

from crash_rounds import Known

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake


def check(lake: Lake, known: Known) -> None:
    """Everything acknowledged is there once; afterwards what may have been done is known too."""
    check_items(lake, known)
    check_events(lake, known)
    check_saves(lake, known)
    check_numbers(lake, known)


def check_items(lake: Lake, known: Known) -> None:
    """Items, their pictures, their numbers and what the indexes find."""
    rows = [
        row
        for batch in lake.items.scan(
            ["id", "number", "title", "media_ids", "deleted_ms"], with_tombstones=True
        )
        for row in batch.to_pylist()
    ]
    once([row["id"] for row in rows], "item ids")
    once([row["number"] for row in rows], "item numbers")
    found = {row["id"]: row for row in rows if row["deleted_ms"] is None}
    for id_, title in known.titles.items():
        possible = {title, *known.maybe_titles.get(id_, ())}
        there = found[id_]["title"] if id_ in found else None
        assert there in possible, f"item {id_} has title {there!r}; acknowledged was {title!r}"
    for id_ in set(found) - set(known.titles):
        assert found[id_]["title"] in known.maybe_titles.get(id_, ()), f"item {id_} was never put"
    check_pictures(lake, found)
    check_indexes(lake, found)
    numbers = {row["id"]: row["number"] for row in rows}
    given = lake.records.numbers.find(list(numbers)).tolist()
    assert given == list(numbers.values()), "numbers of items differ from those that were given"
    for id_, number in numbers.items():
        assert known.numbers.setdefault(id_, number) == number, f"item {id_} has another number"
    known.titles = dict.fromkeys(known.titles) | {id_: row["title"] for id_, row in found.items()}
    known.maybe_titles.clear()


def check_pictures(lake: Lake, found: dict[str, dict[str, Any]]) -> None:
    """Every picture that an item names is there, once, with the content that its name is the hash of."""
    media = [id_ for batch in lake.media.scan(["id"]) for id_ in batch["id"].to_pylist()]
    blobs = [id_ for batch in lake.blobs.scan(["id"]) for id_ in batch["id"].to_pylist()]
    once(media, "media")
    once(blobs, "blobs")
    named = {sha for row in found.values() for sha in row["media_ids"]}
    assert named <= set(media), "an item names media that are not there"
    assert set(media) <= set(blobs), "media without their content"
    wanted = sorted(named)
    contents = lake.blobs.take(wanted, ["content"])["content"].to_pylist()
    hashes = [hashlib.sha256(content).hexdigest() for content in contents]
    wrong = [
        (sha, len(content))
        for sha, content, hashed in zip(wanted, contents, hashes, strict=False)
        if sha != hashed
    ]
    assert not wrong, f"blobs with another content: {wrong[:5]}"
    assert len(contents) == len(wanted), "blobs are not found by their key"


def check_indexes(lake: Lake, found: dict[str, dict[str, Any]]) -> None:
    """The index on the key and the index on words find every item, also after a refresh of the catalogue."""
    ids = sorted(found)
    assert lake.items.take(ids, ["id"])["id"].to_pylist() == ids
    for row in list(found.values())[-3:]:
        word = row["title"].split()[-1]
        assert row["number"] in lake.items.search_words(word, 50)["number"].to_pylist(), word
    catalogue = Catalogue.open(lake)
    assert catalogue.count() == len(found)
    for row in list(found.values())[-3:]:
        assert catalogue.title(row["number"]) == row["title"]


def check_events(lake: Lake, known: Known) -> None:
    """Events are stored once, and a batch as a whole or not at all."""
    stored = [event.event_id for _, event in lake.events.replay()]
    once(stored, "events")
    there = set(stored)
    assert known.events <= there, "an acknowledged event is gone"
    for batch in known.maybe_events:
        assert batch <= there or not batch & there, "half a batch of events"
    possible = known.events.union(*known.maybe_events)
    assert there <= possible, "an event that nobody sent"
    known.events, known.maybe_events = there, []


def check_saves(lake: Lake, known: Known) -> None:
    """What was saved is on its board, what was taken off is not."""
    boards = {key.split()[0] for key in known.saves}
    there = set()
    for board in boards:
        page = lake.records.saves.page(board, 10_000).saves
        once([save.item_id for save in page], "saves")
        there |= {f"{board} {save.item_id}" for save in page}
    for key, is_saved in known.saves.items():
        if key not in known.maybe_saves:
            assert (key in there) == is_saved, f"save {key} should be {is_saved}"
    known.saves = {key: key in there for key in (*known.saves, *known.maybe_saves)}
    known.maybe_saves.clear()


def check_numbers(lake: Lake, known: Known) -> None:
    """Every number that was given is the id's for ever, and no other id's."""
    ids = list(known.numbers)
    found = dict(zip(ids, lake.records.numbers.find(ids).tolist(), strict=True))
    wrong = [(id_, number, found[id_]) for id_, number in known.numbers.items() if found[id_] != number]
    assert not wrong, (
        f"{len(wrong)} of {len(ids)} numbers differ (id, given, found): {wrong[:4]} … {wrong[-1]}"
    )
    once(list(known.numbers.values()), "given numbers")


def once(keys: list[Any], what: str) -> None:
    """No key comes twice."""
    twice = [key for key, count in Counter(keys).items() if count > 1]
    assert not twice, f"{what} there more than once: {twice[:5]}"
