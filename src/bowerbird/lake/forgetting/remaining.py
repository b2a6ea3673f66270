"""This file is about what a forget has left: in which files, what keeps them, and until when."""

import json
from collections.abc import Iterator, Mapping, Sequence

from bowerbird.lake.forgetting.types import Remains, State
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import ForgottenEntry
from bowerbird.lake.tables import Table

_MS_PER_HOUR = 3_600_000
_TRAINED = "models/retrievers/*/*/card.json"
_NOW = "`bowerbird lake forget --purge`"


def state_of(entry: ForgottenEntry) -> State:
    """How far a forget is."""
    if entry.work is not None:
        return "removing"
    if entry.purged_ms is None:
        return "pending"
    return "purged" if entry.gone_ms is None else "gone"


def is_gone(lake: Lake, entry: ForgottenEntry) -> bool:
    """Whether no kept version of a table is old enough to hold it."""
    if entry.purged_ms is None:
        return False
    tables = lake.tables()
    clean_from: dict[str, int] = json.loads(entry.versions or "{}")
    return not any(
        name in tables and tables[name].versions()[0].version < version
        for name, version in clean_from.items()
    )


def remains_of(lake: Lake, entries: Sequence[ForgottenEntry] | None = None) -> Iterator[Remains]:
    """What is left of these, or of everything that was forgotten, in files of the lake."""
    yield from _trained_models(lake, lake.records.forgotten.entries() if entries is None else entries)
    entries = lake.records.forgotten.not_gone() if entries is None else entries
    states = [state_of(entry) for entry in entries]
    if "removing" in states:
        yield Remains(
            "tables and records",
            "a forget was stopped before its last row",
            None,
            "`bowerbird lake forget --purge`",
        )
    if "pending" in states:
        items = any(entry.kind == "item" for entry in entries if state_of(entry) == "pending")
        files = "files of tables, indexes and models; " if items else ""
        yield Remains(
            f"{files}unused pages of records, events and online state",
            "rows were removed; the files that held them are written anew by the next maintenance",
            None,
            f"{_NOW} or `bowerbird lake maintain`",
        )
    newest_dirty: dict[str, int] = {}
    for entry in entries:
        for name, version in json.loads(entry.versions or "{}").items():
            newest_dirty[name] = max(newest_dirty.get(name, 0), version - 1)
    tables = lake.tables()
    dirty = {tables[name]: version for name, version in sorted(newest_dirty.items()) if name in tables}
    for table, version in dirty.items():
        yield from _tagged_versions(table, version)
    yield from _old_versions(dirty)


def _trained_models(lake: Lake, entries: Sequence[ForgottenEntry]) -> Iterator[Remains]:
    """Models that learnt from what was forgotten since; whether they are in use makes no difference."""
    asked_ms = max((entry.asked_ms for entry in entries if entry.kind != "board"), default=0)
    for card in sorted(lake.path.glob(_TRAINED)):
        if json.loads(card.read_bytes())["made_ms"] <= asked_ms:
            yield Remains(
                f"trained model {card.parent.parent.name}/{card.parent.name}",
                "it learnt from it, and keeps numbers and vectors, but no id, word or picture",
                None,
                "`bowerbird learn train`, and removing the older model",
            )


def _tagged_versions(table: Table, newest_dirty: int) -> Iterator[Remains]:
    for tag, version in sorted(table.tags().items()):
        if version <= newest_dirty:
            where = f"version {version} of table {table.spec.name}"
            yield Remains(where, f"tag {tag!r} holds on to it", None, f"`bowerbird lake untag {tag}`")


def _old_versions(dirty: Mapping[Table, int]) -> Iterator[Remains]:
    until_ms: dict[str, int] = {}
    for table, newest_dirty in dirty.items():
        tagged = set(table.tags().values())
        for each in table.versions():
            if each.version <= newest_dirty and each.version not in tagged:
                goes_ms = int(each.at.timestamp() * 1_000 + table.upkeep.keep_hours * _MS_PER_HOUR)
                until_ms[table.spec.name] = max(goes_ms, until_ms.get(table.spec.name, 0))
    if until_ms:
        where = f"older versions of {', '.join(sorted(until_ms))}"
        yield Remains(where, "they can still be read with `--as-of`", max(until_ms.values()), _NOW)
