"""Slots that try little-known items by chance, and slots that are given to ads."""

import numpy as np
import pytest
from small_world import World

from bowerbird.blend import Placement, Reason
from bowerbird.core.actions import Action
from bowerbird.core.request import FeedRequest
from bowerbird.lake.request_log import RequestRecord
from bowerbird.surfaces.feed import FeedConfig, HomeFeed
from bowerbird.surfaces.feed.exploring import tried
from bowerbird.surfaces.feed.types import AdsNow

SLOTS = (2, 5)


def feed_of(
    world: World,
    told: list[RequestRecord] | None = None,
    ads: AdsNow = lambda _request, _page, _slots: {},
) -> HomeFeed:
    return HomeFeed(
        world.catalogue, world.indexes, world.lake.online, world.saved_numbers,
        world.lake.records.saves.savers_since, world.signer, FeedConfig(exploring_slots=SLOTS),
        log_request=None if told is None else told.append, ads_now=ads,
    )  # fmt: skip


def ad(number: int, slot: int) -> Placement:
    return Placement(number, slot, "ad", "ads", 1.0, 1.0, Reason("explore", "Promoted"))


def test_each_of_the_pool_is_as_likely_in_each_slot_as_is_logged() -> None:
    is_open, draws = np.arange(30) % 2 == 0, 6_000
    met = np.zeros((8, 30))
    for seed in range(draws):
        found = tried(is_open, (3, 7), 8, 10, seed)
        assert len(set(found.row_at.values())) == 2
        for slot, row in found.row_at.items():
            met[slot, row] += 1
    pool = np.flatnonzero(is_open)[:10]
    assert found.chance == 1 / 10
    assert met[:, np.setdiff1d(np.arange(30), pool)].sum() == 0
    deviation = (met[[3, 7]][:, pool] - draws / 10) / np.sqrt(draws * 0.1 * 0.9)
    assert np.abs(deviation).max() < 4.5


@pytest.mark.parametrize(("slots", "limit", "count"), [((), 8, 9), ((9,), 8, 9), ((1,), 8, 0)])
def test_without_slots_or_candidates_nothing_is_tried(slots: tuple[int, ...], limit: int, count: int) -> None:
    found = tried(np.ones(count, bool), slots, limit, 10, 0)

    assert (found.row_at, found.chance) == ({}, 1.0)


def test_page_tries_in_its_slots_and_tells_the_log_the_true_chance(world: World) -> None:
    told: list[RequestRecord] = []
    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    page = feed_of(world, told)(world.feed_request())

    by_chance = [each for each in page.placements if each.propensity < 1]
    assert [each.position for each in by_chance] == list(SLOTS)
    assert {each.source for each in by_chance} <= {"fresh", "explore"}
    (record,) = told
    logged = {
        int(record.numbers[row]): float(record.propensities[row])
        for row in np.flatnonzero(record.propensities)
    }
    assert logged == pytest.approx({each.number: each.propensity for each in page.placements})


def test_without_a_log_nothing_is_drawn(world: World) -> None:
    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    page = feed_of(world)(world.feed_request())

    assert {each.propensity for each in page.placements} == {1.0}


def test_ads_stand_in_their_slots_are_on_no_other_and_leave_organic_order_alone(world: World) -> None:
    first, second = (world.number(name) for name in ("red-vase-5", "red-vase-6"))
    asked: list[tuple[int, int]] = []

    def ads(_request: FeedRequest, page: int, slots: int) -> dict[int, Placement]:
        asked.append((page, slots))
        return {0: ad(first, 0), 4: ad(second, 4)} if page == 0 else {}

    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    feed = feed_of(world, ads=ads)
    page = feed(world.feed_request(limit=8))

    assert [each.position for each in page.placements] == list(range(8))
    assert {each.position: each.number for each in page.placements if each.kind == "ad"} == {
        0: first,
        4: second,
    }
    assert page.cursor is not None
    after = feed(world.feed_request(limit=8, cursor=page.cursor))
    numbers = [each.number for each in (*page.placements, *after.placements)]
    assert len(set(numbers)) == len(numbers)
    assert asked == [(0, 8), (1, 8)]


def test_hidden_ad_is_not_shown(world: World) -> None:
    number = world.number("red-vase-5")
    world.act("ann", Action.HIDE, "red-vase-5")
    page = feed_of(world, ads=lambda _request, _page, _slots: {1: ad(number, 1)})(world.feed_request())

    assert number not in [each.number for each in page.placements]
