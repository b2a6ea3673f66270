"""This file is about choosing a page: slot by slot, the best of value, diversity, spacing and shares."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bowerbird.blend.config import BlendConfig
from bowerbird.blend.diversity import Determinantal, Diversity, MarginalRelevance, SlidingSpectrum
from bowerbird.core.arrays import Embeddings, Scores

_WAYS: dict[str, type[SlidingSpectrum] | type[Determinantal] | type[MarginalRelevance]] = {
    "sliding_spectrum": SlidingSpectrum,
    "determinantal": Determinantal,
    "marginal_relevance": MarginalRelevance,
}
NEVER = np.float32(-np.inf)
LAST = np.float32(1e4)
"""More than all other parts of a slot's sum together."""
OUT_OF_BOUNDS = np.float32(LAST / 4)
HELD = np.float32(4 * LAST)
"""What is kept for a slot of its own is taken elsewhere only where nothing else is left at all."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What a page is chosen from, as columns.

    Attributes:
        values: [C] worth of each, finite; ties are taken in the order given.
        vectors: [C, D] unit look vectors; a row of zeros is like nothing.
        categories, owners: int32 [C] codes; -1 where unknown, which spaces nothing.
        signatures: int64 [C] perceptual hashes of the pictures; 0 where unknown.
        streams: int64 [C] which stream each belongs to (an interest, or a source).
        shares: [S] the part of the page each stream should have; sums to 1.
        is_last: bool [C] taken only when nothing else is left.
        is_fresh: bool [C] new in the catalogue; bounded by `least_fresh` and `most_fresh`.
        already: the first rows are on the page before: they space and shade, and are not chosen again.
    """

    values: Scores
    vectors: Embeddings
    categories: np.ndarray
    owners: np.ndarray
    signatures: np.ndarray
    streams: np.ndarray
    shares: np.ndarray
    is_last: np.ndarray
    is_fresh: np.ndarray
    already: int = 0


def fill_slate(
    pool: Pool, limit: int, config: BlendConfig, row_at: Mapping[int, int] | None = None
) -> np.ndarray:
    """Rows of the pool for the slots of a page, in order: at most `limit`, each once.

    Each slot takes the row with the largest
    `value + diversity - spacing + share_strength * (how far its stream is behind its share)`.
    Near-copies of what is on the page, and more of one owner than `max_per_owner`, are never taken.

    Args:
        row_at: slot → row that is to stand there; it takes part in all rules, and where one of them closes it
            the slot is filled like any other. Until its slot it is taken by none.

    Source: soft spacing as in appendix B.9 of the discovery facts: `1/distance`, summed over the window.
    """
    count = len(pool.values)
    open_values = pool.values - LAST * pool.is_last
    open_values[: pool.already] = NEVER
    diversity: Diversity = _WAYS[config.diversity](count, strength=config.strength, window=config.window)
    cosines = Cosines(pool.vectors)
    spacing = _Spacing(pool, config)
    shares = _Shares(pool, config)
    fresh = _FreshBounds(pool, limit, config)
    row_at = row_at or {}
    held = np.zeros(count, np.float32)
    held[list(row_at.values())] = HELD

    def shade(row: int) -> None:
        plain = cosines.plain(row)
        diversity.take(row, cosines.apart(row, plain))
        spacing.take(row)
        _close_copies(open_values, pool, row, plain, config)

    for row in range(pool.already):
        shade(row)
    chosen: list[int] = []
    while len(chosen) < min(limit, count - pool.already):
        row = row_at.get(len(chosen), -1)
        if row < 0 or open_values[row] == NEVER:
            sums = open_values + diversity.gain() - spacing.lost() + shares.behind()
            row = int(np.argmax(sums - fresh.lost() - held))
        if open_values[row] == NEVER:
            break
        chosen.append(row)
        open_values[row] = NEVER
        shade(row)
        shares.take(row)
        fresh.take(row)
        _close_owner(open_values, pool, chosen, config)
    return np.array(chosen, dtype=np.int64)


class Cosines:
    """Similarities of all candidates to one of them: as the pictures are, and as this page sees them."""

    def __init__(self, vectors: Embeddings) -> None:
        self._vectors = vectors
        count = max(len(vectors), 1)
        mean = vectors.sum(axis=0) / np.float32(count)
        self._along = vectors @ mean  # [C]
        self._mean_squared = np.float32(mean @ mean)
        # |v - m|^2 for unit v; candidates that are all the same have no length left.
        apart = np.float32(1.0) - np.float32(2.0) * self._along + self._mean_squared
        self._scale = np.float32(1.0) / np.sqrt(np.maximum(apart, np.float32(1e-4)))

    def plain(self, row: int) -> Scores:
        """[C] cosines with this row."""
        cosines: Scores = self._vectors @ self._vectors[row]
        return cosines

    def apart(self, row: int, plain: Scores) -> Scores:
        """[C] cosines after the candidates' mean is taken off: what tells them apart on this page.

        Candidates of one page share a direction; without this every pair would look alike. From the
        plain ones, since (a - m)(b - m) = ab - am - bm + mm.
        """
        product: Scores = plain - self._along - (self._along[row] - self._mean_squared)
        product *= self._scale * self._scale[row]
        return product


class _Spacing:
    """Follows how lately each candidate's category and owner were on the page."""

    def __init__(self, pool: Pool, config: BlendConfig) -> None:
        strengths = ((pool.categories, config.category_spacing), (pool.owners, config.owner_spacing))
        self._groups = [
            (*_dense(codes), strength)
            for codes, strength in strengths
            if strength and codes.max(initial=-1) >= 0
        ]
        self._chosen: deque[int] = deque(maxlen=config.window)  # newest first
        self._nothing = np.zeros(len(pool.values), dtype=np.float32)

    def lost(self) -> Scores:
        """[C] what each candidate loses now."""
        lost = self._nothing
        for codes, kinds, strength in self._groups:
            of_kind = np.zeros(kinds + 1, dtype=np.float32)
            for distance, row in enumerate(self._chosen, start=1):
                of_kind[codes[row]] += strength / distance
            of_kind[kinds] = 0.0  # the unknown, which spaces nothing
            lost = lost + of_kind[codes]
        return lost

    def take(self, row: int) -> None:
        """Choose this row."""
        self._chosen.appendleft(row)


def _dense(codes: np.ndarray) -> tuple[np.ndarray, int]:
    """[C] codes without gaps, and how many kinds they name; what is unknown has that many as its code."""
    kinds, dense = np.unique(np.maximum(codes, -1), return_inverse=True)
    unknown = int(kinds[0] == -1)
    named = len(kinds) - unknown
    return np.where(codes >= 0, dense - unknown, named), named


class _FreshBounds:
    """Holds the share of new items on a page within its bounds, for as long as there is a choice."""

    def __init__(self, pool: Pool, limit: int, config: BlendConfig) -> None:
        self._is_fresh = pool.is_fresh
        self._least = int(config.least_fresh * limit)
        self._most = math.ceil(config.most_fresh * limit)
        self._left, self._taken = limit, 0
        self._is_a_choice = pool.is_fresh.any() and not pool.is_fresh.all()
        self._nothing = np.zeros(len(pool.values), np.float32)

    def lost(self) -> Scores:
        """[C] what each candidate loses for the next slot."""
        if not self._is_a_choice:
            return self._nothing
        if self._taken >= self._most:
            return OUT_OF_BOUNDS * self._is_fresh
        if self._least - self._taken >= self._left:
            return OUT_OF_BOUNDS * ~self._is_fresh
        return self._nothing

    def take(self, row: int) -> None:
        """Choose this row."""
        self._taken += int(self._is_fresh[row])
        self._left -= 1


class _Shares:
    """Pulls each stream towards its share of the page, by how far it is behind."""

    def __init__(self, pool: Pool, config: BlendConfig) -> None:
        self._streams = pool.streams
        self._target = pool.shares.astype(np.float32)
        self._strength = np.float32(config.share_strength)
        self._placed = np.zeros(len(pool.shares), dtype=np.float32)

    def behind(self) -> Scores:
        """[C] bonus: strength times the placements its stream is short of by the next slot."""
        short = self._target * (self._placed.sum() + np.float32(1.0)) - self._placed
        bonus: Scores = (self._strength * short)[self._streams]
        return bonus

    def take(self, row: int) -> None:
        """Choose this row."""
        self._placed[self._streams[row]] += 1


def _close_copies(open_values: np.ndarray, pool: Pool, row: int, plain: Scores, config: BlendConfig) -> None:
    """Near-copies of this row are not open any more."""
    alike = plain >= min(config.same_signature_cosine, config.same_picture_cosine)
    if np.count_nonzero(alike) <= int(alike[row]):
        return  # nothing but itself, as for most pictures
    signature = pool.signatures[row]
    if signature != 0 and config.same_picture_bits >= 0:
        bits = np.bitwise_count(np.bitwise_xor(pool.signatures, signature).view(np.uint64))
        same = (bits <= config.same_picture_bits) & (pool.signatures != 0)
        open_values[same & (plain >= config.same_signature_cosine)] = NEVER
    if config.same_picture_cosine < 1.0:
        open_values[plain >= config.same_picture_cosine] = NEVER


def _close_owner(open_values: np.ndarray, pool: Pool, chosen: list[int], config: BlendConfig) -> None:
    owner = pool.owners[chosen[-1]]
    if owner < 0 or len(chosen) < config.max_per_owner:
        return
    if int((pool.owners[chosen] == owner).sum()) >= config.max_per_owner:
        open_values[pool.owners == owner] = NEVER
