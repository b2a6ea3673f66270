"""This file is about MovieLens' tags: words that people gave to films, and when."""

from dataclasses import dataclass
from pathlib import Path

from bowerbird.learn.data.raw import Rejects
from bowerbird.learn.data.text_files import csv_rows, first_of

_COLUMNS = ("userId", "movieId", "tag", "timestamp")
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Tags:
    """One entry a tag: outside ids, the words as they stand, and when.

    Attributes:
        rejects: rows that cannot be read.
    """

    persons: tuple[str, ...]
    items: tuple[str, ...]
    words: tuple[str, ...]
    at_ms: tuple[int, ...]
    rejects: Rejects


def read_tags(folder: Path) -> Tags | None:
    """What `tags.csv` beside the ratings holds, packed or not; none where there is no such file."""
    file = first_of(folder, ("tags.csv",))
    if file is None:
        return None
    rejects = Rejects()
    rows: list[tuple[str, str, str, int]] = []
    for line, row in csv_rows(file, _COLUMNS):
        person, item, words, second = (row[name].strip() for name in _COLUMNS)
        if not (person and item and words and second.isdecimal()):
            hint = "give person, film, tag, time in seconds"
            rejects.add(line, file.name, "row", "unreadable", hint, f"{person},{item},{words},{second}")
            continue
        rows.append((person, item, words, int(second) * _MS_PER_S))
    return Tags(
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        tuple(row[2] for row in rows),
        tuple(row[3] for row in rows),
        rejects,
    )
