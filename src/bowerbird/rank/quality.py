"""This file is about how good a picture is likely to look, from what the catalogue knows of every picture.

A prior for people of whom nothing is known, not a judgement: it is worth less than any taste.
"""

import numpy as np

from bowerbird.core.arrays import Embeddings, Scores

PLAIN = ("black", "white", "grey", "silver")


def picture_quality(colours: Embeddings, names: tuple[str, ...]) -> Scores:
    """[C] in [0, 1]: colourful, and of several colours but not of all; 0 without a picture.

    Args:
        colours: [C, n] share of the subject in each named colour; a row of zeros without a picture.
        names: the n colours.
    """
    has_picture = colours.sum(axis=1) > 0
    plain = colours[:, [row for row, name in enumerate(names) if name in PLAIN]].sum(axis=1)
    shares = np.maximum(colours, 1e-6)
    # 2 to the entropy: how many colours the picture seems to have. Around three reads as composed.
    several = np.exp2(-(shares * np.log2(shares)).sum(axis=1))
    composed = np.exp(-((np.log2(several) - np.log2(3.0)) ** 2))
    quality: Scores = (0.5 * (1.0 - plain) + 0.5 * composed).astype(np.float32)
    return np.where(has_picture, quality, np.float32(0.0))
