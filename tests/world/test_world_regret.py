import itertools

import numpy as np
import pytest

from bowerbird.core.errors import InputError
from bowerbird.world.behaviour import examination
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.oracle import OraclePolicy, worths
from bowerbird.world.policies import Asked
from bowerbird.world.regret import regret_of
from bowerbird.world.simulation import simulate
from bowerbird.world.world import World, make_world


@pytest.fixture
def world() -> World:
    made = make_world(
        WorldConfig(people=PeopleConfig(count=30), items=ItemsConfig(count=200, topics=8), days=4)
    )
    simulate(made, policy_of("similar", made))
    return made


def asked(world: World, limit: int = 10) -> Asked:
    who = np.arange(len(world.people))
    return Asked(who, np.zeros(len(who), np.int64), np.zeros((len(who), len(world.items)), bool), limit)


def test_oracle_has_no_regret_and_others_have_some(world: World) -> None:
    ask = asked(world)
    oracle = regret_of(world, ask.who, OraclePolicy(world).slates(ask).items)
    others = {
        name: regret_of(world, ask.who, policy_of(name, world).slates(ask).items)
        for name in ("random", "popular")
    }

    np.testing.assert_allclose(
        oracle.regret / oracle.best, 0.0, atol=0.02
    )  # columns change the order a little
    for found in others.values():
        assert (found.regret >= 0).all()
        assert found.regret.mean() > 3 * oracle.regret.mean()
        assert (found.share <= 1 + 1e-9).all()


def test_no_order_of_a_small_catalogue_beats_the_best_page() -> None:
    world = make_world(
        WorldConfig(people=PeopleConfig(count=5), items=ItemsConfig(count=5, topics=2), slate=3, days=1)
    )
    who = np.arange(5)
    pages = np.array(list(itertools.permutations(range(5), 3)))

    found = np.array([regret_of(world, who, np.tile(page, (5, 1))).worth for page in pages])
    best = regret_of(world, who, np.tile(pages[0], (5, 1))).best

    np.testing.assert_allclose(found.max(axis=0), best, rtol=1e-4)


def test_empty_places_are_worth_nothing(world: World) -> None:
    nothing = regret_of(world, np.arange(4), np.full((4, 6), -1))

    assert (nothing.worth == 0).all()
    assert (nothing.regret == nothing.best).all()


def test_expected_worth_is_what_people_do_on_average(world: World) -> None:
    """The expectation that regret is counted in agrees with the frequency of what happens."""
    from bowerbird.world.behaviour import outcomes

    world.people_truth.trust[:] = 0.0  # clicks out of trust are worth nothing and not expected
    who = np.repeat(np.arange(30), 1)
    page = worths(world, who, 200).argsort(axis=1)[:, ::-1][:, :20].copy()
    expected = (examination(world, who, 20) * np.take_along_axis(worths(world, who, 200), page, axis=1)).sum()

    day = world.config.start_ms
    found = [
        outcomes(world, who, page, np.arange(20), np.full(30, day + turn * 86_400_000)).reward().sum()
        for turn in range(400)
    ]

    assert abs(np.mean(found) - expected) < 4 * np.std(found) / np.sqrt(len(found)) + 0.03 * expected


@pytest.mark.parametrize("page", [[0, 0, 1], [0, 1, 5_000]])
def test_page_that_cannot_be_is_refused(world: World, page: list[int]) -> None:
    with pytest.raises(InputError, match="needed are"):
        regret_of(world, np.array([0]), np.array([page]))
