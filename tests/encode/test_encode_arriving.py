"""Pictures that are encoded while an import brings them in."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.encode import Encoders
from bowerbird.encode.arriving import ArrivingPictures
from bowerbird.encode.job import encode_missing
from bowerbird.encode.stored import picture_table
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.lake import Lake

ONE = ImportOptions(workers=1)


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(1)
    for number in range(140):  # more than the first batch of an import
        pixels = rng.integers(0, 255, (9, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((120, 90)).save(made / f"{number}.jpg")
    return made


def vectors_of(lake: Lake, encoders: Encoders) -> dict[str, list[float]]:
    stored = picture_table(lake, encoders).read(["key", "vector"])
    return dict(zip(stored["key"].to_pylist(), stored["vector"].to_pylist(), strict=True))


def test_arriving_pictures_have_the_vectors_that_the_job_would_make(
    tmp_path: Path, folder: Path, encoders: Encoders
) -> None:
    with Lake.open(tmp_path / "after", create=True) as lake:
        import_source(lake, folder, ONE)
        encode_missing(lake, encoders)
        expected = vectors_of(lake, encoders)

    with Lake.open(tmp_path / "along", create=True) as lake:
        with ArrivingPictures(lake, encoders) as arriving:
            import_source(lake, folder, ONE, on_new_pictures=arriving.take)
        left = encode_missing(lake, encoders)
        made = vectors_of(lake, encoders)

    assert (arriving.encoded, left.pictures) == (140, 0)
    assert made == expected


def test_pictures_that_the_lake_has_do_not_arrive_again(
    tmp_path: Path, folder: Path, encoders: Encoders
) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        import_source(lake, folder, ONE)

        with ArrivingPictures(lake, encoders) as arriving:
            import_source(lake, folder, ONE, on_new_pictures=arriving.take)

        assert arriving.encoded == 0
        assert encode_missing(lake, encoders).pictures == 140


def test_import_that_stops_leaves_the_rest_to_the_job(
    tmp_path: Path, folder: Path, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bowerbird.encode.arriving._PICTURES_WAITING", 8)
    with Lake.open(tmp_path / "lake", create=True) as lake:
        arriving = ArrivingPictures(lake, encoders)

        def stop_after_first_batch(pictures):
            arriving.take(pictures)
            raise StoppedError

        with pytest.raises(StoppedError), arriving:
            import_source(lake, folder, ONE, on_new_pictures=stop_after_first_batch)
        stored = len(vectors_of(lake, encoders))
        import_source(lake, folder, ONE)
        left = encode_missing(lake, encoders)

    assert 0 < arriving.encoded == stored < 140
    assert stored + left.pictures == 140


def test_encoder_that_fails_fails_the_import(tmp_path: Path, folder: Path, encoders: Encoders) -> None:
    class Broken:
        stamp, width = encoders.pictures.stamp, encoders.pictures.width

        def encode_pictures(self, pictures):
            raise StoppedError

    broken = Encoders(Broken(), encoders.words)  # type: ignore[arg-type]
    with (
        Lake.open(tmp_path / "lake", create=True) as lake,
        pytest.raises(StoppedError),
        ArrivingPictures(lake, broken) as arriving,
    ):
        import_source(lake, folder, ONE, on_new_pictures=arriving.take)
