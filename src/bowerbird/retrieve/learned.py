"""This file is about a trained model as a source of candidates: what it expects a person to want next.

A model knows the items of the catalogue as it was when the model was fitted, by their rows; requests know
items by their numbers. `LearnedModel` stands between the two.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS
from bowerbird.core.errors import MissingModelError
from bowerbird.encode.session import write_whole
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import RecentActions
from bowerbird.learn.data import Histories
from bowerbird.learn.registry import ModelRegistry
from bowerbird.learn.types import FittedRetriever

ITEMS_FILE = "items.json"
NO_ROW = -1
_WEIGHTS = np.zeros(max(ACTION_CODES.values()) + 1, dtype=np.float32)
for _action, _weight in INTEREST_WEIGHTS.items():
    _WEIGHTS[ACTION_CODES[_action]] = _weight


@dataclass(frozen=True, slots=True)
class Expected:
    """Items that a person is expected to want next, best first.

    Attributes:
        model: name and id of the model that says so; empty where none does.
        numbers: int64 [E] item numbers.
        shares: float32 [E] from 1 for the first, falling evenly to above 0.
        led_by: int64 [E] the item of the person's that led to each.
    """

    model: str
    numbers: np.ndarray
    shares: np.ndarray
    led_by: np.ndarray

    def share_of(self, numbers: np.ndarray) -> np.ndarray:
        """float32 [C] share of each item; 0 where it is not expected."""
        found = np.zeros(len(numbers), dtype=np.float32)
        if len(self.numbers):
            order = np.argsort(self.numbers)
            place = np.searchsorted(self.numbers, numbers, sorter=order).clip(max=len(order) - 1)
            row = order[place]
            found = np.where(self.numbers[row] == numbers, self.shares[row], np.float32(0.0))
        return found


_NOBODY = np.zeros(0, dtype=np.int64)
NOTHING_EXPECTED = Expected("", _NOBODY, np.zeros(0, dtype=np.float32), _NOBODY)

ModelNow: TypeAlias = "Callable[[], LearnedModel | None]"
"""The model in use, if there is one; asked for at every request, so that it can be swapped whole."""


class LearnedModel:
    """A fitted retriever that speaks of item numbers. Thread safe.

    Args:
        numbers: int64 [N] the item number of each of the model's rows; -1 for an item that is gone.
    """

    def __init__(self, name: str, id_: str, fitted: FittedRetriever, numbers: np.ndarray) -> None:
        self.name = name
        self.id = id_
        self._fitted = fitted
        self._numbers = numbers
        self._rows = np.full(int(numbers.max(initial=-1)) + 1, NO_ROW, dtype=np.int64)
        known = numbers >= 0
        self._rows[numbers[known]] = np.flatnonzero(known)

    def __len__(self) -> int:
        """How many items it knows."""
        return len(self._numbers)

    @property
    def text(self) -> str:
        """Name and id, as pages tell it."""
        return f"{self.name} {self.id}"

    def expect(self, recent: RecentActions, k: int, now_ms: int) -> Expected:
        """At most k items after what a person did lately; nothing of someone whose items it does not know."""
        weights = _WEIGHTS[recent.actions.astype(np.int64)]
        inside = (recent.numbers >= 0) & (recent.numbers < len(self._rows)) & (weights > 0)
        rows = np.full(len(recent), NO_ROW, dtype=np.int64)
        rows[inside] = self._rows[recent.numbers[inside]]
        known = np.flatnonzero(rows >= 0)[::-1]  # oldest first
        if not len(known):
            return NOTHING_EXPECTED
        history = Histories(
            persons=np.zeros(1, dtype=np.int32),
            bounds=np.array([0, len(known)], dtype=np.int64),
            items=rows[known].astype(np.int32),
            at_ms=recent.at_ms[known],
            actions=recent.actions[known],
            weights=weights[known],
            asked_ms=np.array([now_ms], dtype=np.int64),
        )
        found = self._fitted.top(history, min(k, len(self._numbers)), history)
        ordered = found.items[0][found.items[0] >= 0]
        numbers = self._numbers[ordered]
        numbers = numbers[numbers >= 0]
        shares = (1.0 - np.arange(len(numbers)) / max(len(numbers), 1)).astype(np.float32)
        # The newest action is what every history ends with.
        return Expected(self.text, numbers, shares, np.full(len(numbers), recent.numbers[known[-1]]))


def write_items(folder: Path, ids: tuple[str, ...]) -> None:
    """Which item each row of a model is, beside its files."""
    write_whole(folder / ITEMS_FILE, json.dumps(ids).encode())


def open_serving(registry: ModelRegistry, catalogue: Catalogue) -> LearnedModel | None:
    """The model that the registry says is to serve, over the catalogue; none where it says none.

    Raises:
        MissingModelError: its files are not all there, or are not what this version reads.
    """
    serving = registry.serving()
    if serving is None:
        return None
    card, folder = serving
    try:
        ids = json.loads((folder / ITEMS_FILE).read_text())
        fitted = load_fitted(card.name, folder)
    except (OSError, ValueError, KeyError) as error:
        raise MissingModelError(
            f"model {card.name} {card.id} cannot be opened ({error}); needed are the files that "
            f"`bowerbird learn train --model {card.name}` writes; train it again"
        ) from error
    return LearnedModel(card.name, card.id, fitted, catalogue.numbers_of(ids).astype(np.int64))


def load_fitted(name: str, folder: Path) -> FittedRetriever:
    """A model of this name, as its `save` wrote it; without torch.

    Raises:
        MissingModelError: no kind of this name can be loaded.
    """
    loaders = loadable()
    if name not in loaders:
        raise MissingModelError(
            f"model {name!r} is to serve; needed is one of {', '.join(sorted(loaders))}; "
            "choose another with `bowerbird learn activate`"
        )
    return loaders[name](folder)


def loadable() -> dict[str, Callable[[Path], FittedRetriever]]:
    """How each kind of model is read from its folder, by name."""
    # Imported when a model is opened: most servers have none.
    from bowerbird.retrieve.counting.content import load_content
    from bowerbird.retrieve.counting.item_knn import load_item_knn
    from bowerbird.retrieve.counting.item_words import load_item_words
    from bowerbird.retrieve.counting.popularity import load_popularity
    from bowerbird.retrieve.counting.transitions import load_transitions
    from bowerbird.retrieve.counting.walk import load_walk
    from bowerbird.retrieve.generative.served import load_generative
    from bowerbird.retrieve.hstu.served import load_hstu
    from bowerbird.retrieve.merged.served import load_merged
    from bowerbird.retrieve.sasrec.served import load_sasrec
    from bowerbird.retrieve.semantic.served import load_semantic
    from bowerbird.retrieve.two_tower.served import load_two_tower

    return {
        "popularity": load_popularity,
        "transitions": load_transitions,
        "item-knn": load_item_knn,
        "walk": load_walk,
        "bm25": load_item_words,
        "content": load_content,
        "sasrec": load_sasrec,
        "sasrec-content": load_sasrec,
        "hstu": load_hstu,
        "hstu-timed": load_hstu,
        "generative": load_generative,
        "semantic": load_semantic,
        "semantic-rqvae": load_semantic,
        "two-tower": load_two_tower,
        "merged": load_merged,
        "merged-quotas": load_merged,
        "merged-counting": load_merged,
    }
