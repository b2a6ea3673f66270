"""This file is about exports of Gorse: `items.jsonl`, `users.jsonl` and `feedback.jsonl` in one folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing import values
from bowerbird.lake.importing.acting import Acting
from bowerbird.lake.importing.behaviour import SourceBoard, SourceEvent
from bowerbird.lake.importing.tables import JsonLinesSource
from bowerbird.lake.importing.types import Cell, RowError, SourceRow

_ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".ndjson")
_MOST_LABELS = 200


class GorseSource:
    """Items of an export of Gorse; feedback is what people did. Items need no picture."""

    def __init__(self, folder: Path, name: str, actions: Mapping[str, str]) -> None:
        """The export in a folder.

        Raises:
            InputError: there are no items in it.
            ConfigError: `actions` (type of feedback → action) names an action that there is not.
        """
        items = file_of(folder, "items")
        if items is None:
            raise InputError(f"{folder} has no items.jsonl; needed is an export of Gorse; name its folder")
        self._items = JsonLinesSource(items)
        feedback = file_of(folder, "feedback")
        self._feedback = JsonLinesSource(feedback) if feedback is not None else None
        self._acting = Acting(actions)
        self._name = name

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows: labels may be anything."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One an item."""
        for row in self._items.rows():
            yield row if row.error is not None else SourceRow(row.row, row.where, _item(row.values))

    def events(self) -> Iterator[SourceEvent]:
        """One a feedback."""
        if self._feedback is None:
            return
        for row in self._feedback.rows():
            yield SourceEvent(row.where, error=row.error) if row.error else self._event(row)

    def boards(self) -> Iterator[SourceBoard]:
        """None: Gorse has no boards."""
        return iter(())

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every line is a row."""
        return {}

    def _event(self, row: SourceRow) -> SourceEvent:
        said = _by_lower_name(row.values)
        try:
            kind = values.text_of(said.get("feedbacktype"))
            return SourceEvent(
                where=row.where,
                person=values.text_of(said.get("userid")),
                item_id=values.text_of(said.get("itemid")),
                action=self._acting.of(kind),
                at_ms=values.time_ms_of(_time(said.get("timestamp"))),
                facts={"feedback": kind[:100]},
            )
        except RowError as error:
            return SourceEvent(row.where, error=error)


def file_of(folder: Path, name: str) -> Path | None:
    """The file of an export that holds `items`, `users` or `feedback`."""
    return next((path for ending in _ENDINGS if (path := folder / f"{name}{ending}").is_file()), None)


def _item(row: Mapping[str, Cell]) -> dict[str, Cell]:
    said = _by_lower_name(row)
    words, attributes = _labels(said.get("labels"))
    return {
        **attributes,
        "id": said.get("itemid"),
        "title": said.get("comment"),
        "category": said.get("categories"),
        "keywords": words,
        "created_at": _time(said.get("timestamp")),
        "is_hidden": said.get("ishidden"),
    }


def _labels(labels: Cell, name: str = "") -> tuple[list[str], dict[str, Cell]]:
    """Words of labels, which may be lists and mappings in each other, and their single values by name."""
    words: list[str] = []
    attributes: dict[str, Cell] = {}
    waiting: list[tuple[str, Cell]] = [(name, labels)]
    while waiting and len(words) < _MOST_LABELS:
        name, value = waiting.pop(0)
        if isinstance(value, Mapping):
            waiting.extend((str(key), part) for key, part in list(value.items())[:_MOST_LABELS])
        elif isinstance(value, list | tuple):
            # Numbers in a list are an embedding.
            waiting.extend(("", part) for part in value[:_MOST_LABELS] if not isinstance(part, int | float))
        elif name and value not in (None, ""):
            attributes[name] = value
        elif isinstance(value, str) and value.strip():
            words.append(value.strip()[:200])
    return words, attributes


def _time(value: Cell) -> Cell:
    """A time, or nothing where Gorse writes that there is none."""
    return None if str(value or "").startswith("0001-01-01") else value


def _by_lower_name(row: Mapping[str, Cell]) -> dict[str, Cell]:
    return {key.lower().replace("_", ""): value for key, value in row.items()}
