"""This file is about words: items whose texts hold the words of what the person met (BM25)."""

import re
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.data.histories import bounds_of, entries_of
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.counting.links import Links, recency_weights
from bowerbird.retrieve.counting.transitions import prior_of

_WORD = re.compile(r"[^\W_]+")


class ItemWordsConfig(BaseModel):
    """How words count.

    Attributes:
        k1, b: of BM25: how soon a repeated word stops counting, and how much long texts are held back.
        common: words in more than this share of the items say nothing and are left out.
        decay, entries: what older items of a history count, and how many do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    k1: Annotated[float, Field(ge=0)] = 1.2
    b: Annotated[float, Field(ge=0, le=1)] = 0.75
    common: Annotated[float, Field(gt=0, le=1)] = 0.1
    decay: Annotated[float, Field(gt=0, le=1)] = 0.7
    entries: Annotated[int, Field(ge=1)] = 10
    prior: Annotated[float, Field(ge=0)] = 1e-3


class ItemWordsRetriever:
    """A `ScoringRetriever`.

    Args:
        said: item -> its words, weight 1 each.
        found: word -> items that hold it, BM25 weights.
    """

    def __init__(self, said: Links, found: Links, prior: np.ndarray, setting: ItemWordsConfig) -> None:
        self._said = said
        self._found = found
        self._prior = prior
        self._setting = setting

    @property
    def facts(self) -> dict[str, Any]:
        """Postings count as parameters."""
        return {
            "parameters": len(self._found.targets),
            "size_bytes": sum(
                each.nbytes for links in (self._said, self._found) for each in (links.targets, links.weights)
            ),
            "setting": self._setting.model_dump(),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        weights = recency_weights(histories, self._setting.decay, self._setting.entries)
        used = np.flatnonzero(weights)
        items = histories.items[used]
        lengths = (self._said.bounds[1:] - self._said.bounds[:-1])[items]
        words = self._said.targets[entries_of(self._said.bounds[items], lengths)]
        rows = np.repeat(histories.row_of_entry()[used], lengths)
        asked = np.repeat(weights[used], lengths)
        scores = self._found.spread(rows, words, asked, len(histories), len(self._prior))
        scores += self._prior
        return scores

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Words of items, items of words, prior and setting."""
        columns = {
            f"{name}_{part}": getattr(links, part)
            for name, links in (("said", self._said), ("found", self._found))
            for part in ("bounds", "targets", "weights")
        }
        with (folder / "words.npz").open("wb") as file:
            np.savez(file, allow_pickle=False, prior=self._prior, **columns)
        (folder / "setting.json").write_text(self._setting.model_dump_json())


def item_words_settings(_: Interactions) -> tuple[ItemWordsConfig, ...]:
    """Decay, length and saturation."""
    return tuple(
        ItemWordsConfig(decay=decay, b=b, k1=k1)
        for decay in (0.7, 0.4)
        for b in (0.75, 0.3, 1.0)
        for k1 in (1.2, 0.5)
    )


def fit_item_words(training: Interactions, setting: ItemWordsConfig, _: int) -> ItemWordsRetriever:
    """From the catalogue's words; interactions only give the prior."""
    texts = [_WORD.findall(text.lower()) for text in training.catalogue.words()]
    numbers: dict[str, int] = {}
    words = np.array(
        [numbers.setdefault(word, len(numbers)) for text in texts for word in text], dtype=np.int64
    )
    items = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    count = max(len(numbers), 1)
    keys, times = np.unique(items * count + words, return_counts=True)
    items, words = keys // count, keys % count
    holders = np.bincount(words, minlength=count)
    keep = holders[words] <= max(setting.common * len(texts), 1)
    lengths = np.bincount(items, times, minlength=len(texts))
    longness = 1 - setting.b + setting.b * lengths / max(lengths.mean(), 1e-12)
    rarity = np.log1p((len(texts) - holders + 0.5) / (holders + 0.5))
    weights = rarity[words] * times * (setting.k1 + 1) / (times + setting.k1 * longness[items])
    items, words, weights = items[keep], words[keep], weights[keep]
    said = Links(
        bounds_of(np.bincount(items, minlength=len(texts))),
        words.astype(np.int32),
        np.ones(len(words), np.float32),
    )
    order = np.lexsort((items, words))
    found = Links(
        bounds_of(np.bincount(words, minlength=count)),
        items[order].astype(np.int32),
        weights[order].astype(np.float32),
    )
    return ItemWordsRetriever(said, found, prior_of(training, setting.prior), setting)


def load_item_words(folder: Path) -> ItemWordsRetriever:
    """What `save` wrote."""
    setting = ItemWordsConfig.model_validate_json((folder / "setting.json").read_text())
    with np.load(folder / "words.npz", allow_pickle=False) as held:
        said, found = (
            Links(*(held[f"{name}_{part}"] for part in ("bounds", "targets", "weights")))
            for name in ("said", "found")
        )
        return ItemWordsRetriever(said, found, held["prior"], setting)
