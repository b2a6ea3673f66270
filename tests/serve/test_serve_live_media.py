"""Which pictures may be shown: those of live items only."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from serve_lake import put

from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.serve.live_media import LiveMedia

ONE, TWO, THREE = (sha256(name).hexdigest() for name in (b"1", b"2", b"3"))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, "a", media=(ONE, TWO))
        put(lake, "b", media=(TWO,))
        yield lake


@pytest.fixture
def live(lake: Lake) -> LiveMedia:
    live = LiveMedia(lake)
    live.load()
    return live


def test_every_picture_of_a_live_item_is_held(live: LiveMedia) -> None:
    assert [live.holds(sha) for sha in (ONE, TWO, THREE)] == [True, True, False]


def test_picture_of_a_new_item_is_held_at_once(live: LiveMedia) -> None:
    live.add(THREE)

    assert live.holds(THREE)


def test_picture_goes_with_the_last_item_that_shows_it(live: LiveMedia) -> None:
    live.drop(ONE)
    live.drop(TWO)

    assert not live.holds(ONE)
    assert live.holds(TWO)


def test_reading_anew_agrees_with_the_lake(live: LiveMedia, lake: Lake) -> None:
    live.drop(ONE)
    delete_items(lake, ["a", "b"])
    put(lake, "c", media=(THREE,))
    live.add(THREE)

    assert live.load() == 1
    assert [live.holds(sha) for sha in (ONE, TWO, THREE)] == [False, False, True]


def test_empty_lake_holds_nothing(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "empty", create=True) as lake:
        live = LiveMedia(lake)

        assert live.load() == 0
        assert not live.holds(ONE)
