"""What the joint space promises: the right things near, whatever the catalogue holds."""

import numpy as np
import pytest

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode import BridgeSpace, Encoders
from bowerbird.encode.background import class_names, load_background
from bowerbird.encode.calibrate import calibrated
from bowerbird.encode.job import encode_missing, fit_space, item_vectors
from bowerbird.encode.space_fit import Sample, fit_parts
from bowerbird.lake.colours import NAMED_COLOURS


def sample_of(encoders: Encoders, pictures: list[np.ndarray], texts: list[str]) -> Sample:
    from bowerbird.lake.colours import colour_shares

    shares = [colour_shares(picture) for picture in pictures]
    return Sample(
        encoders.pictures.encode_pictures(pictures),
        encoders.words.encode_words(texts),
        np.array(shares, dtype=np.float32).reshape(len(pictures), len(NAMED_COLOURS)),
        texts,
    )


def fitted(encoders: Encoders, models_dir, sample: Sample) -> BridgeSpace:
    background = load_background(encoders.words, models_dir)
    parts = fit_parts(sample, background, encoders.pictures.classifier)
    return BridgeSpace(calibrated(parts, sample, background, encoders.words), "test")


def asked(space: BridgeSpace, encoders: Encoders, text: str) -> np.ndarray:
    return space.words_of(encoders.words.encode_words([text]), [text])


@pytest.mark.parametrize("count", [0, 1, 5, 20])
def test_space_of_few_pictures_gives_finite_unit_vectors(
    count: int, encoders: Encoders, models_dir, draw
) -> None:
    pictures = [draw("star", "red", 20 + size) for size in range(count)]
    sample = sample_of(encoders, pictures, [f"red star number {size}" for size in range(count)])

    space = fitted(encoders, models_dir, sample)
    probe = sample_of(encoders, [draw("circle", "blue", 50)], [""])
    vectors = space.items(probe.pictures, probe.words, probe.colours)

    for rows in (vectors.look, vectors.words, asked(space, encoders, "a blue ball")):
        assert np.isfinite(rows).all()
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)


def test_without_a_catalogue_words_find_pictures_by_their_classes(encoders: Encoders, bare_space) -> None:
    classifier = encoders.pictures.classifier
    names = ("sports car", "tabby cat", "daisy", "espresso")
    rows = np.array([class_names().index(name) for name in names])
    # Features that the classifier is sure about stand for pictures of these things.
    pictures = np.maximum(classifier.rows[rows], 0) * 20
    nothing = np.zeros((4, 384), np.float32)
    shares = np.full((4, len(NAMED_COLOURS)), 1 / len(NAMED_COLOURS), np.float32)
    words = bare_space.items(pictures, nothing, shares).words

    for row, text in enumerate(("an automobile", "a kitten", "a flower", "a cup of coffee")):
        assert int((words @ asked(bare_space, encoders, text)[0]).argmax()) == row


def test_red_asks_for_red_things_before_blue_ones(shapes, encoders: Encoders) -> None:
    scores = shapes.words @ asked(shapes.space, encoders, "a red circle")[0]

    ranked = [shapes.titles[row] for row in np.argsort(-scores)]

    assert set(ranked[:4]) == {"red circle"}
    assert ranked.index("red circle") < ranked.index("blue circle")


def test_colour_decides_between_pictures_without_words(lake, encoders: Encoders, put, draw) -> None:
    put(lake, {colour: (draw("circle", colour, 60), "") for colour in ("red", "blue", "green", "yellow")})
    encode_missing(lake, encoders)
    space = fit_space(lake, encoders)
    ((numbers, vectors),) = item_vectors(lake, encoders, space)
    ids = dict(zip(*lake.items.read(["number", "id"]).to_pydict().values(), strict=True))

    for colour in ("red", "blue", "green", "yellow"):
        scores = vectors.words @ asked(space, encoders, f"a {colour} ball")[0]
        assert ids[int(numbers[scores.argmax()])] == colour


def test_picture_and_colour_words_find_the_same_thing_in_that_colour(
    shapes, encoders: Encoders, draw
) -> None:
    given = sample_of(encoders, [draw("star", "red", 50)], [""])
    text = "the same in blue"

    look, words, look_share, words_share = shapes.space.compose(
        shapes.space.look_of(given.pictures, given.colours), asked(shapes.space, encoders, text), text
    )
    scores = look_share * shapes.look @ look[0] + words_share * shapes.words @ words[0]

    assert look_share + words_share == pytest.approx(1)
    assert shapes.titles[int(scores.argmax())] == "blue star"


def test_picture_with_words_about_no_colour_keeps_its_own(encoders: Encoders, bare_space, draw) -> None:
    given = sample_of(encoders, [draw("star", "red", 50)], [""])
    look = bare_space.look_of(given.pictures, given.colours)

    composed = bare_space.compose(look, asked(bare_space, encoders, "made of wood"), "made of wood")[0]

    np.testing.assert_array_equal(composed, look)


def test_what_is_there_is_likelier_than_what_is_not(shapes, encoders: Encoders) -> None:

    def chance(text: str) -> float:
        query = asked(shapes.space, encoders, text)
        best = (shapes.words @ query[0]).max(keepdims=True)
        return float(shapes.space.relevance(best[None], space="words", queries=query)[0, 0])

    present = [chance(text) for text in ("a green star", "a circle", "yellow triangle")]
    absent = [chance(text) for text in ("tax form", "evening gown", "submarine engine", "fried rice")]

    assert min(present) > max(absent)
    assert min(present) > 0.5
    assert max(absent) < 0.5


def test_relevance_grows_with_the_score_in_both_spaces(encoders: Encoders, bare_space) -> None:
    scores = np.linspace(-1, 1, 21, dtype=np.float32)

    for name in ("look", "words"):
        chances = bare_space.relevance(scores, space=name)
        assert chances.shape == scores.shape
        assert (np.diff(chances) >= 0).all()
        assert chances.min() >= 0
        assert chances.max() <= 1


def test_missing_hits_have_no_relevance(encoders: Encoders, bare_space) -> None:

    assert bare_space.relevance(np.array([-np.inf], dtype=np.float32), space="words")[0] < 0.01


def test_garbage_names_teach_nothing(encoders: Encoders, models_dir) -> None:
    rng = np.random.default_rng(3)
    pictures = rng.gamma(0.3, 0.6, (60, 1280)).astype(np.float32)
    texts = [f"IMG {number}" for number in rng.integers(1000, 9999, 60)]
    colours = rng.dirichlet(np.ones(len(NAMED_COLOURS)), 60).astype(np.float32)
    sample = Sample(pictures, encoders.words.encode_words(texts), colours, texts)

    parts = fit_parts(sample, load_background(encoders.words, models_dir), encoders.pictures.classifier)

    assert len(parts.pair_features) == 0
    assert parts.prior_share[0] == 1


def test_vectors_of_another_width_are_refused(encoders: Encoders, bare_space) -> None:

    with pytest.raises(IncompatibleEmbeddingError, match="12 wide"):
        bare_space.look_of(np.zeros((1, 12), np.float32), np.zeros((1, len(NAMED_COLOURS)), np.float32))
