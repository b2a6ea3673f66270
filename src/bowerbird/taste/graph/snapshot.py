"""This file is about keeping the graph over a restart: one file, put in place whole.

What it holds comes from the event log, so that it may be deleted at any time.
"""

import io
import json
import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.taste.graph.graph import MARKED, NAMED, TasteGraph
from bowerbird.taste.graph.marks import MARK, Marks
from bowerbird.taste.graph.names import Names

log = logging.getLogger(__name__)

LAYOUT = 1
_FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Kept:
    """A graph and how far the log had been read; `forgotten` changes when anything is forgotten."""

    graph: TasteGraph
    offset: int
    forgotten: int


def save(kept: Kept, path: Path) -> None:
    """The graph lies in the file, or the one before still does."""
    columns = {str(kind): kept.graph.marks[kind].rows for kind in MARKED}
    names = {str(kind): kept.graph.names[kind].all() for kind in NAMED}
    facts = {"layout": LAYOUT, "offset": kept.offset, "forgotten": kept.forgotten, "names": names}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        file.writestr(_FACTS, json.dumps(facts))
        for name, rows in columns.items():
            buffer = io.BytesIO()
            np.save(buffer, rows, allow_pickle=False)
            file.writestr(name, buffer.getvalue())
    part.replace(path)


def load(path: Path, *, forgotten: int) -> Kept | None:
    """What was kept; None where nothing was, it cannot be read, or something was forgotten since."""
    try:
        with zipfile.ZipFile(path) as file:
            facts = json.loads(file.read(_FACTS))
            if (facts["layout"], facts["forgotten"]) != (LAYOUT, forgotten):
                return None
            marks = {kind: Marks(_rows(file.read(str(kind)))) for kind in MARKED}
            names = {kind: Names(facts["names"][str(kind)]) for kind in NAMED}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("the taste graph's file is damaged and made again", extra={"why": str(error)})
        return None
    return Kept(TasteGraph(names, marks), int(facts["offset"]), forgotten)


def _rows(data: bytes) -> np.ndarray:
    rows: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
    if rows.dtype != MARK:
        raise ValueError(f"columns {rows.dtype}")
    return rows
