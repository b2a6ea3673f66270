"""This file is about groups of pictures that look alike: who is in which, and which items show them.

A group is named by its oldest picture. Copies stay items of their own, each with its own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake

SAME_FILE = "same file"


@dataclass(frozen=True, slots=True)
class Copy:
    """One item of a group.

    Attributes:
        media_id: its main picture.
        how: `first`, `exact` (the same pixels), `near`, or `same file` as an item before it.
        bits_apart: of the signature, from that of the group's first picture.
    """

    item_id: str
    title: str
    source: str
    media_id: str
    how: str
    bits_apart: int


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """Items whose main pictures look alike, those with the group's first picture first."""

    group_id: str
    copies: tuple[Copy, ...]


def group_of(lake: Lake, media_ids: Sequence[str]) -> list[str]:
    """The group of each of the media, in order; its own id for what was not linked to another."""
    rows = lake.look_alikes.take(list(dict.fromkeys(media_ids)), ["id", "group_id"]).to_pylist()
    groups = {row["id"]: row["group_id"] for row in rows if row["group_id"]}
    return [groups.get(media_id, media_id) for media_id in media_ids]


def linked_media(lake: Lake) -> dict[str, str]:
    """Media id → group id, for all that joined a group; the first of each group is not among them."""
    found = _joined(lake)
    return dict(zip(found["id"].to_pylist(), found["group_id"].to_pylist(), strict=True))


def copy_groups(lake: Lake) -> list[CopyGroup]:
    """All groups of two or more live items, the largest first."""
    items = _shown(lake)
    joined = _joined(lake)
    places = pc.index_in(items["media_id"], value_set=joined["id"].combine_chunks())
    groups = pc.coalesce(joined["group_id"].combine_chunks().take(places), items["media_id"])
    counts = pc.value_counts(groups)
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    items = items.append_column("group_id", groups).filter(pc.is_in(groups, value_set=several))
    return _as_groups(lake, items)


def copies_of(lake: Lake, item_id: str) -> CopyGroup:
    """The group of one item; alone in it where there are no copies.

    Raises:
        NotFoundError: there is no such item.
    """
    media_ids = item(lake, item_id).media_ids
    group_id = group_of(lake, media_ids[:1])[0] if media_ids else ""
    items = _shown(lake)
    joined = _joined(lake)
    members = [
        group_id, *joined.filter(pc.equal(joined["group_id"], group_id))["id"].to_pylist()
    ]  # fmt: skip
    items = items.filter(pc.is_in(items["media_id"], value_set=pa.array(members, pa.string())))
    groups = _as_groups(
        lake, items.append_column("group_id", pa.array([group_id] * items.num_rows, pa.string()))
    )
    return groups[0] if groups else CopyGroup(group_id, ())


def _joined(lake: Lake) -> pa.Table:
    found = lake.look_alikes.read(["id", "group_id"])
    return found.filter(found["group_id"].is_valid())


def _shown(lake: Lake) -> pa.Table:
    """`id`, `number` and `media_id` of all live items that show something."""
    items = lake.items.read(["id", "number", "media_ids"])
    items = items.filter(pc.greater(pc.fill_null(pc.list_value_length(items["media_ids"]), 0), 0))
    media_ids = pc.list_element(items["media_ids"], 0)
    return items.select(["id", "number"]).append_column("media_id", media_ids)


def _as_groups(lake: Lake, items: pa.Table) -> list[CopyGroup]:
    """Groups of rows with `id`, `number`, `media_id` and `group_id`."""
    rows = items.to_pylist()
    words = _by_id(lake.items.take([row["id"] for row in rows], ["id", "title", "source"]))
    media_ids = list(dict.fromkeys(row["media_id"] for row in rows))
    links = _by_id(lake.look_alikes.take(media_ids, ["id", "how", "bits_apart"]))
    by_group: dict[str, list[Copy]] = {}
    shown: set[str] = set()
    rows.sort(key=lambda row: (row["media_id"] != row["group_id"], row["media_id"], row["number"]))
    for row in rows:
        link, word = links.get(row["media_id"], {}), words[row["id"]]
        how = SAME_FILE if row["media_id"] in shown else link.get("how", "first")
        shown.add(row["media_id"])
        copy = Copy(
            item_id=row["id"], title=word["title"] or "", source=word["source"] or "",
            media_id=row["media_id"], how=how, bits_apart=link.get("bits_apart") or 0,
        )  # fmt: skip
        by_group.setdefault(row["group_id"], []).append(copy)
    groups = [CopyGroup(group_id, tuple(copies)) for group_id, copies in by_group.items()]
    return sorted(groups, key=lambda group: (-len(group.copies), group.group_id))


def _by_id(rows: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows.to_pylist()}
