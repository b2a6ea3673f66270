"""This file is about a lake of any size, written straight into its tables.

Items are titled by colour, material and thing. Titles are encoded by the real encoder, with a little noise an
item. A few hundred items have a photograph-sized file of their own, encoded as it is; the others lie near one
of these in the picture encoder's space and share its thumbnail. Speed is measured on it, never quality.
"""

import argparse
import hashlib
import io
import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageFilter

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing, fit_space, load_space
from bowerbird.encode.registry import Encoders, load_encoders
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.stored import embedding_rows, picture_table, words_key, words_table
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.importing.batch import media_rows
from bowerbird.lake.lake import Lake
from bowerbird.lake.pictures import decode_picture, thumb_pixels
from bowerbird.lake.schemas import BLOB, ITEM, MEDIA
from bowerbird.retrieve.indexes import Indexes
from bowerbird.retrieve.recall_table import recall_at

COLOURS = (
    "red",
    "green",
    "blue",
    "yellow",
    "purple",
    "orange",
    "brown",
    "pink",
    "grey",
    "black",
    "white",
    "teal",
)
MATERIALS = ("oak", "glass", "steel", "linen", "clay", "paper", "leather", "wool", "bamboo", "brass")
THINGS = (
    "vase", "lamp", "chair", "table", "rug", "cushion", "poster", "bowl", "clock", "mirror", "shelf",
    "basket", "candle", "curtain", "plate", "teapot", "stool", "blanket", "frame", "planter", "tray", "bench",
    "desk", "jug",
)  # fmt: skip
BRANDS = tuple(f"Maker {number}" for number in range(200))
PHOTOGRAPHS = len(COLOURS) * len(THINGS)
SPREAD = 0.35  # of items around their photograph, in standard deviations of all photographs
ROWS_AT_ONCE = 20_000
SEED = 7
BASE_MS = 1_700_000_000_000


def lake_of(folder: Path, items: int, *, fresh: bool = False) -> Path:
    """A built lake of so many items in `folder`; made once and kept."""
    path = folder / f"synthetic-{items}"
    done = path / "built"
    if fresh or not done.exists():
        shutil.rmtree(path, ignore_errors=True)
    encoders = load_encoders(EncodeConfig())
    with Lake.open(path, create=True) as lake:
        if not done.exists():
            _write(lake, encoders, items)
        # Also of a kept lake: encoders, space and index may have changed since it was made.
        encode_missing(lake, encoders)
        Indexes.open(lake, Catalogue.open(lake), encoders, _space(lake, encoders)).close()
    done.write_text(str(items))
    return path


@contextmanager
def lake_apart(folder: Path, items: int, own: Path | None = None) -> Iterator[Path]:
    """A copy of `lake_of`, or of a lake of one's own, to write to; it is gone afterwards."""
    kept = own or lake_of(folder, items)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as apart:
        yield Path(shutil.copytree(kept, Path(apart) / "lake"))


def ids_of(path: Path) -> list[str]:
    """Every item's id."""
    with Lake.open(path) as lake:
        return [id_ for batch in lake.items.scan(["id"]) for id_ in batch["id"].to_pylist()]


def photograph(number: int, *, px: tuple[int, int] = (1500, 2000)) -> bytes:
    """A JPEG of about a megabyte with shapes and grain, always the same for one number."""
    rng = np.random.default_rng(number)
    small = rng.integers(0, 255, (12, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(small).resize(px, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
    grain = rng.normal(0, 14, (px[1], px[0], 1)).astype(np.float32)
    pixels = np.clip(np.asarray(picture, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=80)
    return out.getvalue()


def phrases() -> list[str]:
    """Every title, and every query that people send in the benchmarks."""
    return [" ".join(parts) for parts in itertools.product(COLOURS, MATERIALS, THINGS)]


def recall_of(path: Path, queries: int = 100) -> dict[str, object]:
    """Recall@10 against exact search, for titles and for items' own looks, as the server searches."""
    encoders = load_encoders(EncodeConfig())
    with Lake.open(path) as lake:
        catalogue = Catalogue.open(lake)
        space = _space(lake, encoders)
        indexes = Indexes.open(lake, catalogue, encoders, space)
        rng = np.random.default_rng(SEED + 1)
        texts = [phrases()[row] for row in rng.integers(0, len(phrases()), queries)]
        looks = indexes.look.vectors(rng.integers(0, catalogue.size, queries))
        words = space.words_of(encoders.words.encode_words(texts), texts)
        pairs = ((indexes.look, looks), (indexes.words, words))
        found = [(index.search(asked, 10), index.search(asked, 10, effort=1.0)) for index, asked in pairs]
        recalls = [float(recall_at(exact.numbers, quick.numbers, 10).mean()) for quick, exact in found]
        indexes.close()
    return {"recall@10": {"look": round(recalls[0], 4), "words": round(recalls[1], 4)}}


def _space(lake: Lake, encoders: Encoders) -> BridgeSpace:
    try:
        found = load_space(lake, encoders)
    except IncompatibleEmbeddingError:
        found = None
    return found or fit_space(lake, encoders)


def _write(lake: Lake, encoders: Encoders, items: int) -> None:
    rng = np.random.default_rng(SEED)
    titles = phrases()
    meanings = _meanings(encoders, titles)
    of_item = rng.integers(0, len(titles), items)
    own = np.arange(min(PHOTOGRAPHS, items))  # the first items are what their photographs show
    of_item[own] = (own // len(THINGS)) * len(MATERIALS) * len(THINGS) + own % len(THINGS)
    shas = [hashlib.sha256(f"synthetic {number}".encode()).hexdigest() for number in range(items)]
    shown = _photographs(lake, shas[:PHOTOGRAPHS])
    thumbs = [thumb_pixels(thumb) for thumb in shown["thumb"].to_pylist()]
    centres = encoders.pictures.encode_pictures(thumbs)
    ids = [f"item-{number}" for number in range(items)]
    for start in range(0, items, ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, items))
        lake.records.numbers.allocate([ids[row] for row in rows])
        shown_items = _item_rows(rows, ids, [titles[of_item[row]] for row in rows], shas, rng)
        lake.items.upsert(shown_items)
        colour = of_item[rows] // (len(MATERIALS) * len(THINGS))
        lake.media.upsert(_media_rows([shas[row] for row in rows], shown, colour, rng))
        noise = SPREAD * centres.std(axis=0) * rng.normal(0, 1, (len(rows), centres.shape[1]))
        noise[rows < len(own)] = 0.0
        near_photograph = (colour * len(THINGS) + of_item[rows] % len(THINGS)) % len(centres)
        pictures = (centres[near_photograph] + noise).astype(np.float32)
        keys = [shas[row] for row in rows]
        picture_table(lake, encoders).upsert(embedding_rows(keys, pictures, encoders.pictures.stamp))
        near = meanings[of_item[rows]]
        near = near + rng.normal(0, 0.01, near.shape).astype(np.float32)
        keys = [words_key(text) for text in shown_items["words"].to_pylist()]
        words_table(lake, encoders).upsert(embedding_rows(keys, near, encoders.words.stamp))


def _meanings(encoders: Encoders, texts: list[str], size: int = 64) -> np.ndarray:
    parts = [encoders.words.encode_words(texts[at : at + size]) for at in range(0, len(texts), size)]
    return np.concatenate(parts)


def _photographs(lake: Lake, shas: list[str]) -> pa.Table:
    """Real files for the first items under their made-up names; the media rows of the others copy theirs."""
    contents = [photograph(number) for number in range(len(shas))]
    media = media_rows([decode_picture(content) for content in contents])
    lake.blobs.upsert(pa.table({"id": shas, "content": contents}, schema=BLOB.schema))
    return media


def _item_rows(
    rows: np.ndarray, ids: list[str], titles: list[str], shas: list[str], rng: np.random.Generator
) -> pa.Table:
    count = len(rows)
    columns = {
        "id": [ids[row] for row in rows],
        "number": rows,
        "title": titles,
        "description": [f"A {title}, made to last." for title in titles],
        "link": [f"https://shop.example/{ids[row]}" for row in rows],
        "media_ids": [[shas[row]] for row in rows],
        "price_micros": rng.integers(5, 500, count) * 1_000_000,
        "currency": ["EUR"] * count,
        "brand": [BRANDS[place] for place in rng.integers(0, len(BRANDS), count)],
        "category": [["Home", title.split()[2].title()] for title in titles],
        "keywords": [title.split() for title in titles],
        "availability": ["in_stock"] * count,
        "safety": ["unknown"] * count,
        "created_ms": BASE_MS + rows * 1_000,
        "updated_ms": BASE_MS + rows * 1_000,
        "source": ["synthetic"] * count,
        "row_hash": ["0"] * count,
        "words": [
            f"{title}\nHome\n{title.split()[2]}\n{row}" for row, title in zip(rows, titles, strict=True)
        ],
        **dict.fromkeys(("language", "country", "owner"), [""] * count),
        **dict.fromkeys(("attributes", "deleted_ms"), [None] * count),
    }
    return pa.table({name: columns[name] for name in ITEM.schema.names}, schema=ITEM.schema)


def _media_rows(shas: list[str], shown: pa.Table, colour: np.ndarray, rng: np.random.Generator) -> pa.Table:
    like = rng.integers(0, shown.num_rows, len(shas))
    media = shown.take(pa.array(like))
    shares = np.full((len(shas), len(NAMED_COLOURS)), 0.2 / len(NAMED_COLOURS), dtype=np.float32)
    named = np.array([NAMED_COLOURS.index(name) if name in NAMED_COLOURS else 0 for name in COLOURS])
    shares[np.arange(len(shas)), named[colour]] += 0.8
    columns = {name: media[name] for name in MEDIA.schema.names}
    columns["id"] = pa.array(shas)
    columns["colours"] = pa.FixedSizeListArray.from_arrays(pa.array(shares.ravel()), len(NAMED_COLOURS))
    columns["signature"] = pa.array(rng.integers(-(2**62), 2**62, len(shas)))
    return pa.table(columns).cast(MEDIA.schema)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=100_000)
    args = parser.parse_args()
    started = time.perf_counter()
    print(lake_of(args.folder, args.items), f"in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
