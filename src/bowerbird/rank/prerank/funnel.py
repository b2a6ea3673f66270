"""This file is about a ranker and the pre-ranker trained with it: opened, swapped and asked as one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bowerbird.rank.prerank.served import ServedPrerank, load_prerank
from bowerbird.rank.ranker import ServedRanker, load_ranker


@dataclass(frozen=True, slots=True)
class Funnel:
    """Both; no pre-ranker where the ranker was trained without one: then it reads every candidate."""

    ranker: ServedRanker
    prerank: ServedPrerank | None


FunnelNow: TypeAlias = Callable[[str], Funnel | None]
"""person id → what is in use for them, if anything was trained; asked once a request, to be swapped whole."""


def load_funnel(folder: Path, id_: str) -> Funnel:
    """What was kept under this id.

    Raises:
        InputError: the pre-ranker beside the ranker is another one's.
    """
    ranker = load_ranker(folder)
    ranker.id = id_
    return Funnel(ranker, load_prerank(folder, ranker))
