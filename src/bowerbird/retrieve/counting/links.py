"""This file is about links between items: which items follow, or go with, which, and how strongly."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.learn.data.histories import bounds_of, entries_of


@dataclass(frozen=True, slots=True)
class Links:
    """Row i: the items that item i leads to, in compressed rows.

    Attributes:
        bounds: int64 [N + 1].
        targets: int32 item numbers, rising within a row.
        weights: float32.
    """

    bounds: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def scores(self, histories: Histories, entry_weights: np.ndarray) -> np.ndarray:
        """float32 [B, N] sum over the history of entry weight times link weight.

        Args:
            entry_weights: float32 [H of all rows]; entries of weight 0 cost nothing.
        """
        used = np.flatnonzero(entry_weights)
        rows, sources = histories.row_of_entry()[used], histories.items[used]
        return self.spread(rows, sources, entry_weights[used], len(histories), len(self.bounds) - 1)

    def spread(
        self, rows: np.ndarray, sources: np.ndarray, weights: np.ndarray, row_count: int, target_count: int
    ) -> np.ndarray:
        """float32 [row_count, target_count]: each source's weight, carried along its links and added up."""
        lengths = (self.bounds[1:] - self.bounds[:-1])[sources]
        links = entries_of(self.bounds[sources], lengths)
        added = self.weights[links] * np.repeat(weights, lengths)
        flat = np.repeat(rows, lengths) * target_count + self.targets[links]
        summed = np.bincount(flat, added, minlength=row_count * target_count)
        return summed.reshape(row_count, target_count).astype(np.float32)

    def strongest(self, most: int) -> "Links":
        """At most so many links a row, the strongest; equal ones in catalogue order."""
        lengths = self.bounds[1:] - self.bounds[:-1]
        row = np.repeat(np.arange(len(lengths)), lengths)
        order = np.lexsort((self.targets, -self.weights, row))
        place = entries_of(np.zeros(len(lengths), np.int64), lengths)
        kept = np.sort(order[place < most])
        return Links(bounds_of(np.minimum(lengths, most)), self.targets[kept], self.weights[kept])


def links_of_pairs(sources: np.ndarray, targets: np.ndarray, weights: np.ndarray, count: int) -> Links:
    """The links of pairs of items; equal pairs add up."""
    keys, place = np.unique(sources.astype(np.int64) * count + targets, return_inverse=True)
    summed = np.bincount(place, weights, minlength=len(keys)).astype(np.float32)
    lengths = np.bincount(keys // count, minlength=count)
    return Links(bounds_of(lengths), (keys % count).astype(np.int32), summed)


def recency_weights(histories: Histories, decay: float, entries: int) -> np.ndarray:
    """float32 [H of all rows] 1 for the newest entry, `decay` for the one before, …; 0 beyond `entries`."""
    places = histories.places_from_end()
    return np.where(places < entries, np.power(decay, places), 0).astype(np.float32)


def save_links(folder: Path, links: Links, prior: np.ndarray) -> None:
    """Two arrays' worth of files: the links, and what every item gets on top."""
    with (folder / "links.npz").open("wb") as file:
        np.savez(file, bounds=links.bounds, targets=links.targets, weights=links.weights, prior=prior)


def load_links(folder: Path) -> tuple[Links, np.ndarray]:
    """What `save_links` wrote."""
    with np.load(folder / "links.npz", allow_pickle=False) as held:
        return Links(held["bounds"], held["targets"], held["weights"]), held["prior"]
