"""This file is about proposals: lists of several retrievers side by side, each item of a row once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.learn.types import Found


@dataclass(frozen=True, slots=True)
class Proposals:
    """Candidate c is one item for one row; candidates are sorted by row, then by item.

    Attributes:
        rows: int64 [C] which row each is for.
        items: int32 [C].
        bounds: int64 [B + 1] where each row's candidates begin and end.
        ranks: float32 [C, P] place in the list of each part, 0 for the first; inf where it is not in it.
        standing: float32 [C, P] score in that list, in standard deviations of the list from its mean; where
            the part does not propose it, as low as what comes last in the list.
        above: float32 [C, P] score less the last one of the list, at least 0.
    """

    rows: np.ndarray
    items: np.ndarray
    bounds: np.ndarray
    ranks: np.ndarray
    standing: np.ndarray
    above: np.ndarray

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def proposed(self) -> np.ndarray:
        """bool [C, P] which parts propose each."""
        is_in: np.ndarray = np.isfinite(self.ranks)
        return is_in

    def take(self, rows: np.ndarray) -> "Proposals":
        """Only these rows, rising, numbered anew."""
        lengths = np.diff(self.bounds)[rows]
        keep = np.zeros(len(self), dtype=bool)
        keep[rows] = True
        inside = keep[self.rows]
        return Proposals(
            np.repeat(np.arange(len(rows)), lengths),
            self.items[inside],
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self.ranks[inside],
            self.standing[inside],
            self.above[inside],
        )

    def places_of(self, targets: np.ndarray) -> np.ndarray:
        """int64 [B] the candidate that is each row's target, -1 where nobody proposes it."""
        width = int(max(self.items.max(initial=0), targets.max(initial=0))) + 1
        keys = self.rows * width + self.items
        wanted = np.arange(len(self)) * width + targets
        place = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
        if not len(keys):
            return np.full(len(self), -1, dtype=np.int64)
        found: np.ndarray = np.where(keys[place] == wanted, place, -1)
        return found


def proposals_of(lists: Sequence[Found], each: int) -> Proposals:
    """The lists of P parts for the same B rows, joined.

    Args:
        each: entries of a list that its mean, deviation and last score are taken from, so that asking for
            more items changes nothing about the first ones.
    """
    count = len(lists[0].items)
    width = max(int(found.items.max(initial=0)) for found in lists) + 1
    row = np.arange(count)[:, None]
    held = [np.where(found.items >= 0, row * width + found.items, -1) for found in lists]
    keys = np.unique(np.concatenate([each_key[each_key >= 0] for each_key in held]))
    rows = keys // width
    ranks = np.full((len(keys), len(lists)), np.inf, dtype=np.float32)
    standing = np.zeros((len(keys), len(lists)), dtype=np.float32)
    above = np.zeros((len(keys), len(lists)), dtype=np.float32)
    for part, (found, own) in enumerate(zip(lists, held, strict=True)):
        is_in = own >= 0
        last, mean, deviation = _levels(found.scores[:, :each], is_in[:, :each])
        standing[:, part] = ((last - mean) / deviation)[rows]
        at = np.searchsorted(keys, own[is_in])
        list_row, place = np.nonzero(is_in)
        scores = found.scores[is_in].astype(np.float64)
        ranks[at, part] = place
        standing[at, part] = (scores - mean[list_row]) / deviation[list_row]
        above[at, part] = np.maximum(scores - last[list_row], 0.0)
    bounds = np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)
    return Proposals(rows, (keys % width).astype(np.int32), bounds, ranks, standing, above)


def joined(parts: Sequence[Proposals]) -> Proposals:
    """One batch after the other."""
    starts = np.cumsum([0] + [len(part) for part in parts])
    ends = np.cumsum([0] + [len(part.items) for part in parts])
    return Proposals(
        np.concatenate([part.rows + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([part.items for part in parts]),
        np.concatenate([[0], *(part.bounds[1:] + end for part, end in zip(parts, ends, strict=False))]),
        np.concatenate([part.ranks for part in parts]),
        np.concatenate([part.standing for part in parts]),
        np.concatenate([part.above for part in parts]),
    )


def _levels(scores: np.ndarray, is_in: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float64 [B] each: least score, mean and deviation of each list; 0, 0, 1 of an empty one."""
    held = np.where(is_in, scores, 0.0).astype(np.float64)
    counts = np.maximum(is_in.sum(axis=1), 1)
    mean = held.sum(axis=1) / counts
    spread = np.where(is_in, held - mean[:, None], 0.0)
    deviation = np.sqrt(np.square(spread).sum(axis=1) / counts)
    least = np.where(is_in, scores, np.inf).min(axis=1, initial=np.inf)
    return (
        np.where(np.isfinite(least), least, 0.0),
        mean,
        np.where(deviation > 1e-9, deviation, 1.0),
    )
