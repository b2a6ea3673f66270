"""This file is about exports of Immich: originals in a folder, and what its API says of assets and albums.

Place and device are left out, as of every picture.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bowerbird.lake.importing import values
from bowerbird.lake.importing.behaviour import SourceBoard, SourceEvent
from bowerbird.lake.importing.exported_files import ExportedFiles
from bowerbird.lake.importing.folder import title_of_name
from bowerbird.lake.importing.json_stream import pages_of
from bowerbird.lake.importing.types import Cell, RowError, SourceRow

_PAGE = ("assets", "items")
_TITLE_CHARS = 120
_HIDDEN = ("hidden", "locked")


class ImmichSource:
    """Assets as items, albums as boards."""

    def __init__(self, files: Sequence[Path], root: Path, name: str) -> None:
        """`files` are JSON; originals lie below `root`."""
        self._files = tuple(files)
        self._originals = ExportedFiles(root)
        self._name = name
        self._passed_over: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """What the import is called."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """What is known of an asset."""
        return (
            "id",
            "title",
            "description",
            "keywords",
            "owner",
            "created_at",
            "is_hidden",
            "picture",
            "favourite",
        )

    def rows(self) -> Iterator[SourceRow]:
        """One an asset; those in the bin are passed over, and one that several files tell of counts once."""
        self._passed_over.clear()
        row, seen = 0, set[str]()
        for file in self._files:
            try:
                for value in self._assets(file):
                    if str(value["id"]) in seen:
                        continue
                    seen.add(str(value["id"]))
                    if value.get("isTrashed") is True:
                        self._passed_over["passed-over-trashed"] += 1
                        continue
                    row += 1
                    yield self._row(row, file.name, value)
            except RowError as error:
                row += 1
                yield SourceRow(row, file.name, error=error)

    def boards(self) -> Iterator[SourceBoard]:
        """Albums that tell their assets; one that is not shared is secret."""
        for file in self._files:
            for value in pages_of(file):
                if "albumName" not in value:
                    continue
                assets = value.get("assets") or value.get("assetIds")
                listed = assets if isinstance(assets, list) else []
                ids = [each.get("id") if isinstance(each, Mapping) else each for each in listed]
                yield SourceBoard(
                    key=f"album-{value.get('id')}",
                    owner=_owner(value) or "somebody",
                    name=values.text_of(value.get("albumName")),
                    item_ids=[_id(id_) for id_ in ids if id_],
                    description=values.text_of(value.get("description")),
                    is_secret=value.get("shared") is not True,
                )

    def events(self) -> Iterator[SourceEvent]:
        """None: an asset in an album is a save, and saves come with boards."""
        return iter(())

    def passed_over(self) -> Mapping[str, int]:
        """Assets in the bin."""
        return dict(self._passed_over)

    def _assets(self, file: Path) -> Iterator[dict[str, Any]]:
        """Assets of lists, of pages of a search, and of albums."""
        for value in pages_of(file, *_PAGE):
            inside = value.get("assets") if "albumName" in value else [value]
            for each in inside if isinstance(inside, list) else []:
                if isinstance(each, dict) and "originalFileName" in each and each.get("id"):
                    yield each

    def _row(self, row: int, file: str, asset: Mapping[str, Any]) -> SourceRow:
        name = str(asset.get("originalFileName"))
        exif = asset.get("exifInfo")
        description = str((exif.get("description") if isinstance(exif, Mapping) else "") or "").strip()
        tags = [tag.get("value") or tag.get("name") for tag in _mappings(asset.get("tags"))]
        people = [
            person.get("name") for person in _mappings(asset.get("people")) if not person.get("isHidden")
        ]
        cells: dict[str, Cell] = {
            "id": _id(asset["id"]),
            "title": description.partition("\n")[0][:_TITLE_CHARS] or title_of_name(name),
            "description": description,
            "keywords": [str(word).rpartition("/")[2] for word in (*tags, *people) if word],
            "owner": _owner(asset),
            "created_at": asset.get("fileCreatedAt"),
            "is_hidden": asset.get("visibility") in _HIDDEN,
            "favourite": "yes" if asset.get("isFavorite") is True else None,
        }
        where = f"{file}, {name}"
        original = self._originals.find(
            [str(asset.get("originalPath") or ""), name, f"{asset['id']}{_ending(name)}"]
        )
        if original is None:
            return SourceRow(row, where, {**cells, "picture": name})
        return SourceRow(row, where, cells, (original,))


def _owner(value: Mapping[str, Any]) -> str:
    owner = value.get("owner")
    if isinstance(owner, Mapping) and (owner.get("name") or owner.get("email")):
        return values.text_of(owner.get("name") or owner.get("email"))
    return values.text_of(value.get("ownerId"))


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def _id(key: object) -> str:
    return values.whole(f"immich-{key}")
