"""This file is about MovieLens: `ratings.csv` (latest, 20M) or `ratings.dat` (1M, 10M), and the films."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bowerbird.core.clock import LATEST_MS
from bowerbird.learn.data.interactions import ItemFacts
from bowerbird.learn.data.raw import RawRows, Rejects, all_alike
from bowerbird.learn.data.text_files import csv_rows, first_of, opened

_MS_PER_S = 1000
_CSV = ("userId", "movieId", "rating", "timestamp")


def ratings_file(path: Path) -> Path | None:
    """The ratings that a path names or holds."""
    if path.is_file():
        name = path.name.removesuffix(".gz")
        return path if name in ("ratings.csv", "ratings.dat") else None
    return first_of(path, ("ratings.csv", "ratings.dat"))


def read_movielens(file: Path) -> RawRows:
    """Every rating as one interaction, in the file's order among equal times."""
    rejects = Rejects()
    persons: list[str] = []
    items: list[str] = []
    numbers: list[tuple[float, float]] = []
    for line, cells in _ratings(file):
        try:
            person, item, rating, second = cells
            pair = float(rating), float(second)
        except ValueError:
            rejects.add(
                line, file.name, "row", "unreadable", "give person, film, rating, time", "::".join(cells)
            )
            continue
        if not person or not item or not (math.isfinite(pair[0]) and abs(pair[1]) <= LATEST_MS / _MS_PER_S):
            rejects.add(
                line, file.name, "row", "unreadable", "give person, film, rating, time", "::".join(cells)
            )
            continue
        persons.append(person)
        items.append(item)
        numbers.append(pair)
    columns = np.array(numbers, dtype=np.float64).reshape(-1, 2)
    actions, weights = all_alike(len(items))
    return RawRows(
        persons, items, (columns[:, 1] * _MS_PER_S).astype(np.int64), actions, weights,
        columns[:, 0].astype(np.float32), None, _films(file.parent),
        is_closed=False, time="absolute", rejects=rejects,
    )  # fmt: skip


def _ratings(file: Path) -> Iterator[tuple[int, list[str]]]:
    if file.name.removesuffix(".gz").endswith(".csv"):
        for line, row in csv_rows(file, _CSV):
            yield line, [row[name].strip() for name in _CSV]
        return
    with opened(file, encoding="latin-1") as text:
        for line, words in enumerate(text, start=1):
            if words.strip():
                yield line, words.strip().split("::")


def _films(folder: Path) -> ItemFacts:
    file = first_of(folder, ("movies.csv", "movies.dat"))
    if file is None:
        return ItemFacts((), (), ())
    facts: dict[str, tuple[str, str]] = {}
    if file.name.removesuffix(".gz").endswith(".csv"):
        for _, row in csv_rows(file, ("movieId", "title", "genres")):
            facts[row["movieId"].strip()] = row["title"], row["genres"]
    else:
        with opened(file, encoding="latin-1") as text:
            for words in text:
                cells = words.strip().split("::")
                if len(cells) == 3:
                    facts[cells[0]] = cells[1], cells[2]
    none = "(no genres listed)"
    return ItemFacts(
        tuple(facts),
        tuple(title for title, _ in facts.values()),
        tuple(tuple(g for g in genres.split("|") if g and g != none) for _, genres in facts.values()),
    )
