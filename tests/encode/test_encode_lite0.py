"""The built-in picture encoder: conversion, int8, cache, and what its vectors say."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bowerbird.core.errors import MissingModelError
from bowerbird.encode.lite0 import Lite0Encoder, weights_path
from bowerbird.encode.preprocess import network_input
from bowerbird.encode.session import checked_file
from bowerbird.encode.torch_file import read_tensors


@pytest.fixture(scope="module")
def encoder(models_dir: Path) -> Lite0Encoder:
    return Lite0Encoder(models_dir)


def scenes(count: int) -> list[np.ndarray]:
    """Smooth coloured blobs and stripes: different enough to be told apart, the same in every run."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:160, 0:200] / 160
    made = []
    for _ in range(count):
        a, b, c = rng.uniform(1, 30, 3)
        bands = np.stack([np.sin(a * x + c), np.cos(b * y), np.sin(c * (x + y))], axis=-1)
        made.append(((bands + 1) * 127).astype(np.uint8))
    return made


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left * right).sum(1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)


def test_int8_network_says_nearly_the_same_as_float(models_dir: Path, encoder: Lite0Encoder) -> None:
    pictures = scenes(12)

    exact = Lite0Encoder(models_dir, precision="float32").encode_pictures(pictures)
    rounded = encoder.encode_pictures(pictures)

    assert cosines(exact, rounded).mean() > 0.97
    assert exact.shape == (12, 1280)


def test_precisions_never_share_a_stamp(models_dir: Path, encoder: Lite0Encoder) -> None:
    exact = Lite0Encoder(models_dir, precision="float32")

    assert exact.stamp.text != encoder.stamp.text


def test_stamp_is_the_same_in_every_models_folder(tmp_path: Path, encoder: Lite0Encoder) -> None:
    assert Lite0Encoder(tmp_path).stamp == encoder.stamp


def test_batch_and_single_pictures_give_the_same_vectors(encoder: Lite0Encoder) -> None:
    pictures = scenes(3)

    together = encoder.encode_pictures(pictures)
    alone = np.concatenate([encoder.encode_pictures([picture]) for picture in pictures])

    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_threads_share_one_session(encoder: Lite0Encoder) -> None:
    pictures = scenes(8)
    expected = encoder.encode_pictures(pictures)

    with ThreadPoolExecutor(4) as threads:
        rows = list(threads.map(lambda picture: encoder.encode_pictures([picture])[0], pictures))

    np.testing.assert_allclose(np.stack(rows), expected, atol=1e-4)


def test_no_pictures_give_no_vectors(encoder: Lite0Encoder) -> None:
    assert encoder.encode_pictures([]).shape == (0, 1280)


def test_tiny_and_narrow_pictures_are_encoded(encoder: Lite0Encoder) -> None:
    vectors = encoder.encode_pictures([np.zeros((1, 1, 3), np.uint8), np.zeros((1, 900, 3), np.uint8)])

    assert np.isfinite(vectors).all()


def test_classifier_reads_the_weights_that_made_the_network(encoder: Lite0Encoder) -> None:
    assert encoder.classifier.rows.shape == (1000, 1280)
    assert encoder.classifier.bias.shape == (1000,)


def test_several_openers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        encoders = list(threads.map(lambda _: Lite0Encoder(tmp_path), range(4)))

    assert len({encoder.stamp for encoder in encoders}) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_padding_keeps_the_whole_picture_in_the_middle() -> None:
    black_and_wide = np.zeros((100, 200, 3), np.uint8)

    batch = network_input([black_and_wide], 224)

    assert batch.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(batch[0, :, 0, :], 1.0)
    np.testing.assert_allclose(batch[0, :, 112, :], -127 / 128)


def test_weights_with_other_bytes_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "weights.pth"
    changed.write_bytes(b"not the weights")

    with pytest.raises(MissingModelError, match="sha256"):
        checked_file(changed, sha256="0" * 64)


def test_pickle_that_asks_for_code_is_refused(tmp_path: Path) -> None:
    trap = tmp_path / "trap.pth"
    trap.write_bytes(pickle.dumps(Path("x")))

    with pytest.raises(MissingModelError, match="pathlib"):
        read_tensors(trap)


def test_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.pth"
    short.write_bytes(weights_path().read_bytes()[:100_000])

    with pytest.raises(MissingModelError, match="could not be read"):
        read_tensors(short)
