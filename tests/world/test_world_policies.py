import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.items import make_items
from bowerbird.world.log import rows
from bowerbird.world.policies import (
    Asked,
    ChangingPolicy,
    ExploringPolicy,
    PopularPolicy,
    RandomPolicy,
    SimilarPolicy,
    best,
    different,
    rank_in_group,
)
from bowerbird.world.world import make_world

ITEMS = make_items(WorldConfig(items=ItemsConfig(count=40, topics=5)))


def asked(people: int, limit: int = 4, live: int = 40) -> Asked:
    who = np.arange(people)
    return Asked(who, np.zeros(people, np.int64), np.zeros((people, live), np.bool_), limit)


def saved(persons: list[int], items: list[int]) -> object:
    return rows(
        len(items), persons=np.array(persons), items=np.array(items), actions=ACTION_CODES[Action.SAVE]
    )


def test_random_places_hold_each_item_as_often_as_the_propensity_says() -> None:
    slates = RandomPolicy(1).slates(asked(20_000))

    for place in range(4):
        shares = np.bincount(slates.items[:, place], minlength=40) / 20_000
        np.testing.assert_allclose(shares, 1 / 40, atol=5 * np.sqrt(1 / 40 / 20_000))
    assert (slates.propensities == np.float32(1 / 40)).all()


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_explored_places_hold_each_item_as_often_as_the_propensity_says(share: float) -> None:
    policy = ExploringPolicy(PopularPolicy(ITEMS), share, seed=3)

    slates = policy.slates(asked(20_000))

    usual = PopularPolicy(ITEMS).slates(asked(1)).items[0]
    for place in range(4):
        shares = np.bincount(slates.items[:, place], minlength=40) / 20_000
        expected = np.where(np.isin(np.arange(40), usual), 0.0, share / 36)
        expected[usual[place]] = 1 - share
        np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(0.25 / 20_000))
        told = dict(zip(slates.items[:, place], slates.propensities[:, place], strict=True))
        assert all(abs(chance - expected[item]) < 1e-6 for item, chance in told.items())


def test_inverse_propensities_estimate_what_another_policy_would_have_got() -> None:
    """Clicks of a log that knows its chances, weighted, are the clicks of the other policy on average."""
    rng = np.random.default_rng(5)
    clicks = rng.random(40) * 0.3
    log = ExploringPolicy(PopularPolicy(ITEMS), 0.5, seed=9).slates(asked(40_000))
    clicked = rng.random(log.items.shape) < clicks[log.items]
    target = np.array([7, 21, 30, 25])  # of another policy, place by place; none is on the usual page

    weights = (log.items == target[None, :]) / log.propensities
    estimate = (weights * clicked).mean(axis=0)

    np.testing.assert_allclose(estimate, clicks[target], atol=5 * np.sqrt(0.3 * 72 / 40_000))


def test_popular_uses_today_what_was_liked_until_yesterday() -> None:
    policy = PopularPolicy(ITEMS)
    policy.observe(saved([0, 1, 2], [9, 9, 4]))

    before = policy.slates(asked(1)).items[0].tolist()
    policy.end_day()

    assert before == [0, 1, 2, 3]
    assert policy.slates(asked(1)).items[0].tolist()[:2] == [9, 4]


def test_similar_shows_one_topic_and_diverse_several() -> None:
    liked = np.flatnonzero(ITEMS.topics == 2)[:3].tolist()
    greedy, diverse = SimilarPolicy(ITEMS, 1), SimilarPolicy(ITEMS, 1, variety=0.5)
    for policy in (greedy, diverse):
        policy.observe(saved([0, 0, 0], liked))

    pages = [policy.slates(asked(1, limit=5)).items[0] for policy in (greedy, diverse)]

    assert (ITEMS.topics[pages[0]] == 2).sum() >= 4
    assert len(np.unique(ITEMS.topics[pages[1]])) >= 4
    assert pages[0][0] == pages[1][0]


def test_what_was_shown_comes_again_only_when_nothing_else_is_left() -> None:
    ask = asked(1, limit=3)
    ask.shown[0, :38] = True
    policy = SimilarPolicy(ITEMS, 1)
    policy.observe(saved([0], [0]))

    page = policy.slates(ask).items[0]

    assert set(page[:2].tolist()) == {38, 39}


def test_change_happens_on_its_day() -> None:
    policy = ChangingPolicy(PopularPolicy(ITEMS), RandomPolicy(2), 2)
    pages = []
    for _ in range(3):
        pages.append(policy.slates(asked(1)).items[0].tolist())
        policy.end_day()

    assert pages[0] == pages[1] == [0, 1, 2, 3]
    assert pages[2] != pages[0]


def test_a_policy_that_is_not_there_is_told() -> None:
    world = make_world(WorldConfig(people=PeopleConfig(count=2), items=ItemsConfig(count=30)))

    with pytest.raises(InputError, match="one of random, popular, similar, diverse, oracle"):
        policy_of("magic", world)


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 30), st.data())
def test_best_is_what_sorting_gives_ties_too(count: int, width: int, data: st.DataObject) -> None:
    scores = np.array(
        [[data.draw(st.integers(0, 4)) for _ in range(width)] for _ in range(count)], dtype=np.float32
    )
    limit = data.draw(st.integers(1, width))

    np.testing.assert_array_equal(best(scores, limit), np.argsort(-scores, axis=1, kind="stable")[:, :limit])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20))
def test_rank_in_group_counts_those_before(groups: list[int]) -> None:
    found = rank_in_group(np.array([groups]))[0].tolist()

    assert found == [groups[:place].count(group) for place, group in enumerate(groups)]


@given(st.integers(1, 5), st.integers(1, 60), st.data())
def test_different_gives_no_item_twice(count: int, live: int, data: st.DataObject) -> None:
    limit = data.draw(st.integers(1, live))

    found = different(np.random.default_rng(1), count, live, limit)

    assert all(len(set(row)) == limit for row in found.tolist())
    assert found.max() < live
