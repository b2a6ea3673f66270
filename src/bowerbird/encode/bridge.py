"""This file is about the prior of the joint space: from a picture to words by way of ImageNet's class names.

Two linear-sized ideas: the *label bridge* (which classes does it look like, and what are they called), and a
*ridge* from the classifier's rows, as if each were a picture of its class. Neither needs a catalogue.
"""

import numpy as np

from bowerbird.encode.geometry import softmax, unit
from bowerbird.encode.space_parts import SpaceParts

_CLASSES_KEPT = 20
_TEMPERATURE = 2.0
_PROTOTYPE_SHARE = 0.5
_RIDGE = 1.0


def fit_prototypes(class_rows: np.ndarray, class_texts: np.ndarray) -> np.ndarray:
    """[Dp, Dw] ridge from the directions of classifier rows to class names."""
    rows = unit(class_rows - class_rows.mean(axis=0)).astype(np.float64)
    gram = rows.T @ rows + _RIDGE * np.eye(rows.shape[1])
    solved: np.ndarray = np.linalg.solve(gram, rows.T @ class_texts)
    return solved.astype(np.float32)


def bridge(logits: np.ndarray, class_texts: np.ndarray) -> np.ndarray:
    """[N, Dw] unit mean of the names of the likeliest classes.

    Args:
        logits: [N, 1000].
        class_texts: [1000, Dw] centred unit class names.
    """
    chances = softmax(logits / _TEMPERATURE)
    least = np.partition(chances, -_CLASSES_KEPT, axis=1)[:, -_CLASSES_KEPT, None]
    mixed: np.ndarray = unit(np.where(chances >= least, chances, 0.0) @ class_texts)
    return mixed


def prior(pictures: np.ndarray, towards: np.ndarray, parts: SpaceParts) -> np.ndarray:
    """[N, Dw] unit words of each picture before any pair of the catalogue was seen; zeros if unknown.

    Args:
        pictures: [N, Dp] raw embeddings.
        towards: [N, Dp] their centred unit directions.
        parts: classifier, class names and prototypes.
    """
    if not parts.prototypes.shape[1]:
        return np.zeros((len(pictures), parts.class_texts.shape[1]), dtype=np.float32)
    by_direction = unit(towards @ parts.prototypes)
    if not len(parts.class_rows):
        return by_direction
    logits = pictures @ parts.class_rows.T + parts.class_bias
    return unit(bridge(logits, parts.class_texts) + _PROTOTYPE_SHARE * by_direction)
