"""What the feed and related items tell the request log of their pages, and the randomised slice."""

import numpy as np
import pytest
from small_world import World

from bowerbird.core.actions import Action
from bowerbird.core.request import RelatedRequest
from bowerbird.lake.request_log import RequestRecord
from bowerbird.rank import FEATURES, RankConfig, value
from bowerbird.surfaces.feed import FeedConfig, HomeFeed, RelatedItems
from bowerbird.surfaces.feed.drawing import POOL_PAGES, RANDOM_POLICY, drawn, is_drawn


def feed_of(world: World, told: list[RequestRecord] | None, share: float = 0.0) -> HomeFeed:
    return HomeFeed(
        world.catalogue, world.indexes, world.lake.online, world.saved_numbers,
        world.lake.records.saves.savers_since, world.signer,
        FeedConfig(random_share=share, exploring_slots=()),
        log_request=None if told is None else told.append,
    )  # fmt: skip


def test_record_of_a_page_says_what_was_shown_and_what_was_not(world: World) -> None:
    told: list[RequestRecord] = []
    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    page = feed_of(world, told)(world.feed_request())

    (record,) = told
    assert [int(n) for n in record.numbers[record.shown]] == [each.number for each in page.placements]
    assert [record.reason_names[code] for code in record.reasons[record.shown]] == [
        each.reason.kind for each in page.placements
    ]
    assert [record.source_names[code] for code in record.sources[record.shown]] == [
        each.source for each in page.placements
    ]
    assert len(record.numbers) > len(page.placements)
    assert record.features.shape == (len(record.numbers), len(FEATURES))
    np.testing.assert_allclose(value(record.features, RankConfig()), record.values, rtol=1e-6)
    assert set(record.propensities[record.shown].tolist()) == {1.0}
    assert (record.request_id, record.person_id, record.models) == ("req_1", "ann", page.models)


def test_page_is_the_same_with_a_log_and_without(world: World) -> None:
    world.act("ann", Action.SAVE, "red-vase-1")
    with_log, without = feed_of(world, []), feed_of(world, None, share=1.0)
    first, other = with_log(world.feed_request()), without(world.feed_request())
    assert first.placements == other.placements


def test_related_items_tell_what_they_are_about(world: World) -> None:
    told: list[RequestRecord] = []
    related = RelatedItems(
        world.catalogue, world.indexes, world.lake.online, world.signer, log_request=told.append
    )
    number = world.number("red-vase-1")
    page = related(RelatedRequest("ann", number, 6, world.clock.now_ms()))

    (record,) = told
    assert record.about == number
    assert record.surface == "related"
    assert [int(n) for n in record.numbers[record.shown]] == [each.number for each in page.placements]


def test_slice_has_its_share_of_pages_and_logs_true_chances(world: World) -> None:
    share = np.mean([is_drawn(seed, 0.05) for seed in range(20_000)])
    assert share == pytest.approx(0.05, abs=0.006)
    told: list[RequestRecord] = []
    feed = feed_of(world, told, share=1.0)
    world.act("ann", Action.SAVE, "red-vase-1")
    feed(world.feed_request(limit=5))

    (record,) = told
    assert record.policy_id == RANDOM_POLICY
    assert set(record.propensities[record.shown].tolist()) == {np.float32(1 / (POOL_PAGES * 5))}
    assert (record.shown < POOL_PAGES * 5).all()  # of the best; the log has candidates in order of value


def test_each_slot_is_as_likely_for_each_of_the_pool_as_the_log_says() -> None:
    count, limit, draws = 12, 4, 6_000
    met = np.zeros((limit, count))
    for seed in range(draws):
        filled = drawn(count, limit, seed)
        assert len(set(filled.rows.tolist())) == limit
        met[np.arange(limit), filled.rows] += 1
    chance = 1 / 12
    assert filled.chances.tolist() == [np.float32(chance)] * limit
    deviation = (met - draws * chance) / np.sqrt(draws * chance * (1 - chance))
    assert np.abs(deviation).max() < 4.5
