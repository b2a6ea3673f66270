"""This file is about the plain sequence format: one person a line, `person item item …`, oldest first.

Beside `sequences.txt` may lie `intervals.txt` (seconds since the person's interaction before, 0 first) and
`items.csv` (`item_id`, and what is known: `title`, `attributes` split at `|`). Each may be packed (`.gz`).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bowerbird.core.clock import LATEST_MS
from bowerbird.learn.data.interactions import ItemFacts
from bowerbird.learn.data.raw import RawRows, Rejects, all_alike
from bowerbird.learn.data.text_files import csv_rows, first_of, opened

NAMES = ("sequences.txt", "sequences.tsv", "sequences")
_MS_PER_S = 1000
_TITLES = ("title", "name", "product_name")
_ATTRIBUTES = ("attributes", "categories", "category", "genres", "brand")


def read_sequences(path: Path) -> RawRows:
    """The rows of a folder with `sequences.txt`, or of such a file by itself."""
    file = path if path.is_file() else first_of(path, NAMES)
    assert file is not None, "the caller has looked"
    rejects = Rejects()
    gaps = _gaps(file.parent) if path.is_dir() else None
    persons: list[str] = []
    items: list[str] = []
    seconds: list[np.ndarray] = []
    seen: set[str] = set()
    for line, words in _lines(file):
        person, history = words[0], words[1:]
        if person in seen:
            rejects.add(line, file.name, "person", "person-twice", "give each person one line", person)
            continue
        if not history:
            rejects.add(
                line, file.name, "items", "no-items", "give at least one item after the person", person
            )
            continue
        seen.add(person)
        if gaps is not None:
            given = gaps.get(person)
            if given is None or len(given) != len(history):
                rejects.add(line, file.name, "intervals", "intervals-differ",
                            "give intervals.txt one number for each item", person)  # fmt: skip
                continue
            seconds.append(np.cumsum(given))
        persons += [person] * len(history)
        items += history
    at_ms = np.concatenate(seconds).astype(np.int64) * _MS_PER_S if seconds else None
    actions, weights = all_alike(len(items))
    listed = _items(file.parent, rejects) if path.is_dir() else ItemFacts((), (), ())
    return RawRows(
        persons, items, at_ms, actions, weights, None, None, listed,
        is_closed=False, time="order" if at_ms is None else "relative", rejects=rejects,
    )  # fmt: skip


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    with opened(file) as text:
        for number, line in enumerate(text, start=1):
            words = line.split()
            if words:
                yield number, words


def _gaps(folder: Path) -> dict[str, np.ndarray] | None:
    file = first_of(folder, ("intervals.txt", "intervals"))
    if file is None:
        return None
    gaps = {}
    for _, words in _lines(file):
        try:
            given = np.array([float(word) for word in words[1:]])
        except ValueError:
            continue  # the person's line in the sequences is refused, and says so
        if (given >= 0).all() and given.sum() <= LATEST_MS / _MS_PER_S:  # neither where one is no number
            gaps[words[0]] = given
    return gaps


def _items(folder: Path, rejects: Rejects) -> ItemFacts:
    file = first_of(folder, ("items.csv",))
    if file is None:
        return ItemFacts((), (), ())
    facts: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line, row in csv_rows(file, ("item_id",)):
        id_ = row["item_id"].strip()
        if not id_ or id_ in facts:
            rejects.add(line, file.name, "item_id", "item-id", "give each item one row with its id", id_)
            continue
        title = next((row[name] for name in _TITLES if row.get(name)), "")
        values = [value for name in _ATTRIBUTES for value in row.get(name, "").split("|")]
        facts[id_] = (title, tuple(dict.fromkeys(value.strip() for value in values if value.strip())))
    return ItemFacts(
        tuple(facts), tuple(title for title, _ in facts.values()), tuple(more for _, more in facts.values())
    )
