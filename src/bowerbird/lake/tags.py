"""This file is about tags: names for the versions that all tables have at one time, kept through clean-up."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import lance
from pydantic import BaseModel, ConfigDict, ValidationError

from bowerbird.core.clock import Clock
from bowerbird.core.errors import ConflictError, InputError, LakeError, NotFoundError
from bowerbird.lake.places import Place
from bowerbird.lake.table_files import files_of, table_names

COPYING = "copying-"
"""Labels that begin like this hold versions while a copy or a backup reads them."""
_FOLDER = "tags"
_LONGEST_COPY = timedelta(days=3)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
# Whoever sees an item finds its pictures: what refers comes before what is referred to.
_REFERRING_FIRST = ("item", "look_alike", "frame", "video", "media", "blob")


class LakeTag(BaseModel):
    """One name, and the version of each table that it stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    made_ms: int
    tables: dict[str, int]


def make_tag(place: Place, name: str, clock: Clock) -> LakeTag:
    """The newest versions of all tables, under a name from now on.

    Raises:
        InputError: it cannot be a name.
        ConflictError: it is one already.
    """
    path = _path_of(name)
    if place.stat(path) is not None:
        raise _is_taken(name)
    tag = LakeTag(name=name, made_ms=clock.now_ms(), tables=pin(place, name, pinning_order(place)))
    if not place.write_if_absent(path, tag.model_dump_json(indent=1).encode()):
        raise _is_taken(name)
    return tag


def list_tags(place: Place) -> list[LakeTag]:
    """Every tag, oldest first."""
    found = [_read(place, file.path) for file in place.files(_FOLDER)]
    return sorted(found, key=lambda tag: (tag.made_ms, tag.name))


def find_tag(place: Place, name: str) -> LakeTag:
    """The tag of this name.

    Raises:
        NotFoundError: there is none.
    """
    if not _NAME.fullmatch(name) or place.stat(_path_of(name)) is None:
        known = ", ".join(tag.name for tag in list_tags(place)) or "none"
        raise NotFoundError(
            f"as-of {name[:80]!r} was received; needed is a version number, a time such as 2026-11-22T18:00 "
            f"or a tag; tags are: {known}; give one of those"
        )
    return _read(place, _path_of(name))


def remove_tag(place: Place, name: str) -> LakeTag:
    """The name stands for nothing any more; clean-up may let go of its versions. Gives what it was.

    Raises:
        NotFoundError: there is none.
    """
    tag = find_tag(place, name)
    place.delete(_path_of(name))
    unpin(place, name)
    return tag


def pinning_order(place: Place) -> list[str]:
    """Names of the tables of the lake, those that refer to others first."""
    names = table_names(place)
    first = [name for name in _REFERRING_FIRST if name in names]
    return [*first, *(name for name in names if name not in first)]


def pin(place: Place, label: str, tables: Sequence[str]) -> dict[str, int]:
    """Clean-up keeps the newest version of these tables until `unpin`; gives the versions, by table."""
    pinned = {}
    for table in tables:
        files = files_of(place.within(f"tables/{table}.lance"))
        head = files.open()
        set_label(head, label)
        files.sync()
        pinned[table] = int(head.version)
    return pinned


def unpin(place: Place, label: str) -> None:
    """Takes the label off every table that has it."""
    for table in table_names(place):
        files = files_of(place.within(f"tables/{table}.lance"))
        head = files.open()
        if label in head.tags.list():
            head.tags.delete(label)
            files.sync()


def unpin_abandoned(place: Place) -> None:
    """Takes off labels of copies that were killed days ago."""
    before = datetime.now(UTC) - _LONGEST_COPY
    for table in table_names(place):
        for label, entry in files_of(place.within(f"tables/{table}.lance")).open().tags.list().items():
            if label.startswith(COPYING) and entry["updated_at"] < before:
                unpin(place, label)


def set_label(head: lance.LanceDataset, label: str) -> None:
    """The label is on this version, and on no other."""
    act = head.tags.update if label in head.tags.list() else head.tags.create
    act(label, head.version)


def _path_of(name: str) -> str:
    is_time = True
    try:
        datetime.fromisoformat(name)
    except ValueError:
        is_time = False
    if is_time or not _NAME.fullmatch(name):
        raise InputError(
            f"tag {name[:80]!r} was received; needed is a letter followed by up to 63 letters, digits, dots, "
            "dashes or underscores; choose another name"
        )
    return f"{_FOLDER}/{name}.json"


def _read(place: Place, path: str) -> LakeTag:
    try:
        return LakeTag.model_validate_json(place.read(path))
    except ValidationError as error:
        raise LakeError(
            f"{path} in {place.address} cannot be read; needed is a tag as Bowerbird wrote it; delete the "
            "file and tag again"
        ) from error


def _is_taken(name: str) -> ConflictError:
    return ConflictError(
        f"there is a tag {name!r} already; choose another name, or take that one away with "
        f"`bowerbird lake untag {name}`"
    )
