"""This file is about thumbnails on their way into a picture encoder, and their vectors into the lake."""

import io
import logging
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.encode.types import PictureEncoder

log = logging.getLogger(__name__)

ROWS_A_WRITE = 1024
"""Embeddings that go into the lake at once: as many are lost at most when a job is stopped."""

EncodedPart: TypeAlias = tuple[list[str], Embeddings]
"""Keys, and a vector for each."""


def encode_thumbs(encoder: PictureEncoder, part: Sequence[tuple[str, bytes]]) -> EncodedPart:
    """The vectors of those (key, thumbnail) that can be looked at."""
    decoded = [(key, pixels) for key, thumb in part if (pixels := _pixels(thumb)) is not None]
    vectors = encoder.encode_pictures([pixels for _, pixels in decoded])
    return [key for key, _ in decoded], vectors


def _pixels(thumb: bytes | None) -> Pixels | None:
    """None where there is no thumbnail or it is damaged; `lake import` makes it again."""
    try:
        with Image.open(io.BytesIO(thumb or b""), formats=("JPEG",)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        log.warning("thumbnail unreadable", extra={"error": str(error), "next": "bowerbird lake import"})
        return None
