"""The whole way with models of Hugging Face: a lake is encoded, fitted and searched."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.job import encode_missing, fit_space, item_vectors, load_space
from bowerbird.encode.registry import Encoders
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.stored import picture_table, words_table
from bowerbird.lake.colours import colour_shares
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.exact_index import ExactIndex

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

Tiny = Callable[[str], Encoders]
COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("circle", "square", "triangle")
KINDS = ("clip", "siglip2", "dinov2", "bert", "vit_and_bert")


def drawn(colour: str, shape: str) -> Image.Image:
    picture = Image.new("RGB", (96, 80), "white")
    pen = ImageDraw.Draw(picture)
    if shape == "circle":
        pen.ellipse((20, 12, 76, 68), fill=colour)
    else:
        pen.regular_polygon((48, 40, 34), {"square": 4, "triangle": 3}[shape], fill=colour)
    return picture


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of twelve drawings, each named after what it shows; every model adds its own vectors."""
    folder = tmp_path_factory.mktemp("drawings")
    for colour in COLOURS:
        for shape in SHAPES:
            drawn(colour, shape).save(folder / f"{colour} {shape}.png")
    with Lake.open(folder / "lake", create=True) as lake:
        import_source(lake, folder)
        yield lake


def indexes(lake: Lake, encoders: Encoders, space: BridgeSpace) -> tuple[ExactIndex, ExactIndex]:
    look, words = ExactIndex(space.look_width), ExactIndex(space.words_width)
    for numbers, vectors in item_vectors(lake, encoders, space):
        look.upsert(numbers, vectors.look)
        words.upsert(numbers, vectors.words)
    return look, words


def titles(lake: Lake) -> dict[int, str]:
    return {row["number"]: row["title"].lower() for row in lake.items.read(["number", "title"]).to_pylist()}


@pytest.mark.parametrize("kind", KINDS)
def test_lake_is_encoded_fitted_and_searched(drawings: Lake, tiny: Tiny, kind: str) -> None:
    encoders, title_of = tiny(kind), titles(drawings)
    shown = np.asarray(drawn("blue", "triangle"))

    report = encode_missing(drawings, encoders)
    fit_space(drawings, encoders)
    space = load_space(drawings, encoders)
    assert space is not None
    look, words = indexes(drawings, encoders, space)
    picture = space.look_of(encoders.pictures.encode_pictures([shown]), colour_shares(shown)[None])
    asked = space.words_of(encoders.words.encode_words(["green square"]), ["green square"])
    by_picture, by_words = look.search(picture, 3), words.search(asked, 12)

    assert (report.pictures, report.words, report.skipped) in {(12, 12, 0), (12, 0, 0), (0, 12, 0), (0, 0, 0)}
    assert len(look) == len(words) == 12
    assert title_of[int(by_picture.numbers[0, 0])] == "blue triangle"
    # A plain text model by chance knows no shapes, and colours are read by Bowerbird itself.
    assert title_of[int(by_words.numbers[0, 0])].startswith("green")
    if encoders.share_space:
        assert title_of[int(by_words.numbers[0, 0])] == "green square"
    chances = space.relevance(by_words.scores, space="words", queries=asked)
    assert (np.diff(chances[0]) <= 1e-6).all()
    assert 0 <= chances.min() <= chances.max() <= 1


@pytest.mark.parametrize("kind", ["clip", "siglip2"])
def test_shared_space_compares_pictures_with_words_before_any_pair(
    tmp_path: Path, tiny: Tiny, kind: str
) -> None:
    encoders = tiny(kind)
    rng = np.random.default_rng(3)
    pictures = encoders.pictures.encode_pictures([rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)])
    with Lake.open(tmp_path / "lake", create=True) as lake:
        space = fit_space(lake, encoders)
    no_words, grey = np.zeros_like(pictures), np.zeros((1, 20), dtype=np.float32)

    items = space.items(pictures, no_words, grey[:, : space.parts.colour_centre.size])
    asked = space.words_of(pictures + space.parts.text_centre, ["as it looks"])

    # A text whose raw vector is the picture's own finds it: nothing but the shared space can know that.
    assert float((items.words @ asked.T)[0, 0]) > 0.8 * float(np.linalg.norm(items.words))


def test_picture_and_words_are_composed_in_a_shared_space(drawings: Lake, tiny: Tiny) -> None:
    encoders = tiny("clip")
    encode_missing(drawings, encoders)
    space = fit_space(drawings, encoders)
    shown = np.asarray(drawn("blue", "circle"))
    look, _ = indexes(drawings, encoders, space)

    seen = space.look_of(encoders.pictures.encode_pictures([shown]), colour_shares(shown)[None])
    said = space.words_of(encoders.words.encode_words(["in red"]), ["in red"])
    changed, words, look_share, words_share = space.compose(seen, said, "in red")
    first = look.search(changed, 1).numbers[0, 0]

    assert titles(drawings)[int(first)].startswith("red")
    assert words.shape == (1, space.words_width)
    assert look_share + words_share == pytest.approx(1)


def test_second_run_of_the_job_finds_nothing_to_do(drawings: Lake, tiny: Tiny) -> None:
    encode_missing(drawings, tiny("siglip"))

    again = encode_missing(drawings, tiny("siglip"))

    assert (again.pictures, again.words) == (0, 0)


def test_vectors_of_two_models_are_kept_apart(drawings: Lake, tiny: Tiny) -> None:
    one, other = tiny("clip"), tiny("siglip")
    for encoders in (one, other):
        encode_missing(drawings, encoders)

    assert one.pictures.stamp != other.pictures.stamp
    for table in (picture_table, words_table):
        assert table(drawings, one).spec.name != table(drawings, other).spec.name
        assert table(drawings, one).count() == table(drawings, other).count() == 12


def test_space_of_another_model_is_refused(drawings: Lake, tiny: Tiny) -> None:
    encode_missing(drawings, tiny("clip"))
    fit_space(drawings, tiny("clip"))

    with pytest.raises(IncompatibleEmbeddingError, match=r"hf-clip-pictures.*needed is hf-siglip-pictures"):
        load_space(drawings, tiny("siglip"))
