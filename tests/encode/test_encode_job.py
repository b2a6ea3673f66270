"""The encode job and the space over a real lake."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode import EncodeConfig, Encoders
from bowerbird.encode.job import encode_missing, fit_space, item_vectors, load_space
from bowerbird.encode.lite0 import Lite0Encoder
from bowerbird.encode.stored import picture_table, words_table
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake


class StoppedError(Exception):
    pass


def all_vectors(lake, encoders, space, numbers=None):
    parts = list(item_vectors(lake, encoders, space, numbers))
    found = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
    order = np.argsort(found)
    return (
        found[order],
        np.concatenate([part[1].look for part in parts])[order],
        np.concatenate([part[1].words for part in parts])[order],
    )


def test_job_encodes_everything_once(shapes_lake: Lake, encoders: Encoders) -> None:
    first = encode_missing(shapes_lake, encoders)
    again = encode_missing(shapes_lake, encoders)

    assert (first.pictures, first.words, first.skipped) == (64, 16, 0)
    assert (again.pictures, again.words) == (0, 0)


def test_every_vector_carries_its_stamp(shapes_lake: Lake, encoders: Encoders) -> None:
    encode_missing(shapes_lake, encoders)

    rows = picture_table(shapes_lake, encoders).read(["encoder", "version", "preprocessing_hash"])

    stamp = encoders.pictures.stamp
    assert set(rows["encoder"].to_pylist()) == {stamp.name}
    assert set(rows["version"].to_pylist()) == {stamp.version}
    assert set(rows["preprocessing_hash"].to_pylist()) == {stamp.preprocessing_hash}


def test_job_that_was_stopped_goes_on_where_it_was(
    shapes_lake: Lake, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bowerbird.encode.job.ROWS_A_WRITE", 16)

    def stop(kind: str, done: int) -> None:
        if done >= 32:
            raise StoppedError

    with pytest.raises(StoppedError):
        encode_missing(shapes_lake, encoders, stop)
    stored = picture_table(shapes_lake, encoders).count()
    rest = encode_missing(shapes_lake, encoders)

    assert stored == 32
    assert rest.pictures == 32


def test_new_words_of_an_item_are_encoded_anew(lake: Lake, encoders: Encoders, put, draw) -> None:
    put(lake, {"one": (draw("circle", "red", 40), "a red circle")})
    encode_missing(lake, encoders)
    space = fit_space(lake, encoders)
    before = all_vectors(lake, encoders, space)[2]

    put(lake, {"one": (draw("circle", "red", 40), "a sleeping dog")})
    report = encode_missing(lake, encoders)
    after = all_vectors(lake, encoders, space)[2]

    assert report.words == 1
    assert float(before[0] @ after[0]) < 0.9


def test_threads_give_what_one_thread_gives(lake: Lake, encoders: Encoders, put, draw) -> None:
    put(lake, {f"{size}": (draw("star", "blue", size), "") for size in range(20, 40)})
    encode_missing(lake, encoders, config=EncodeConfig(threads=4, batch_items=3))

    stored = picture_table(lake, encoders).read(["key", "vector"])
    by_key = dict(zip(stored["key"].to_pylist(), stored["vector"].to_pylist(), strict=True))
    media = lake.media.read(["id", "thumb"]).to_pylist()
    pixels = [np.asarray(Image.open(io.BytesIO(row["thumb"]))) for row in media]
    vectors = np.array([by_key[row["id"]] for row in media], dtype=np.float32)

    assert len(vectors) == 20
    np.testing.assert_allclose(vectors, encoders.pictures.encode_pictures(pixels), atol=0.01)


def test_items_come_with_unit_vectors_and_without_deleted_ones(shapes_lake: Lake, encoders: Encoders) -> None:
    encode_missing(shapes_lake, encoders)
    space = fit_space(shapes_lake, encoders)
    delete_items(shapes_lake, ["red-circle-30"])

    numbers, look, words = all_vectors(shapes_lake, encoders, space)

    assert len(numbers) == 63
    assert look.shape[1] == space.look_width
    assert words.shape[1] == space.words_width
    np.testing.assert_allclose(np.linalg.norm(look, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-4)


def test_a_few_numbers_give_the_same_vectors_as_all(shapes_lake: Lake, encoders: Encoders) -> None:
    encode_missing(shapes_lake, encoders)
    space = fit_space(shapes_lake, encoders)
    numbers, look, words = all_vectors(shapes_lake, encoders, space)

    some, some_look, some_words = all_vectors(
        shapes_lake, encoders, space, np.array([50, 3, 7, 9_999], dtype=np.int64)
    )

    assert some.tolist() == [3, 7, 50]
    np.testing.assert_allclose(some_look, look[np.isin(numbers, some)], atol=1e-5)
    np.testing.assert_allclose(some_words, words[np.isin(numbers, some)], atol=1e-5)


def test_items_lacking_picture_or_words_still_have_what_they_can(
    lake: Lake, encoders: Encoders, put, draw
) -> None:
    put(
        lake,
        {
            "bare": (None, ""),
            "said": (None, "a green bottle"),
            "seen": (draw("star", "green", 60), ""),
        },
    )
    encode_missing(lake, encoders)
    space = fit_space(lake, encoders)

    _, look, words = all_vectors(lake, encoders, space)

    assert look.any(axis=1).tolist() == [False, False, True]
    assert words.any(axis=1).tolist() == [False, True, True]


def test_space_is_loaded_as_it_was_fitted(shapes_lake: Lake, encoders: Encoders) -> None:
    encode_missing(shapes_lake, encoders)
    fitted = fit_space(shapes_lake, encoders)

    loaded = load_space(shapes_lake, encoders)

    assert loaded is not None
    assert loaded.stamp_text == fitted.stamp_text
    for one, other in itertools.pairwise(
        all_vectors(shapes_lake, encoders, space)[2] for space in (fitted, loaded)
    ):
        np.testing.assert_array_equal(one, other)


def test_fit_on_the_same_lake_gives_the_same_stamp(shapes_lake: Lake, encoders: Encoders) -> None:
    encode_missing(shapes_lake, encoders)

    assert fit_space(shapes_lake, encoders).stamp_text == fit_space(shapes_lake, encoders).stamp_text


def test_fit_on_more_items_gives_another_stamp(shapes_lake: Lake, encoders: Encoders, put, draw) -> None:
    encode_missing(shapes_lake, encoders)
    before = fit_space(shapes_lake, encoders).stamp_text
    put(shapes_lake, {"new": (draw("star", "yellow", 20), "a tiny yellow star")})
    encode_missing(shapes_lake, encoders)

    assert fit_space(shapes_lake, encoders).stamp_text != before


def test_space_of_other_encoders_is_refused(shapes_lake: Lake, encoders: Encoders, models_dir) -> None:
    encode_missing(shapes_lake, encoders)
    fit_space(shapes_lake, encoders)
    exact = Encoders(Lite0Encoder(models_dir, precision="float32"), encoders.words, models_dir=models_dir)

    with pytest.raises(IncompatibleEmbeddingError, match="encode run"):
        load_space(shapes_lake, exact)


def test_lake_without_a_fit_has_no_space(lake: Lake, encoders: Encoders) -> None:
    assert load_space(lake, encoders) is None


def test_empty_lake_can_be_fitted_and_searched(lake: Lake, encoders: Encoders) -> None:
    encode_missing(lake, encoders)

    space = fit_space(lake, encoders)
    query = space.words_of(encoders.words.encode_words(["a cat"]), ["a cat"])

    assert query.shape == (1, space.words_width)
    assert list(item_vectors(lake, encoders, space)) == []


def test_damaged_thumbnail_does_not_stop_the_job(lake: Lake, encoders: Encoders, put, draw) -> None:
    put(lake, {"good": (draw("star", "red", 50), "a star"), "bad": (draw("square", "red", 50), "a square")})
    bad = lake.items.take(["bad"], ["media_ids"])["media_ids"].to_pylist()[0][0]
    row = lake.media.take([bad], lake.media.spec.schema.names)
    at = row.schema.get_field_index("thumb")
    lake.media.upsert(row.set_column(at, row.schema.field(at), [[b"not a picture"]]))

    report = encode_missing(lake, encoders)

    assert (report.pictures, report.skipped) == (1, 1)
    assert words_table(lake, encoders).count() == 2
