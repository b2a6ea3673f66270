"""The page for overload: the newest items, hides respected, and a way back to the feed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_lake import put

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.filters import Eq
from bowerbird.core.request import FeedRequest
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.serve.fallback import CURSOR, DEGRADED, NewestItems


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, "old", "newer", "newest")
        yield lake


@pytest.fixture
def newest(lake: Lake) -> NewestItems:
    made = NewestItems(Catalogue.open(lake), lake.online)
    made.refresh()
    return made


def numbers(newest: NewestItems, **given: object) -> list[int]:
    page = newest.page(FeedRequest("p", 10, 1_000, **given))  # type: ignore[arg-type]
    return [each.number for each in page.placements]


def test_newest_items_come_first_and_the_page_says_that_it_is_degraded(newest: NewestItems) -> None:
    page = newest.page(FeedRequest("p", 2, 1_000))

    assert [each.number for each in page.placements] == [2, 1]
    assert page.degraded == (DEGRADED,)
    assert page.cursor == CURSOR


def test_hidden_items_stay_away(newest: NewestItems, lake: Lake) -> None:
    lake.online.push("p", [2], [ACTION_CODES[Action.HIDE]], 1)

    assert numbers(newest) == [1, 0]


def test_seen_items_come_after_unseen_ones(newest: NewestItems, lake: Lake) -> None:
    lake.online.mark_seen("p", [2], 1)

    assert numbers(newest) == [1, 0, 2]


def test_filter_is_kept(newest: NewestItems) -> None:
    assert numbers(newest, where=Eq("id", "old")) == [0]


def test_cursor_of_the_feed_is_given_back(newest: NewestItems) -> None:
    assert newest.page(FeedRequest("p", 2, 1_000, cursor="there")).cursor == "there"


def test_deleted_item_is_gone_before_the_next_refresh(tmp_path: Path, lake: Lake) -> None:
    catalogue = Catalogue.open(lake)
    newest = NewestItems(catalogue, lake.online)
    newest.refresh()

    delete_items(lake, ["newest"])
    catalogue.refresh()

    assert numbers(newest) == [1, 0]


def test_empty_catalogue_gives_an_empty_page(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "empty", create=True) as lake:
        newest = NewestItems(Catalogue.open(lake), lake.online)
        newest.refresh()

        assert numbers(newest) == []
