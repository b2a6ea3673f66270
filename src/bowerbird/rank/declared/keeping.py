"""This file is about keeping the state of the stream over a restart: one file, put in place whole.

What it holds comes from the event log, so that it may be deleted at any time.
"""

import io
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from bowerbird.rank.declared.arrivals import Sides
from bowerbird.rank.declared.definitions import VERSION
from bowerbird.rank.declared.knowing import Known
from bowerbird.rank.declared.sessions import Sessions
from bowerbird.rank.declared.stream import Stream

log = logging.getLogger(__name__)

_FACTS = "facts"


@dataclass(slots=True)
class Kept:
    """State, and how far the log had been read; `forgotten` changes when anything is forgotten."""

    stream: Stream
    known: Known
    offset: int
    forgotten: int


def save(kept: Kept, path: Path) -> None:
    """The state lies in the file, or the one before still does."""
    known = kept.known
    facts = {
        "version": VERSION,
        "offset": kept.offset,
        "forgotten": kept.forgotten,
        "people": known.people.all(),
        "categories": known.categories.all(),
        "owners": known.owners.all(),
        "unknown": list(known.unknown),
        "histories": known.histories,
    }
    columns: dict[str, Sequence[np.ndarray]] = {
        str(k): each.columns() for k, each in kept.stream.counters.items()
    }
    columns["sessions"] = [kept.stream.sessions.rows()]
    columns["items"] = [known.sides.categories, known.sides.owners, known.is_counted]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        file.writestr(_FACTS, orjson.dumps(facts))
        for name, several in columns.items():
            for place, column in enumerate(several):
                buffer = io.BytesIO()
                np.save(buffer, column, allow_pickle=False)
                file.writestr(f"{name}/{place}", buffer.getvalue())
    part.replace(path)


def load(path: Path, *, forgotten: int) -> Kept | None:
    """What was kept; None where nothing was, it cannot be read, or it is of another list of features.

    Neither is anything given that was kept before something was forgotten.
    """
    try:
        with zipfile.ZipFile(path) as file:
            facts = orjson.loads(file.read(_FACTS))
            if (facts["version"], facts["forgotten"]) != (VERSION, forgotten):
                return None
            stream = Stream()
            for owner, counters in stream.counters.items():
                counters.take(_columns(file, str(owner)))
            stream.sessions = Sessions.of_rows(*_columns(file, "sessions"))
            categories, owners, is_counted = _columns(file, "items")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        log.warning("the file of behaviour features is damaged and made again", extra={"why": str(error)})
        return None
    names = (facts["people"], facts["categories"], facts["owners"])
    known = Known(*names, Sides(categories, owners), is_counted, facts["unknown"], facts["histories"])
    return Kept(stream, known, int(facts["offset"]), forgotten)


def _columns(file: zipfile.ZipFile, name: str) -> list[np.ndarray]:
    inside = [each for each in file.namelist() if each.startswith(f"{name}/")]
    return [np.load(io.BytesIO(file.read(each)), allow_pickle=False) for each in inside]
