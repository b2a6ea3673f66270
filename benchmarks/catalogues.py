"""This file is about the shared catalogues: their pictures decoded and encoded as the product does it."""

import csv
import gzip
import json
import zipfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode import EncodeConfig, Encoders, load_encoders
from bowerbird.encode.lite0 import Lite0Encoder
from bowerbird.lake.pictures import decode_picture, thumb_pixels

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NEAR_BITS, NEAR_COSINE = 6, 0.92
"""Two pictures are near-duplicates if their signatures differ in at most so many bits, or their raw embeddings
are closer than this: no such pair may stand on both sides of a split."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rows of a catalogue with what the encoders make of them.

    Attributes:
        rows: the n rows of the table.
        pictures: [n, Dp] raw picture embeddings.
        colours: [n, c] shares.
        signatures: [n] int64.
        texts: one a row; what a person could have typed to find it.
    """

    name: str
    rows: list[dict[str, str]]
    pictures: np.ndarray
    colours: np.ndarray
    signatures: np.ndarray
    texts: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> "Shelf":
        """Only these rows."""
        return Shelf(
            self.name,
            [self.rows[row] for row in rows],
            self.pictures[rows],
            self.colours[rows],
            self.signatures[rows],
            [self.texts[row] for row in rows],
        )

    def column(self, name: str) -> np.ndarray:
        """One column of the table as an array of text."""
        return np.array([row[name] for row in self.rows])


def is_there(name: str) -> bool:
    """Whether the catalogue is on this machine."""
    return (DATA / f"catalogue-{name}" / "items.csv.gz").is_file()


@cache
def encoders() -> Encoders:
    """The built-in pair."""
    return load_encoders(EncodeConfig())


@cache
def load(name: str) -> Shelf:
    """The catalogue `../shared/data/catalogue-<name>`: int8 embeddings of its 320-px thumbnails."""
    folder = DATA / f"catalogue-{name}"
    rows = table(folder / "items.csv.gz")
    shelf = _look_at(name, rows, folder / "images.zip", encoders().pictures)
    return replace(shelf, texts=[text_of(row) for row in rows])


def products_of_grocery() -> tuple[Shelf, list[str]]:
    """The clean product pictures, one a class, and their descriptions."""
    folder = DATA / "catalogue-grocery"
    rows = table(folder / "products.csv.gz")
    shelf = _look_at("grocery-products", rows, folder / "images.zip", encoders().pictures)
    return replace(shelf, texts=[row["product"] for row in rows]), [row["description"] for row in rows]


def in_full_precision(shelf: Shelf, models_dir: Path) -> Shelf:
    """The same rows, encoded by the unquantised network."""
    folder = DATA / f"catalogue-{shelf.name}"
    full = Lite0Encoder(models_dir, precision="float32")
    return replace(_look_at(shelf.name, shelf.rows, folder / "images.zip", full), texts=shelf.texts)


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a packed CSV."""
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def json_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a packed file of JSON lines."""
    with gzip.open(path, "rt") as file:
        return [json.loads(text) for text in file]


def text_of(row: dict[str, str]) -> str:
    """The sentence or title of a row."""
    return (row.get("text") or row.get("title") or "").replace("-", " ").replace("_", " ").strip()


def without_twins(train: Shelf, gallery: Shelf) -> np.ndarray:
    """[n] of the training rows: True where no picture of the gallery is a near-duplicate."""
    left, right = _unit(train.pictures), _unit(gallery.pictures)
    is_twin = (left @ right.T).max(axis=1) > NEAR_COSINE if len(right) else np.zeros(len(left), bool)
    apart = np.bitwise_count(train.signatures[:, None] ^ gallery.signatures[None, :])
    return ~(is_twin | (apart.min(axis=1) <= NEAR_BITS))


def _look_at(name: str, rows: list[dict[str, str]], archive: Path, encoder: Any) -> Shelf:
    vectors, colours, signatures = [], [], []
    with zipfile.ZipFile(archive) as pictures:
        for start in range(0, len(rows), 8):
            seen = [decode_picture(pictures.read(row["file"])) for row in rows[start : start + 8]]
            vectors.append(encoder.encode_pictures([thumb_pixels(each.thumb_jpeg) for each in seen]))
            colours += [each.colours for each in seen]
            signatures += [each.signature for each in seen]
    return Shelf(
        name,
        rows,
        np.concatenate(vectors),
        np.array(colours, dtype=np.float32),
        np.array(signatures, dtype=np.int64),
        [""] * len(rows),
    )


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
