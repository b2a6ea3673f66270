"""This file is about what a fitted joint space is made of, and how it is kept on disk."""

import io
import logging
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.session import write_whole
from bowerbird.encode.types import content_hash

log = logging.getLogger(__name__)

FORMAT = "2"
"""Grows when an older file would be read wrongly or would give other vectors."""


@dataclass(frozen=True, slots=True)
class SpaceParts:
    """Arrays of a fitted space. Dp and Dw are the widths of the encoders, m the pairs it learnt from.

    Attributes:
        takes_roots: [1] 1 where picture features are rooted first, 0 where they are taken as they are.
        picture_centre: [Dp] of (rooted) picture features.
        look_axes: [Dp, Dl] turns centred features into look coordinates.
        text_centre: [Dw] of raw word embeddings.
        text_axes: [Dw, Dt] turns centred unit word embeddings into joint coordinates.
        class_rows, class_bias: [1000, Dp], [1000] the classifier; no rows where the encoder has none.
        class_texts: [1000, Dw] centred unit class names.
        prototypes: [Dp, Dw] from picture directions to words: ridge on the classifier's rows, or the identity
            where both encoders share a space, or no columns where nothing is known beforehand.
        colour_centre: [n] of rooted colour shares.
        pair_features: [m, Dp + n] what the kernel compares a picture with.
        pair_weights: [m, Dt] what each of them adds.
        prior_share: [1] how much of the prior is in a prediction.
        expansion: [1] how far a search is drawn to the class names that it means.
        vocabulary: [v, Dt] phrases of the catalogue.
        probes: [p, Dt] things that the catalogue's words do not name.
        words_odds, look_odds: weights of the logistic calibration.
        fitted_on: [1] items of the sample.
    """

    takes_roots: np.ndarray
    picture_centre: np.ndarray
    look_axes: np.ndarray
    text_centre: np.ndarray
    text_axes: np.ndarray
    class_rows: np.ndarray
    class_bias: np.ndarray
    class_texts: np.ndarray
    prototypes: np.ndarray
    colour_centre: np.ndarray
    pair_features: np.ndarray
    pair_weights: np.ndarray
    prior_share: np.ndarray
    expansion: np.ndarray
    vocabulary: np.ndarray
    probes: np.ndarray
    words_odds: np.ndarray
    look_odds: np.ndarray
    fitted_on: np.ndarray

    @property
    def version(self) -> str:
        """Changes with any number in it."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return content_hash(FORMAT.encode(), *(np.ascontiguousarray(array).tobytes() for array in arrays))[:8]


def save_parts(path: Path, parts: SpaceParts, encoders_stamp: str) -> None:
    """One file, whole or not at all."""
    arrays = {field.name: getattr(parts, field.name) for field in fields(parts)}
    content = io.BytesIO()
    np.savez(content, **arrays, format=np.array(FORMAT), encoders=np.array(encoders_stamp))
    write_whole(path, content.getvalue())


def load_parts(path: Path, encoders_stamp: str) -> SpaceParts | None:
    """The parts, if they were fitted on vectors of the encoders of this stamp; None from a damaged file.

    Raises:
        IncompatibleEmbeddingError: other encoders or another format.
    """
    try:
        return _read_parts(path, encoders_stamp)
    except (zipfile.BadZipFile, EOFError, KeyError, OSError, ValueError, zlib.error) as error:
        # Fitted from the lake, so that it can be fitted again.
        log.warning("damaged space passed over", extra={"file": path.name, "error": str(error)})
        return None


def _read_parts(path: Path, encoders_stamp: str) -> SpaceParts:
    with path.open("rb") as file, np.load(file) as stored:
        found = (str(stored["encoders"]), str(stored["format"]))
        if found != (encoders_stamp, FORMAT):
            raise IncompatibleEmbeddingError(
                f"the joint space in {path.name} was fitted on {found[0]} (format {found[1]}); needed is "
                f"{encoders_stamp} (format {FORMAT}); run `bowerbird encode run` and `bowerbird encode fit`"
            )
        return SpaceParts(**{field.name: stored[field.name] for field in fields(SpaceParts)})
