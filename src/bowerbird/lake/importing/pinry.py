"""This file is about exports of Pinry: pages of its REST API, or what Django's `dumpdata` writes, as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bowerbird.lake.importing import values
from bowerbird.lake.importing.behaviour import SourceBoard, SourceEvent
from bowerbird.lake.importing.exported_files import ExportedFiles
from bowerbird.lake.importing.json_stream import pages_of
from bowerbird.lake.importing.types import Cell, PictureRef, RowError, SourceRow

_TITLE_CHARS = 120
_PIN, _BOARD = "core.pin", "core.board"
_IMAGES = ("django_images.image", "core.image")
_TAGS, _TAGGED = "taggit.tag", "taggit.taggeditem"
_PEOPLE = ("users.user", "auth.user")


@dataclass(slots=True)
class _Names:
    """What a dump keeps apart: paths of images, names of people, tags of pins; by primary key."""

    images: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    tags_of_pin: dict[str, list[str]] = field(default_factory=dict)


class PinrySource:
    """Pins as items, boards as boards. Names of images, people and tags are held; pins are not."""

    def __init__(self, files: Sequence[Path], root: Path, name: str) -> None:
        """`files` are JSON; pictures lie below `root`, or are fetched from where the pins came from."""
        self._files = tuple(files)
        self._pictures = ExportedFiles(root)
        self._name = name
        self._names = _Names()
        self._passed_over: dict[str, int] = {}

    @property
    def name(self) -> str:
        """What the import is called."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """What is known of a pin."""
        return (
            "id",
            "title",
            "description",
            "keywords",
            "link",
            "owner",
            "created_at",
            "is_hidden",
            "picture",
        )

    def rows(self) -> Iterator[SourceRow]:
        """One a pin; a pin that several boards show counts once."""
        self._names = self._learnt()
        row, seen = 0, set[str]()
        for file in self._files:
            try:
                for value in pages_of(file, "results"):
                    for pin in self._pins(value):
                        if pin["id"] not in seen:
                            seen.add(pin["id"])
                            row += 1
                            yield self._row(row, file.name, pin)
            except RowError as error:
                row += 1
                yield SourceRow(row, file.name, error=error)

    def boards(self) -> Iterator[SourceBoard]:
        """Every board, with the pins that it names."""
        for file in self._files:
            for value in pages_of(file, "results"):
                said = value.get("fields", {}) if value.get("model") == _BOARD else value
                if value.get("model") not in (None, _BOARD) or not isinstance(said, Mapping):
                    continue
                pins = said.get("pins") if value.get("model") else said.get("pins_detail")
                if isinstance(pins, list) and said.get("name"):
                    key = value.get("pk") if value.get("model") else value.get("id")
                    yield self._board(str(key), said, pins)

    def events(self) -> Iterator[SourceEvent]:
        """None: a pin on a board is a save, and saves come with boards."""
        return iter(())

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every pin is a row."""
        return {}

    def _board(self, key: str, said: Mapping[str, Any], pins: list[Any]) -> SourceBoard:
        ids = [_id(pin.get("id") if isinstance(pin, Mapping) else pin) for pin in pins]
        return SourceBoard(
            key=f"board-{key}",
            owner=self._person(said.get("submitter")) or "somebody",
            name=values.text_of(said.get("name")),
            item_ids=ids,
            is_secret=said.get("private") is True,
        )

    def _pins(self, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The pins in an object of either form, in one form."""
        if value.get("model") == _PIN:
            said, key = value.get("fields"), str(value.get("pk"))
            fields = said if isinstance(said, Mapping) else {}
            tags = self._names.tags_of_pin.get(key, [])
            image = self._names.images.get(str(fields.get("image")), "")
            yield {
                **fields,
                "id": key,
                "image": image,
                "tags": [self._names.tags.get(tag, "") for tag in tags],
            }
        elif "model" not in value:
            inside = value.get("pins_detail")
            for pin in inside if isinstance(inside, list) else [value]:
                if isinstance(pin, Mapping) and "image" in pin and "id" in pin:
                    said = pin["image"]
                    path = said.get("image") if isinstance(said, Mapping) else said
                    yield {**pin, "id": str(pin["id"]), "image": path}

    def _row(self, row: int, file: str, pin: Mapping[str, Any]) -> SourceRow:
        description = values.text_of(pin.get("description"))
        cells: dict[str, Cell] = {
            "id": _id(pin["id"]),
            "title": str(pin.get("description") or "").strip().partition("\n")[0][:_TITLE_CHARS],
            "description": description,
            "keywords": pin.get("tags"),
            "link": pin.get("referer") or None,
            "owner": self._person(pin.get("submitter")),
            "created_at": pin.get("published"),
            "is_hidden": pin.get("private"),
        }
        found = self._picture(pin)
        if isinstance(found, PictureRef):
            return SourceRow(row, f"{file}, pin {pin['id']}", cells, (found,))
        return SourceRow(row, f"{file}, pin {pin['id']}", {**cells, "picture": found})

    def _picture(self, pin: Mapping[str, Any]) -> "PictureRef | str | None":
        """The file below the folder, or the address that the picture is at or came from."""
        said = [str(path) for path in (pin.get("image"),) if path]
        found = self._pictures.find(said)
        if found is not None:
            return found
        addresses = [*said, str(pin.get("url") or "")]
        return next((address for address in addresses if address.startswith(("http://", "https://"))), None)

    def _person(self, submitter: object) -> str:
        if isinstance(submitter, Mapping):
            return values.text_of(submitter.get("username"))
        text = values.text_of(submitter)
        # A dump names people by their key, the API's boards by an address that ends in it.
        return self._names.people.get(text.rstrip("/").rpartition("/")[2], text)

    def _learnt(self) -> _Names:
        names = _Names()
        for file in self._files:
            try:
                for value in pages_of(file, "results"):
                    _learn(names, value)
            except RowError:
                continue  # the rows say so
        return names


def _learn(names: _Names, value: Mapping[str, Any]) -> None:
    model, key, fields = value.get("model"), str(value.get("pk")), value.get("fields")
    if not isinstance(fields, Mapping):
        return
    if model in _IMAGES:
        names.images[key] = str(fields.get("image") or "")
    elif model in _PEOPLE:
        names.people[key] = values.text_of(fields.get("username"))
    elif model == _TAGS:
        names.tags[key] = values.text_of(fields.get("name"))
    elif model == _TAGGED:
        names.tags_of_pin.setdefault(str(fields.get("object_id")), []).append(str(fields.get("tag")))


def _id(key: object) -> str:
    return values.whole(f"pinry-{key}")
