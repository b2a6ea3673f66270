"""This file is about where a list of hits should end: a search for what is not there has to say so.

Two kinds of evidence say that a hit is relevant. Its vector score, which the joint space turns into a
calibrated probability; and its words, where having every word of the search is strong evidence, having them
only after mending the spelling is weaker, and having some of them is weak. A hit is relevant unless both are
wrong.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.arrays import Mask, Scores

Verdict = Literal["found", "weak", "nothing"]
Share = Annotated[float, Field(ge=0, le=1)]


class CutoffConfig(BaseModel):
    """Where hits end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    found_from: Share = 0.5
    """The best hit is at least so probable: found."""

    weak_from: Share = 0.2
    """Less than `found_from` but at least this: weak. Below: nothing."""

    keep_part: Share = 0.3
    """Hits less probable than this part of the best one are left out."""

    all_words: Share = 0.9
    """How probable a hit with every word of the search is relevant, by its words alone."""

    mended_words: Share = 0.6
    """The same where letters had to be changed."""

    some_words: Share = 0.1
    """The same where only some of the words are there."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a list.

    Attributes:
        keep: [C] hits to show, order unchanged.
        count: how many those are.
        verdict: whether what was looked for is there.
        probabilities: [C] how probable each hit is relevant, by both kinds of evidence.
    """

    keep: Mask
    count: int
    verdict: Verdict
    probabilities: Scores


def word_probabilities(has_all: Mask, edits: int = 0, config: CutoffConfig | None = None) -> Scores:
    """[C] how probable hits of the word index are relevant, by their words alone."""
    settings = config or CutoffConfig()
    whole = settings.mended_words if edits else settings.all_words
    return np.where(has_all, whole, settings.some_words).astype(np.float32)


def cut(
    by_vector: Scores, by_words: Scores | None = None, config: CutoffConfig | None = None, *, least: int = 0
) -> Cut:
    """Which hits to keep, and whether the thing was found.

    Args:
        by_vector: [C] `space.relevance` of each hit's score; 0 where it has none.
        by_words: [C] `word_probabilities`, 0 where its words do not match; None: the search had no words.
        config: thresholds.
        least: keep at least so many where the verdict is not `nothing`; for searches by picture, whose
            nearest are worth seeing.
    """
    settings = config or CutoffConfig()
    chance = np.clip(np.nan_to_num(by_vector), 0.0, 1.0).astype(np.float64)
    if by_words is not None:
        chance = 1 - (1 - chance) * (1 - np.clip(by_words, 0.0, 1.0))
    best = float(chance.max(initial=0.0))
    probabilities = chance.astype(np.float32)
    if best < settings.weak_from or not len(chance):
        return Cut(np.zeros(len(chance), dtype=bool), 0, "nothing", probabilities)
    verdict: Verdict = "found" if best >= settings.found_from else "weak"
    keep = chance >= max(settings.keep_part * best, 0.5 * settings.weak_from)
    if least:
        keep[np.argsort(-chance, kind="stable")[:least]] = True
    return Cut(keep, int(np.count_nonzero(keep)), verdict, probabilities)
