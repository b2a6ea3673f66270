"""A small lake of drawn pictures, and the built-in encoders, made once."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from bowerbird.encode import BridgeSpace, EncodeConfig, Encoders, load_encoders
from bowerbird.encode.background import load_background
from bowerbird.encode.job import encode_missing, fit_space, item_vectors
from bowerbird.encode.space_fit import Sample, fit_parts
from bowerbird.lake.colours import NAMED_COLOURS, colour_shares
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields

PAINT = {"red": "#d3141c", "blue": "#1f52c8", "green": "#2e8b3c", "yellow": "#fbe11e"}
SHAPES = ("circle", "square", "triangle", "star")


def drawn(shape: str, colour: str, size: int) -> np.ndarray:
    """A shape in one colour on white."""
    picture = Image.new("RGB", (200, 160), "white")
    pen = ImageDraw.Draw(picture)
    box = (100 - size, 80 - size, 100 + size, 80 + size)
    if shape == "circle":
        pen.ellipse(box, fill=PAINT[colour])
    else:
        sides = {"square": 4, "triangle": 3, "star": 9}[shape]
        pen.regular_polygon((100, 80, size), sides, fill=PAINT[colour])
    return np.asarray(picture)


def put_pictures(lake: Lake, pictures: dict[str, tuple[np.ndarray | None, str]]) -> None:
    """Items by id: pixels (or none) and title."""
    rows, media = [], []
    for id_, (pixels, title) in pictures.items():
        ids: tuple[str, ...] = ()
        if pixels is not None:
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "JPEG", quality=90)
            ids = (hashlib.sha256(content.getvalue()).hexdigest(),)
            media.append((ids[0], content.getvalue(), colour_shares(pixels)))
        rows.append(StoredItem(ItemFields(id=id_, title=title), media_ids=ids))
    if media:
        columns = {
            name: pa.nulls(len(media), lake.media.spec.schema.field(name).type)
            for name in lake.media.spec.schema.names
        }
        columns["id"] = pa.array([row[0] for row in media])
        columns["thumb"] = pa.array([row[1] for row in media], pa.binary())
        width = len(media[0][2])
        columns["colours"] = pa.FixedSizeListArray.from_arrays(
            pa.array(np.concatenate([row[2] for row in media]).astype(np.float32)), width
        )
        lake.media.upsert(pa.table(columns, schema=lake.media.spec.schema))
    put_items(lake, rows)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def encoders(models_dir: Path) -> Encoders:
    return load_encoders(EncodeConfig(models_dir=models_dir))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as opened:
        yield opened


def put_shapes(lake: Lake) -> None:
    """64 items: four shapes in four colours and four sizes, with titles."""
    put_pictures(
        lake,
        {
            f"{colour}-{shape}-{size}": (drawn(shape, colour, size), f"{colour} {shape}")
            for colour in PAINT
            for shape in SHAPES
            for size in (30, 45, 60, 75)
        },
    )


@pytest.fixture
def shapes_lake(lake: Lake) -> Lake:
    put_shapes(lake)
    return lake


@dataclass(frozen=True)
class Shapes:
    """The 64 shapes, fitted: titles and vectors in order of their numbers."""

    space: BridgeSpace
    titles: tuple[str, ...]
    look: np.ndarray
    words: np.ndarray


@pytest.fixture(scope="session")
def shapes(encoders: Encoders, tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    with Lake.open(tmp_path_factory.mktemp("shapes"), create=True) as lake:
        put_shapes(lake)
        encode_missing(lake, encoders)
        space = fit_space(lake, encoders)
        ((numbers, vectors),) = item_vectors(lake, encoders, space)
        titles = dict(zip(*lake.items.read(["number", "title"]).to_pydict().values(), strict=True))
        return Shapes(space, tuple(titles[int(one)] for one in numbers), vectors.look, vectors.words)


@pytest.fixture(scope="session")
def bare_space(encoders: Encoders, models_dir: Path) -> BridgeSpace:
    """Fitted on nothing: it knows only the classifier."""
    nothing = Sample(
        *(np.zeros((0, width), np.float32) for width in (1280, 384, len(NAMED_COLOURS))), texts=()
    )
    background = load_background(encoders.words, models_dir)
    return BridgeSpace(fit_parts(nothing, background, encoders.pictures.classifier), "bare")


@pytest.fixture
def put() -> Callable[[Lake, dict[str, tuple[np.ndarray | None, str]]], None]:
    return put_pictures


@pytest.fixture
def draw() -> Callable[[str, str, int], np.ndarray]:
    return drawn
