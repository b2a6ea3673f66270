"""This file is about files: a history as what `bowerbird measure compare --data` and spreadsheets read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.world.history import History
from bowerbird.world.liking import WEIGHTS
from bowerbird.world.log import WorldLog
from bowerbird.world.seen import PeopleSeen, WorldItems

NAME = "simulated"
_IMPRESSION, _CLICK = ACTION_CODES[Action.IMPRESSION], ACTION_CODES[Action.CLICK]
_SAVE, _HIDE = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.HIDE]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a folder: the names of the files, and how many rows they have."""

    interactions: int
    items: int
    impressions: int
    files: tuple[str, ...]


def write_files(folder: Path, history: History, people: PeopleSeen, items: WorldItems) -> Written:
    """The folder holds RecBole's atomic files and the impressions with their propensities.

    `simulated.inter` has a row for each action that says "I like this", with its weight as rating and seconds
    as time; `simulated.item` has titles and topics; `impressions.tsv` has a row for each item that was looked
    at, with its place, its propensity and what followed on that page.

    Raises:
        InputError: the folder cannot be written to.
    """
    log = history.log
    likes = log.where((WEIGHTS[log.actions] > 0) & (log.items >= 0))
    seen = log.where(log.actions == _IMPRESSION)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(
            folder / f"{NAME}.inter",
            "user_id:token\titem_id:token\trating:float\ttimestamp:float",
            (
                f"{people.ids[person]}\t{items.ids[item]}\t{WEIGHTS[action]:g}\t{at_ms / 1000:.3f}"
                for person, item, action, at_ms in zip(
                    likes.persons.tolist(), likes.items.tolist(), likes.actions.tolist(),
                    likes.at_ms.tolist(), strict=True,
                )
            ),
        )  # fmt: skip
        _write(
            folder / f"{NAME}.item",
            "item_id:token\ttitle:token_seq\ttopic:token_seq",
            (
                f"{id_}\t{_plain(title)}\t{_plain(items.topic_names[topic])}"
                for id_, title, topic in zip(items.ids, items.titles, items.topics.tolist(), strict=True)
            ),
        )
        _write(
            folder / "impressions.tsv",
            "person\titem\tat_ms\trequest\tposition\tpropensity\tclicked\tsaved\thidden",
            _impression_rows(log, seen, people, items),
        )
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror}); needed is a folder with room; name another"
        ) from error
    files = (f"{NAME}.inter", f"{NAME}.item", "impressions.tsv")
    return Written(len(likes), len(items), len(seen), files)


def _impression_rows(log: WorldLog, seen: WorldLog, people: PeopleSeen, items: WorldItems) -> Iterator[str]:
    followed = {action: _keys(log.where(log.actions == action)) for action in (_CLICK, _SAVE, _HIDE)}
    keys = _keys(seen)
    flags = [np.isin(keys, followed[action]).astype(np.int8).tolist() for action in (_CLICK, _SAVE, _HIDE)]
    columns = zip(
        seen.persons.tolist(), seen.items.tolist(), seen.at_ms.tolist(), seen.requests.tolist(),
        seen.positions.tolist(), seen.propensities.tolist(), *flags, strict=True,
    )  # fmt: skip
    for person, item, at_ms, request, position, chance, clicked, saved, hidden in columns:
        yield (
            f"{people.ids[person]}\t{items.ids[item]}\t{at_ms}\t{request}\t{position}\t{chance:.9g}"
            f"\t{clicked}\t{saved}\t{hidden}"
        )


def _keys(log: WorldLog) -> np.ndarray:
    """int64 one number a place on a page."""
    return log.requests.astype(np.int64) << 16 | log.positions.astype(np.int64)


def _write(path: Path, header: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header + "\n")
        file.writelines(row + "\n" for row in rows)


def _plain(text: str) -> str:
    return " ".join(text.split())
