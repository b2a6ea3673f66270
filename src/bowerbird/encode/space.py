"""This file is about the joint space: items, pictures and words as vectors that can be compared."""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.bridge import prior
from bowerbird.encode.colour_block import (
    COLOUR_IN_LOOK,
    COLOUR_IN_WORDS,
    COLOUR_PULL,
    JOINT_LENGTH,
    compose,
    query_with_colours,
    with_colours,
)
from bowerbird.encode.geometry import as_float32, signed_root, softmax, unit
from bowerbird.encode.kernel import COLOUR_SHARE, similarity
from bowerbird.encode.relevance import probability
from bowerbird.encode.space_parts import SpaceParts
from bowerbird.encode.types import ItemVectors

OWN_WORDS, LEARNT_WORDS, BRIDGE_WORDS = 0.7, 0.3, 0.3
"""Shares of an item's own words, of those learnt for its picture, and of the bridge."""
_EXPANSION_HEAT = 0.06
TYPICAL_NEARNESS = (0.6, 0.5)
"""Stands in where only scores are given."""


class BridgeSpace:
    """What is known before any pair, plus what the catalogue's own pairs teach."""

    def __init__(self, parts: SpaceParts, encoders_stamp: str):
        self.parts = parts
        self._stamp_text = f"{encoders_stamp}.bridge.{parts.version}"

    @property
    def stamp_text(self) -> str:
        """Both encoders and the fit, as one word."""
        return self._stamp_text

    @property
    def look_width(self) -> int:
        """Look coordinates and colours."""
        return int(self.parts.look_axes.shape[1]) + len(self.parts.colour_centre)

    @property
    def words_width(self) -> int:
        """Joint coordinates and colours."""
        return int(self.parts.text_axes.shape[1]) + len(self.parts.colour_centre)

    def items(self, pictures: Embeddings, words: Embeddings, colours: Embeddings) -> ItemVectors:
        """Vectors of items; see `JointSpace.items`. Rows of zeros stand for what an item lacks."""
        self._check(pictures, self.parts.class_rows, "picture")
        self._check(words, self.parts.class_texts, "words")
        has_picture = (pictures != 0).any(axis=1, keepdims=True)
        has_words = (words != 0).any(axis=1, keepdims=True)
        towards = self._directions(pictures)
        bridged, learnt = self._told_by_picture(pictures, towards, colours)
        own = self._joint_words(words) * has_words
        meaning = np.where(
            has_words,
            OWN_WORDS * own + has_picture * (LEARNT_WORDS * learnt + BRIDGE_WORDS * bridged),
            learnt * has_picture,
        )
        return ItemVectors(
            look=self._look(towards, colours) * has_picture.astype(np.float32),
            words=with_colours(meaning, colours, COLOUR_IN_WORDS),
        )

    def look_of(self, pictures: Embeddings, colours: Embeddings) -> Embeddings:
        """[B, look_width] a picture as a query."""
        self._check(pictures, self.parts.class_rows, "picture")
        return self._look(self._directions(pictures), colours)

    def words_of(self, words: Embeddings, texts: Sequence[str]) -> Embeddings:
        """[B, words_width] words as a query; `texts` are read for colour names."""
        self._check(words, self.parts.class_texts, "words")
        return query_with_colours(self._joint_words(words, expand=True), texts)

    def compose(
        self, look: Embeddings, words: Embeddings, text: str
    ) -> tuple[Embeddings, Embeddings, float, float]:
        """A picture and words as one search.

        Args:
            look: [1, look_width] of `look_of`.
            words: [1, words_width] of `words_of`.
            text: what was typed.

        Returns:
            Both vectors to search with and the share of each in the answer, shares adding to 1. Where the
            words name a colour, it takes the place of the picture's own.
        """
        return compose(look, words, text, len(self.parts.colour_centre))

    def relevance(self, scores: np.ndarray, *, space: str, queries: np.ndarray | None = None) -> np.ndarray:
        """Calibrated probability that a hit with this score is relevant.

        Args:
            scores: [Q, k], or [k] of one search.
            space: `look` or `words`.
            queries: [Q, width] the vectors that were searched with; with them a search by words is also
                judged by how near it is to anything that the catalogue names.
        """
        shape = np.shape(scores)
        rows = np.atleast_2d(np.nan_to_num(np.asarray(scores, dtype=np.float64), neginf=-1.0))
        if space == "look":
            chance = probability(rows[..., None], self.parts.look_odds)
        else:
            chance = probability(self.facts_of(rows, queries), self.parts.words_odds)
        return as_float32(chance.reshape(shape))

    def facts_of(self, scores: np.ndarray, queries: np.ndarray | None) -> np.ndarray:
        """[Q, k, 3] what the calibration looks at."""
        cosines = scores / JOINT_LENGTH
        near = np.broadcast_to(np.asarray(TYPICAL_NEARNESS), (len(scores), 2))
        if queries is not None:
            meaning = np.asarray(queries)[:, : self.parts.text_axes.shape[1]]
            share = np.linalg.norm(meaning, axis=1, keepdims=True)
            # What a half match in colour adds says nothing about the thing itself.
            cosines = cosines / np.maximum(share, 1e-6) - 0.5 * COLOUR_PULL * (share < 0.999)
            near = self.nearness(unit(meaning))
        spread = np.broadcast_to(near[:, None, :], (*scores.shape, 2))
        return np.concatenate([cosines[..., None], spread], axis=2)

    def meaning_of(self, words: Embeddings) -> Embeddings:
        """[B, Dt] unit words as a query, without colours."""
        return as_float32(self._joint_words(words, expand=True))

    def nearness(self, meaning: np.ndarray) -> np.ndarray:
        """[Q, 2] greatest cosine with a phrase of the catalogue, and with a thing that it does not name."""
        banks = (self.parts.vocabulary, self.parts.probes)
        return np.column_stack(
            [(meaning @ bank.T).max(axis=1) if len(bank) else np.zeros(len(meaning)) for bank in banks]
        )

    def _told_by_picture(
        self, pictures: np.ndarray, directions: np.ndarray, colours: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """[N, Dt] twice: what the bridge says of each picture, and what the pairs make of it."""
        parts = self.parts
        named = prior(pictures, directions, parts)
        learnt = parts.prior_share * (named @ parts.text_axes)
        if len(parts.pair_features):
            features = pair_features(directions, colours, parts.colour_centre)
            learnt = learnt + similarity(features, as_float32(parts.pair_features)) @ parts.pair_weights
        return unit(named @ parts.text_axes), unit(learnt)

    def _directions(self, pictures: np.ndarray) -> np.ndarray:
        return directions(pictures, self.parts.picture_centre, takes_roots=bool(self.parts.takes_roots[0]))

    def _look(self, directions: np.ndarray, colours: np.ndarray) -> Embeddings:
        return with_colours(directions @ self.parts.look_axes, colours, COLOUR_IN_LOOK)

    def _joint_words(self, words: np.ndarray, *, expand: bool = False) -> np.ndarray:
        """[B, Dt] unit."""
        parts = self.parts
        centred = unit(words - parts.text_centre)
        if expand and parts.expansion[0] > 0 and len(parts.class_texts):
            # Without pairs, the names of the classes that the words mean reach further than the words.
            likely = softmax(centred @ parts.class_texts.T / _EXPANSION_HEAT)
            centred = centred + parts.expansion * unit(likely @ parts.class_texts)
        return unit(centred @ parts.text_axes)

    def _check(self, given: np.ndarray, like: np.ndarray, what: str) -> None:
        if given.shape[1] != like.shape[1]:
            raise IncompatibleEmbeddingError(
                f"{what} embeddings {given.shape[1]} wide were received; the joint space {self._stamp_text} "
                f"was fitted on {like.shape[1]}; run `bowerbird encode run` and `bowerbird encode fit`"
            )


def directions(pictures: np.ndarray, centre: np.ndarray, *, takes_roots: bool) -> np.ndarray:
    """[N, Dp] unit: where each picture lies as seen from the middle of all."""
    return as_float32(unit((signed_root(pictures) if takes_roots else pictures) - centre))


def pair_features(directions: np.ndarray, colours: np.ndarray, colour_centre: np.ndarray) -> np.ndarray:
    """[N, Dp + n] unit: what the kernel compares, look first, then colours."""
    shares = COLOUR_SHARE * (np.sqrt(np.maximum(colours, 0)) - colour_centre)
    return as_float32(unit(np.concatenate([directions, shares], axis=1)))
