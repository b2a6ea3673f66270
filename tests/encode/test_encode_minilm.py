"""The built-in words encoder: what its vectors say, and how it takes texts."""

import numpy as np
import pytest

from bowerbird.encode.minilm import MAX_TOKENS, MiniLmEncoder


@pytest.fixture(scope="module")
def encoder() -> MiniLmEncoder:
    return MiniLmEncoder()


def test_words_of_one_meaning_are_near_and_others_far(encoder: MiniLmEncoder) -> None:
    sofa, couch, shark = encoder.encode_words(["a sofa", "a couch", "a shark"])

    assert sofa @ couch > 0.7
    assert sofa @ shark < 0.4


def test_vectors_have_unit_length(encoder: MiniLmEncoder) -> None:
    vectors = encoder.encode_words(["red shoes", "x", "a much longer sentence about a lighthouse at night"])

    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_order_is_kept_whatever_the_lengths(encoder: MiniLmEncoder) -> None:
    texts = ["a cat", "word " * 90, "a dog", "word " * 40, "an owl " * 10]

    together = encoder.encode_words(texts)
    alone = np.concatenate([encoder.encode_words([text]) for text in texts])

    # int8 activations are scaled per call, so a neighbour moves a vector a little.
    assert ((together * alone).sum(axis=1) > 0.99).all()


def test_empty_and_blank_texts_give_zeros(encoder: MiniLmEncoder) -> None:
    vectors = encoder.encode_words(["", "  ", "a cat"])

    assert not vectors[:2].any()
    assert vectors[2].any()


def test_no_texts_give_no_vectors(encoder: MiniLmEncoder) -> None:
    assert encoder.encode_words([]).shape == (0, 384)


def test_text_is_read_up_to_the_limit(encoder: MiniLmEncoder) -> None:
    start = "cat " * (MAX_TOKENS - 2)

    short, long = encoder.encode_words([start, start + "submarine " * 50])

    assert short @ long > 0.999


def test_any_characters_are_taken(encoder: MiniLmEncoder) -> None:
    vectors = encoder.encode_words(["ein Stuhl 🪑", "椅子", "\x00\ufffd"])

    assert np.isfinite(vectors).all()
