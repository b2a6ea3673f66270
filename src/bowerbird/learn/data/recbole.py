"""This file is about RecBole's atomic files: `.inter` and `.item`, with tabs, `name:type` in the header."""

import csv
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bowerbird.core.clock import LATEST_MS
from bowerbird.core.errors import InputError
from bowerbird.learn.data.interactions import ItemFacts
from bowerbird.learn.data.raw import RawRows, Rejects, all_alike
from bowerbird.learn.data.text_files import opened

_TITLES = ("title", "name", "item_name", "movie_title", "product_title")
_WORDS = ("token", "token_seq")


def inter_file(path: Path) -> Path | None:
    """The `.inter` file that a path names or holds.

    Raises:
        InputError: the folder holds several.
    """
    if path.is_file():
        return path if _is_inter(path) else None
    found = sorted(each for each in path.iterdir() if _is_inter(each))
    if len(found) > 1:
        names = ", ".join(each.name for each in found[:5])
        raise InputError(f"{path.name} holds {names}; needed is one `.inter` file; name the one you mean")
    return found[0] if found else None


def read_recbole(file: Path) -> RawRows:
    """The rows of one `.inter` file, with the `.item` file of the same name where there is one."""
    rejects = Rejects()
    persons: list[str] = []
    items: list[str] = []
    at_s: list[float] = []
    ratings: list[float] = []
    header, rows = _table(file)
    person_at, item_at = _place(file, header, "user_id"), _place(file, header, "item_id")
    time_at, rating_at = header.get("timestamp", -1), header.get("rating", -1)
    for line, row in rows:
        try:
            person, item = row[person_at].strip(), row[item_at].strip()
            second = float(row[time_at]) if time_at >= 0 else 0.0
            rating = float(row[rating_at]) if rating_at >= 0 else 1.0
        except (ValueError, IndexError):
            rejects.add(line, file.name, "row", "unreadable", "give every column its type", "\t".join(row))
            continue
        if not person or not item or not abs(second) <= LATEST_MS:  # nor where it is no number
            rejects.add(line, file.name, "row", "unreadable", "give person, item and time", "\t".join(row))
            continue
        persons.append(person)
        items.append(item)
        at_s.append(second)
        ratings.append(rating)
    actions, weights = all_alike(len(items))
    at_ms = (np.array(at_s, dtype=np.float64) * _ms_per_unit(at_s)).astype(np.int64)
    return RawRows(
        persons, items, at_ms if time_at >= 0 else None, actions, weights,
        np.array(ratings, np.float32) if rating_at >= 0 else None, None, _items(file),
        is_closed=False, time="absolute" if time_at >= 0 else "order", rejects=rejects,
    )  # fmt: skip


def _is_inter(path: Path) -> bool:
    return path.is_file() and path.name.removesuffix(".gz").endswith(".inter")


def _ms_per_unit(times: list[float]) -> float:
    # The format says seconds; files with milliseconds exist, and no catalogue is from the year 5000.
    # One clock that runs ahead does not decide for all.
    return 1.0 if times and statistics.median(times) > 1e11 else 1000.0


def _items(file: Path) -> ItemFacts:
    name = file.name.removesuffix(".gz").removesuffix(".inter")
    found = [
        path for path in (file.with_name(f"{name}.item"), file.with_name(f"{name}.item.gz")) if path.is_file()
    ]
    if not found:
        return ItemFacts((), (), ())
    header, rows = _table(found[0])
    id_at = _place(found[0], header, "item_id")
    title_at = next((header[title] for title in _TITLES if title in header), -1)
    more_at = [
        place for column, place in header.items() if place not in (id_at, title_at) and column in header
    ]
    facts = {}
    for _, row in rows:
        if len(row) > id_at and row[id_at].strip():
            cells = [row[place] if place < len(row) else "" for place in (title_at, *more_at)]
            facts[row[id_at].strip()] = (cells[0] if title_at >= 0 else "", tuple(c for c in cells[1:] if c))
    return ItemFacts(
        tuple(facts), tuple(title for title, _ in facts.values()), tuple(more for _, more in facts.values())
    )


def _place(file: Path, header: dict[str, int], name: str) -> int:
    if name not in header:
        raise InputError(
            f"{file.name} has the columns {', '.join(header)}; needed is {name}; name it `{name}:token`"
        )
    return header[name]


def _table(file: Path) -> tuple[dict[str, int], Iterator[tuple[int, list[str]]]]:
    def rows() -> Iterator[tuple[int, list[str]]]:
        with opened(file) as text:
            reader = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(reader, None)
            for row in reader:
                if row:
                    yield reader.line_num, row

    with opened(file) as text:
        names = next(csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE), [])
    columns = [(name.split(":")[0].strip(), name.split(":")[-1].strip()) for name in names]
    return {
        name: place
        for place, (name, kind) in enumerate(columns)
        if kind in _WORDS or name in ("timestamp", "rating")
    }, rows()
