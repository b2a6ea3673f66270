"""This file is about seeking: a query becomes a list of hits that knows where it should end."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import FrameShown
from bowerbird.core.filters import Filter
from bowerbird.lake.catalogue import Catalogue
from bowerbird.retrieve.cutoff import Cut, Verdict, cut, word_probabilities
from bowerbird.retrieve.frame_index import NO_FRAMES
from bowerbird.retrieve.near_duplicates import collapse
from bowerbird.surfaces.search.config import SearchConfig
from bowerbird.surfaces.search.frames import BestFrames
from bowerbird.surfaces.search.types import FramesNow, Query, QuerySpace, SearchIndexes

BY_LOOK, BY_MEANING, BY_WORDS, BY_WORDS_NEARLY = 0, 1, 2, 3
SOURCE_NAMES = ("look", "meaning", "words", "words nearly")
"""Order of the codes in `Found.sources`: what says most for a hit.

The last: its words with a letter changed, or without the colours, which its picture has.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of one search, best first, near-copies left out.

    Attributes:
        numbers: int64 [C].
        probabilities: float32 [C] how probable each hit is relevant.
        sources: int64 [C] codes of `SOURCE_NAMES`.
        by_look: float32 [C] how probable each looks like the picture; 0 without one.
        by_words: float32 [C] how probable each fits the words; 0 without them.
        frames: C frames of videos that say most for their items; None where no frame does.
        verdict: whether what was looked for is there.
        proposed: how many items the indexes proposed.
    """

    numbers: np.ndarray
    probabilities: np.ndarray
    sources: np.ndarray
    by_look: np.ndarray
    by_words: np.ndarray
    frames: tuple[FrameShown | None, ...]
    verdict: Verdict
    proposed: int


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for each of some items: chances in [0, 1], 0 where nothing does.

    Attributes:
        numbers: int64 [C] sorted, each once.
        look, meaning, words: float32 [C].
        has_words: bool [C] everything that was typed is written about it.
        look_frames, meaning_frames: what the frames of videos say.
    """

    numbers: np.ndarray
    look: np.ndarray
    meaning: np.ndarray
    words: np.ndarray
    has_words: np.ndarray
    look_frames: BestFrames
    meaning_frames: BestFrames

    @property
    def fit(self) -> np.ndarray:
        """float32 [C] chance that the words fit, by meaning or by letter."""
        chance: np.ndarray = 1.0 - (1.0 - self.meaning) * (1.0 - self.words)
        return chance


@dataclass(frozen=True, slots=True)
class Said:
    """Items whose words match: int64 [P] numbers, each once, and float32 [P] chances."""

    numbers: np.ndarray
    chances: np.ndarray

    def joined(self, other: "Said") -> "Said":
        """Both together; an item that is in both has the higher chance."""
        numbers = np.union1d(self.numbers, other.numbers)
        return Said(numbers, np.maximum(self.of(numbers), other.of(numbers)))

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """float32 [C] the chance of each of these items; 0 where its words do not match."""
        chances = np.zeros(len(numbers), dtype=np.float32)
        if len(self.numbers):
            order = np.argsort(self.numbers, kind="stable")
            place = np.minimum(np.searchsorted(self.numbers[order], numbers), len(order) - 1)
            there = self.numbers[order][place] == numbers
            chances[there] = self.chances[order][place[there]]
        return chances


def nothing_said() -> Said:
    """No item's words match."""
    return Said(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Seeker:
    """Finds items for queries."""

    catalogue: Catalogue
    indexes: SearchIndexes
    space: QuerySpace
    config: SearchConfig
    frames: FramesNow | None = None

    def seek(self, query: Query) -> Found:
        """The hits of a query.

        Raises:
            FilterError: the filter names an unknown field.
        """
        evidence = self._gather(query)
        ending = self._cut(evidence, query)
        order = np.lexsort((evidence.numbers, -np.round(ending.probabilities, 6)))
        order = order[ending.keep[order]][: self.config.depth]
        kept = order[self._are_first(evidence.numbers[order])]
        told = np.argmax(np.stack([evidence.look, evidence.meaning, evidence.words]), axis=0)
        told[(told == BY_WORDS) & ~evidence.has_words] = BY_WORDS_NEARLY
        return Found(
            evidence.numbers[kept],
            ending.probabilities[kept],
            told[kept],
            evidence.look[kept],
            evidence.fit[kept],
            tuple(self._frame(evidence, query, int(row), int(told[row])) for row in kept),
            ending.verdict,
            len(evidence.numbers),
        )

    def _gather(self, query: Query) -> _Evidence:
        """All items that any index proposes, and what each index says for each of them."""
        where, depth = query.where, self.config.depth
        # With a refused colour, what was typed is just what is not wanted.
        typed = self._said(query.words, where, depth) if not query.refused else nothing_said()
        by_words = typed.joined(self._beside_colours(query, where, depth))
        by_frames = {
            space: self._best_frames(space, vector, where)
            for space, vector in (("look", query.look_sought), ("words", query.meaning))
        }
        proposed = [by_words.numbers, *(found.numbers for found in by_frames.values())]
        for index, vector in ((self.indexes.look, query.look_sought), (self.indexes.words, query.meaning)):
            if vector is not None:
                hits = index.search(vector, depth, where).numbers[0]
                proposed.append(hits[hits >= 0])
        numbers = np.unique(np.concatenate(proposed))
        keep = self._allowed(numbers, where)
        if query.is_item_itself:
            keep &= numbers != query.item_number
        numbers = numbers[keep]
        has_words = typed.of(numbers) >= self.config.cutoff.all_words
        factor = self._colour_factor(numbers, has_words, query)
        look, look_frames = self._chances(query.look_sought, numbers, "look", by_frames["look"])
        meaning, meaning_frames = self._chances(query.meaning, numbers, "words", by_frames["words"])
        return _Evidence(
            numbers,
            look,
            meaning * factor,
            by_words.of(numbers) * factor,
            has_words,
            look_frames,
            meaning_frames,
        )

    def _best_frames(self, space: str, vector: np.ndarray | None, where: Filter | None) -> BestFrames:
        if self.frames is None or vector is None:
            return BestFrames(NO_FRAMES)
        return BestFrames(self.frames().search(space, vector, self.config.depth, where))

    def _chances(
        self, vector: np.ndarray | None, numbers: np.ndarray, space: str, frames: BestFrames
    ) -> tuple[np.ndarray, BestFrames]:
        """float32 [C] by the item itself or the best of its frames; and those frames that say more."""
        if vector is None:
            return np.zeros(len(numbers), dtype=np.float32), frames
        index = self.indexes.look if space == "look" else self.indexes.words
        own = index.vectors(numbers) @ vector[0]  # [C, D] @ [D] -> [C]
        cosines, frames = frames.raised(numbers, own)
        chances = self.space.relevance(cosines[None].astype(np.float32), space=space, queries=vector)
        return np.asarray(chances[0], dtype=np.float32), frames

    def _frame(self, evidence: _Evidence, query: Query, row: int, told: int) -> FrameShown | None:
        """The frame that speaks for an item, where one does; with a picture, the one that looks like it."""
        by_look = query.look is not None and told != BY_WORDS
        frames = evidence.look_frames if by_look else evidence.meaning_frames
        return frames.of(int(evidence.numbers[row])) if told in (BY_LOOK, BY_MEANING) else None

    def _beside_colours(self, query: Query, where: Filter | None, depth: int) -> Said:
        """Where colours were named: by the other words, or by the pictures' colours where there are none."""
        if not (query.colours or query.refused):
            return nothing_said()
        if query.rest:
            return self._said(query.rest, where, depth)
        return self._by_colour(query, where, depth)

    def _said(self, text: str, where: Filter | None, depth: int) -> Said:
        if not text:
            return nothing_said()
        found = self.indexes.lexical.find(text, depth, where)
        return Said(found.numbers, word_probabilities(found.has_all, found.edits, self.config.cutoff))

    def _by_colour(self, query: Query, where: Filter | None, depth: int) -> Said:
        """Items whose pictures have most of the colours, for a search that names nothing else."""
        numbers = np.flatnonzero(self.catalogue.mask(where))
        names = self.catalogue.colour_names
        shares = self.catalogue.colours[:, [names.index(name) for name in query.colours]].sum(axis=1)[numbers]
        most = np.argsort(-shares, kind="stable")[:depth]
        most = most[shares[most] >= self.config.colour_share]
        # A picture that is all of one colour is as sure a hit as one that is called after it.
        return Said(numbers[most], shares[most] * np.float32(self.config.cutoff.all_words))

    def _allowed(self, numbers: np.ndarray, where: Filter | None) -> np.ndarray:
        mask = self.catalogue.mask(where)
        keep: np.ndarray = (numbers < len(mask)) & mask[np.minimum(numbers, max(len(mask) - 1, 0))]
        return keep

    def _cut(self, evidence: _Evidence, query: Query) -> Cut:
        cutoff = self.config.cutoff
        if query.look is None:
            return cut(evidence.meaning, evidence.words, cutoff)
        if query.meaning is None:
            return cut(evidence.look, None, cutoff, least=self.config.least_by_picture)
        # Picture and words: both have to be right, so that neither can win alone.
        both = np.power(evidence.look, query.look_share) * np.power(evidence.fit, 1.0 - query.look_share)
        return cut(both.astype(np.float32), None, cutoff)

    def _colour_factor(self, numbers: np.ndarray, has_words: np.ndarray, query: Query) -> np.ndarray:
        """float32 [C] 1 for colours asked for, by picture or words, none refused; else `wrong_colour`."""
        factor = np.ones(len(numbers), dtype=np.float32)
        if not (query.colours or query.refused):
            return factor
        shares, names = self.catalogue.colours[numbers], self.catalogue.colour_names
        if query.colours:
            asked = shares[:, [names.index(name) for name in query.colours]].sum(axis=1)
            factor[(asked < self.config.colour_share) & ~has_words] = self.config.wrong_colour
        if query.refused:
            refused = shares[:, [names.index(name) for name in query.refused]].sum(axis=1)
            factor[refused >= self.config.colour_share] *= self.config.wrong_colour
        return factor

    def _are_first(self, numbers: np.ndarray) -> np.ndarray:
        """Bool [C] rows that are no near-copy of one before.

        By look alone: signatures know no colour, and the same lamp in red and in blue are two items.
        """
        return collapse(np.zeros(len(numbers), dtype=np.int64), self.indexes.look.vectors(numbers)).keep
