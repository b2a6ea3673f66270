"""Encoders for the small world: they see the main colour of a picture and read colours and kinds in words."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from small_world import COLOURS, KINDS, WIDTH, unit

from bowerbird.core.request import Region
from bowerbird.encode.types import EncoderStamp, ItemVectors

RGB = {"red": (211, 20, 28), "green": (46, 139, 60), "blue": (31, 82, 200), "yellow": (251, 225, 30)}


def picture(*colours: str) -> bytes:
    """A PNG of upright stripes, one for each colour, from left to right."""
    image = Image.new("RGB", (60 * len(colours), 60))
    for place, colour in enumerate(colours):
        image.paste(RGB[colour], (60 * place, 0, 60 * place + 60, 60))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def decode(content: bytes, region: Region | None) -> np.ndarray:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    if region is not None:
        width, height = image.size
        box = (region.x, region.y, region.x + region.width, region.y + region.height)
        image = image.crop(
            tuple(round(part * side) for part, side in zip(box, (width, height) * 2, strict=True))
        )
    return np.asarray(image, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ColourEncoder:
    """[B, 4] how much of each of the four colours is in a picture."""

    stamp: EncoderStamp = field(default_factory=lambda: EncoderStamp("colours", "1", "0"))
    width: int = len(COLOURS)

    def encode_pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        anchors = np.array([RGB[colour] for colour in COLOURS], dtype=np.float32)
        rows = []
        for pixels in pictures:
            apart = np.linalg.norm(pixels.reshape(-1, 1, 3) - anchors, axis=2)
            rows.append((apart < 40).mean(axis=0))
        return np.array(rows, dtype=np.float32).reshape(-1, len(COLOURS))


@dataclass(frozen=True, slots=True)
class KindEncoder:
    """[B, 3] which kinds a text names."""

    stamp: EncoderStamp = field(default_factory=lambda: EncoderStamp("kinds", "1", "0"))
    width: int = len(KINDS)

    def encode_words(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[float(kind in text.lower()) for kind in KINDS] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(-1, len(KINDS))


@dataclass(frozen=True, slots=True)
class Encoders:
    pictures: ColourEncoder = field(default_factory=ColourEncoder)
    words: KindEncoder = field(default_factory=KindEncoder)


@dataclass(frozen=True, slots=True)
class AxisSpace:
    """Colours are the first axes of look, kinds the first axes of words; a cosine is a chance."""

    stamp_text: str = "axes-1"
    look_width: int = WIDTH
    words_width: int = WIDTH

    def items(self, pictures: np.ndarray, words: np.ndarray, colours: np.ndarray) -> ItemVectors:
        return ItemVectors(_on_axes(pictures), _on_axes(words))

    def look_of(self, pictures: np.ndarray, colours: np.ndarray) -> np.ndarray:
        return _on_axes(pictures)

    def words_of(self, words: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        return _on_axes(words)

    def compose(
        self, look: np.ndarray, words: np.ndarray, text: str
    ) -> tuple[np.ndarray, np.ndarray, float, float]:
        return look, words, 0.5, 0.5

    def relevance(self, scores: np.ndarray, *, space: str, queries: np.ndarray | None = None) -> np.ndarray:
        return np.clip((scores - 0.4) / 0.4, 0.0, 1.0)


def _on_axes(raw: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(raw), WIDTH), dtype=np.float32)
    rows[:, : raw.shape[1]] = raw
    rows[~rows.any(axis=1), -1] = 1.0  # nothing known: on an axis of its own
    return unit(rows)
