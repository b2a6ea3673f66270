"""This file is about linking pictures that look alike: in order of age, each with those before it.

A picture that looks like none before begins a group and gives it its id; one that does joins it. So every
member was compared with the oldest itself, groups never merge, and an id once given stays. What is written is
not done again, and nothing else is remembered: a run may be stopped anywhere.
"""

import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from PIL import Image

from bowerbird.lake.aged_media import AgedMedia
from bowerbird.lake.lake import Lake
from bowerbird.lake.leases import Lease
from bowerbird.lake.near_signatures import near_pairs
from bowerbird.lake.same_look import has_same_shape, is_same_look
from bowerbird.lake.schemas import LOOK_ALIKE

log = logging.getLogger(__name__)

FIRST, EXACT, NEAR, PLAIN = "first", "exact", "near", "plain"
"""What `look_alike.how` may say: begins a group, the same pixels, nearly, or too plain to be compared."""
_PORTION = 50_000
_WRITTEN_AT_ONCE = 2_000
_COMPARED_AT_ONCE = 100
_MOST_CANDIDATES, _MOST_COMPARED = 64, 16
_LEAST_SET_BITS = 12
_LEAST_SIDE_PX = 32
_MOST_COLOURS_APART = 0.7
# A lease tells processes apart; this, the threads of one.
_linking = threading.Lock()

Tell = Callable[[int, int], object]
"""Told how many pictures are done, and of how many."""
_Candidates = dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What a run of linking did. `is_elsewhere`: nothing, because somebody else is at it."""

    looked_at: int = 0
    linked: int = 0
    seconds: float = 0.0
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class _Link:
    """What became of one picture; `leader` is a row, or None where it has none."""

    row: int
    how: str
    leader: int | None = None


def link_look_alikes(lake: Lake, tell: Tell | None = None) -> LinkReport:
    """Links all media that were not compared yet; durable on return."""
    if not _linking.acquire(blocking=False):
        return LinkReport(is_elsewhere=True)
    lease = Lease(lake.place, "look-alikes", lake.clock)
    try:
        if not lease.take():
            return LinkReport(is_elsewhere=True)
        try:
            return _linked(lake, lease, tell or (lambda _done, _total: None))
        finally:
            lease.give_back()
    finally:
        _linking.release()


def _linked(lake: Lake, lease: Lease, tell: Tell) -> LinkReport:
    started, looked_at, linked = time.monotonic(), 0, 0
    media = AgedMedia.read(lake, leading=FIRST)
    waiting = np.flatnonzero(media.is_new)
    for start in range(0, len(waiting), _PORTION):
        for links in _portion(lake, media, waiting[start : start + _PORTION]):
            lease.take()  # for another minute
            _write(lake, media, links)
            looked_at += len(links)
            linked += sum(link.leader is not None for link in links)
            tell(looked_at, len(waiting))
    report = LinkReport(looked_at, linked, round(time.monotonic() - started, 3))
    if looked_at:
        log.info("look-alikes linked", extra={"media": looked_at, "linked": linked})
    return report


def _portion(lake: Lake, media: AgedMedia, portion: np.ndarray) -> Iterator[list[_Link]]:
    """What becomes of some new media, in order; `media.leads` is kept up."""
    tells = _tells(media, portion)
    candidates = _candidates(media, portion[tells])
    media.leads[portion[tells]] = True  # until it is found that it follows another
    for start in range(0, len(portion), _WRITTEN_AT_ONCE):
        links: list[_Link] = []
        rows = portion[start : start + _WRITTEN_AT_ONCE].tolist()
        for at in range(0, len(rows), _COMPARED_AT_ONCE):
            links += _compared(lake, media, rows[at : at + _COMPARED_AT_ONCE], candidates)
        yield links


def _tells(media: AgedMedia, rows: np.ndarray) -> np.ndarray:
    """[rows] bool: there is enough in it; a blank or tiny picture looks like too many others."""
    shorter = np.minimum(media.widths[rows], media.heights[rows])
    bits = np.bitwise_count(media.signatures[rows].view(np.uint64))
    tells: np.ndarray = (bits >= _LEAST_SET_BITS) & (shorter >= _LEAST_SIDE_PX)
    return tells


def _candidates(media: AgedMedia, new: np.ndarray) -> _Candidates:
    """Row → rows before it that it may be a copy of, the likeliest first."""
    old = np.flatnonzero(media.leads)
    rows = np.concatenate([old, new])
    shapes = media.widths / np.maximum(media.heights, 1)

    def is_likely(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
        one, other = rows[earlier], rows[later]
        is_likely: np.ndarray = has_same_shape(shapes[one], shapes[other])
        return is_likely & (media.colours_apart(one, other) <= _MOST_COLOURS_APART)

    pairs = rows[near_pairs(media.signatures[rows], len(old), is_likely)]
    earlier, later = pairs[:, 0], pairs[:, 1]
    order = np.lexsort(
        (earlier, media.colours_apart(earlier, later), media.bits_apart(earlier, later), later)
    )
    earlier, later = earlier[order], later[order]
    found: _Candidates = {}
    for one, other in zip(earlier.tolist(), later.tolist(), strict=True):
        few = found.setdefault(other, [])
        if len(few) < _MOST_CANDIDATES:
            few.append(one)
    return found


def _compared(lake: Lake, media: AgedMedia, rows: list[int], candidates: _Candidates) -> Iterator[_Link]:
    asked = {row: [one for one in candidates[row] if media.leads[one]] for row in rows if row in candidates}
    thumbs = _thumbs(lake, media, sorted({*asked, *(one for few in asked.values() for one in few)}))
    for row in rows:
        if not media.leads[row]:
            yield _Link(row, PLAIN)
            continue
        likely = [one for one in asked.get(row, ()) if media.leads[one]][:_MOST_COMPARED]
        leader = next((one for one in likely if _is_copy(thumbs.get(one), thumbs.get(row))), None)
        if leader is None:
            yield _Link(row, FIRST)
            continue
        media.leads[row] = False
        yield _Link(row, EXACT if thumbs[leader] == thumbs[row] else NEAR, leader)


def _thumbs(lake: Lake, media: AgedMedia, rows: list[int]) -> dict[int, bytes]:
    """Row → its thumbnail; without those that were forgotten meanwhile."""
    if not rows:
        return {}
    ids = {media.id_of(row): row for row in rows}
    found = lake.media.take(list(ids), ["id", "thumb"]).to_pylist()
    return {ids[each["id"]]: each["thumb"] for each in found if each["thumb"]}


def _is_copy(leader: bytes | None, thumb: bytes | None) -> bool:
    if leader is None or thumb is None:
        return False
    return leader == thumb or is_same_look(_opened(leader), _opened(thumb))


def _opened(thumb: bytes) -> Image.Image:
    return Image.open(io.BytesIO(thumb), formats=("JPEG",)).convert("RGB")


def _write(lake: Lake, media: AgedMedia, links: list[_Link]) -> None:
    named = {row: media.id_of(row) for link in links for row in (link.row, link.leader) if row is not None}
    with lake.storing:
        # What was forgotten since it was read must not come back, nor as the name of a group.
        there = set(lake.media.take(list(named.values()), ["id"])["id"].to_pylist())
        kept = [
            link
            for link in links
            if {named[link.row], named[link.row if link.leader is None else link.leader]} <= there
        ]
        lake.look_alikes.upsert(_as_rows(media, kept, named))


def _as_rows(media: AgedMedia, links: list[_Link], named: dict[int, str]) -> pa.Table:
    leaders = np.array([link.row if link.leader is None else link.leader for link in links], np.int64)
    bits = media.bits_apart(leaders, np.array([link.row for link in links], np.int64)).tolist()
    columns = {
        "id": [named[link.row] for link in links],
        "group_id": [None if link.leader is None else named[link.leader] for link in links],
        "how": [link.how for link in links],
        "bits_apart": [None if link.leader is None else few for link, few in zip(links, bits, strict=True)],
    }
    return pa.table(columns, schema=LOOK_ALIKE.schema)
