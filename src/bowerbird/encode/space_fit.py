"""This file is about fitting the joint space to a catalogue: everything in closed form, no chance in it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.encode.background import Background
from bowerbird.encode.bridge import fit_prototypes, prior
from bowerbird.encode.geometry import as_float32, axes_of_spread, signed_root, unit
from bowerbird.encode.kernel import fit_kernel
from bowerbird.encode.lite0 import Classifier
from bowerbird.encode.relevance import DEFAULT_LOOK_ODDS, WORDLESS_ODDS
from bowerbird.encode.space import directions, pair_features
from bowerbird.encode.space_parts import SpaceParts

log = logging.getLogger(__name__)

MOST_PAIRS = 2_000
"""Pairs that the kernel learns from; more are sampled by their hash. Time grows with the cube."""
MOST_AXES = 256
_FIRST_PICTURES, _FIRST_TEXTS = 10, 20  # how many pictures or texts the defaults are worth
_FIRST_AXES = 200
_EXPANSION = 0.6
_PAIRS_TO_TRUST = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """Items to fit on, one a row, already sampled and in a settled order.

    Attributes:
        pictures: [n, Dp] raw picture embeddings; a row of zeros where an item has none.
        words: [n, Dw] raw embeddings of the items' words; zeros where it has none.
        colours: [n, c] colour shares.
        texts: the n items' words.
    """

    pictures: Embeddings
    words: Embeddings
    colours: Embeddings
    texts: Sequence[str]


def fit_parts(
    sample: Sample, background: Background, classifier: Classifier | None, *, share_space: bool = False
) -> SpaceParts:
    """The parts of the space, with default odds; `calibrated` replaces those.

    With no items at all the space rests on the classifier alone (or, where the encoders share a space, on
    that); each further item moves it a little.
    """
    seen, named = sample.pictures.any(axis=1), sample.words.any(axis=1)
    taken = sample.pictures[seen] if share_space else signed_root(sample.pictures[seen])
    shares = np.sqrt(np.maximum(sample.colours[seen], 0))
    words = sample.words[named]
    text_centre = as_float32(
        (words.sum(axis=0) + _FIRST_TEXTS * background.classes.mean(axis=0)) / (len(words) + _FIRST_TEXTS)
    )
    class_texts = as_float32(unit(background.classes - text_centre))
    rows, bias, prototypes = _head(classifier, class_texts, sample.pictures.shape[1], share_space)
    picture_centre = as_float32(taken.sum(axis=0) / (len(taken) + _FIRST_PICTURES))
    before_pairs = SpaceParts(
        takes_roots=np.array([0.0 if share_space else 1.0]),
        picture_centre=picture_centre,
        look_axes=_look_axes(as_float32(unit(taken - picture_centre)), rows),
        text_centre=text_centre,
        text_axes=_text_axes(unit(words - text_centre), class_texts),
        class_rows=as_float32(rows),
        class_bias=as_float32(bias),
        class_texts=class_texts,
        prototypes=prototypes,
        colour_centre=as_float32(shares.sum(axis=0) / (len(shares) + _FIRST_PICTURES)),
        pair_features=np.zeros((0, sample.pictures.shape[1] + sample.colours.shape[1]), np.float16),
        pair_weights=np.zeros((0, MOST_AXES), np.float32),
        prior_share=np.ones(1, np.float32),
        expansion=as_float32(np.array([0.0 if share_space else _EXPANSION])),
        vocabulary=np.zeros((0, MOST_AXES), np.float32),
        probes=np.zeros((0, MOST_AXES), np.float32),
        words_odds=WORDLESS_ODDS,
        look_odds=DEFAULT_LOOK_ODDS,
        fitted_on=np.array([len(sample.texts)], np.int64),
    )
    return _with_pairs(before_pairs, sample, np.flatnonzero(seen & named))


def _with_pairs(parts: SpaceParts, sample: Sample, pairs: np.ndarray) -> SpaceParts:
    """The same space with what the pairs teach, if that helps."""
    chosen = pairs[np.linspace(0, len(pairs) - 1, min(len(pairs), MOST_PAIRS)).astype(int)]
    pictures = sample.pictures[chosen]
    towards = directions(pictures, parts.picture_centre, takes_roots=bool(parts.takes_roots[0]))
    features = pair_features(towards, sample.colours[chosen], parts.colour_centre)
    targets = unit(sample.words[chosen] - parts.text_centre)
    learnt = fit_kernel(features, targets, prior(pictures, towards, parts))
    used = len(learnt.weights)
    log.info("pairs judged", extra={"pairs": len(pairs), "used": used, "prior_share": learnt.prior_share})
    return replace(
        parts,
        pair_features=features[:used].astype(np.float16),
        pair_weights=as_float32(learnt.weights @ parts.text_axes),
        prior_share=as_float32(np.array([learnt.prior_share])),
        expansion=parts.expansion * np.float32(_PAIRS_TO_TRUST / (_PAIRS_TO_TRUST + used)),
    )


def _head(
    classifier: Classifier | None, class_texts: np.ndarray, width: int, share_space: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if classifier is not None:
        return classifier.rows, classifier.bias, fit_prototypes(classifier.rows, class_texts)
    nothing = np.zeros((0, width), np.float32), np.zeros(0, np.float32)
    return *nothing, np.eye(width, width if share_space else 0, dtype=np.float32)


def _text_axes(words: np.ndarray, class_texts: np.ndarray) -> np.ndarray:
    """[Dw, Dt] axes of most spread, those of little spread drawn out by half.

    Half-whitening brings out what tells this catalogue's items apart; class names hold the rest in place.
    """
    own = words.T @ words
    first = class_texts.T @ class_texts * (_FIRST_AXES / max(1, len(class_texts)))
    values, axes = axes_of_spread((own + first) / (len(words) + _FIRST_AXES))
    drawn = axes * (values + values.mean()) ** -0.25
    return as_float32(drawn[:, :MOST_AXES])


def _look_axes(directions: np.ndarray, class_rows: np.ndarray) -> np.ndarray:
    """[Dp, Dl] axes along which pictures differ most; class rows hold them in place while there are few."""
    spread = directions.T @ directions
    count = float(len(directions))
    if len(class_rows):
        rows = unit(class_rows - class_rows.mean(axis=0))
        spread = spread + rows.T @ rows * (_FIRST_AXES / len(rows))
        count += _FIRST_AXES
    _, axes = axes_of_spread(spread / max(1.0, count))
    return as_float32(axes[:, :MOST_AXES])
