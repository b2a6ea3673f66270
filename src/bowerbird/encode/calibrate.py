"""This file is about calibrating a fitted space on its own catalogue: which scores mean "this is it"."""

import logging
from dataclasses import replace

import numpy as np

from bowerbird.encode.background import Background, class_names
from bowerbird.encode.geometry import as_float32, softmax, unit
from bowerbird.encode.phrases import names_none_of, phrases_of
from bowerbird.encode.relevance import WORDED_ODDS, WORDLESS_ODDS, Searches, fit_odds
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.space_fit import Sample
from bowerbird.encode.space_parts import SpaceParts
from bowerbird.encode.types import WordsEncoder

log = logging.getLogger(__name__)

_PHRASES = 1_200
_SEEN_FROM, _UNSEEN_TO = 0.6, 0.02  # class chances at which a picture surely shows a class, or none does


def calibrated(parts: SpaceParts, sample: Sample, background: Background, words: WordsEncoder) -> SpaceParts:
    """The parts with vocabulary, probes and odds of this catalogue.

    Half of the phrases and probes become the reference points, the other half are the searches.
    """
    if not len(sample.texts):
        return parts
    space = BridgeSpace(parts, "calibration")
    items = space.items(sample.pictures, sample.words, sample.colours).words
    phrases = phrases_of(sample.texts, limit=_PHRASES)
    present = _told(space, words.encode_words(phrases.texts))
    absent = _told(space, _absent(sample, background, phrases.words, parts))
    if not len(present):
        present = _told(space, _seen_classes(sample, background, parts))
    # Every second one: both halves are spread alike, as both lists are in no order of meaning.
    known = replace(parts, vocabulary=as_float32(present[::2]), probes=as_float32(absent[::2]))
    judged = BridgeSpace(known, "calibration")
    asked = np.concatenate([present[1::2], absent[1::2]])
    best = np.array([(items[:, : asked.shape[1]] @ row).max() for row in asked])
    facts = judged.facts_of(best[:, None], asked)[:, 0]
    is_present = np.arange(len(asked)) < len(present[1::2])
    searches = Searches(facts, is_present)
    # Without words of its own a catalogue has no searches with known answers; class names only look like it.
    worded = float((sample.words != 0).any(axis=1).mean())
    own = fit_odds(searches, WORDED_ODDS) if phrases.texts else WORDLESS_ODDS
    log.info("relevance calibrated", extra={"searches": len(asked), "worded": worded})
    return replace(known, words_odds=worded * own + (1 - worded) * WORDLESS_ODDS)


def _told(space: BridgeSpace, raw: np.ndarray) -> np.ndarray:
    return space.meaning_of(raw) if len(raw) else np.zeros((0, space.parts.text_axes.shape[1]), np.float32)


def _absent(sample: Sample, background: Background, words: frozenset[str], parts: SpaceParts) -> np.ndarray:
    """[M, Dw] everyday things and classes that neither the catalogue's words nor its pictures name."""
    unnamed = np.array([names_none_of(text, words) for text in background.probe_texts], dtype=bool)
    probes = background.probes[unnamed]
    likely = _class_chances(sample, parts)
    classes = np.array([names_none_of(name, words) for name in class_names()], dtype=bool)
    if len(likely):
        classes &= likely < _UNSEEN_TO
    chosen = background.classes[np.flatnonzero(classes)[::3]]
    return np.concatenate([probes, unit(chosen)])


def _seen_classes(sample: Sample, background: Background, parts: SpaceParts) -> np.ndarray:
    """[M, Dw] names of the classes that some picture surely shows."""
    likely = _class_chances(sample, parts)
    return background.classes[np.flatnonzero(likely >= _SEEN_FROM)] if len(likely) else background.classes[:0]


def _class_chances(sample: Sample, parts: SpaceParts) -> np.ndarray:
    """[1000] the chance of each class in the picture that shows it best; nothing without a classifier."""
    if not len(parts.class_rows) or not len(sample.pictures):
        return np.zeros(0)
    best = np.zeros(len(parts.class_rows))
    for start in range(0, len(sample.pictures), 512):
        logits = sample.pictures[start : start + 512] @ parts.class_rows.T + parts.class_bias
        best = np.maximum(best, softmax(logits).max(axis=0))
    return best
