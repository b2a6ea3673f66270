"""Each setting of the world moves what it says that it moves."""

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.behaviour import appeal_of, chances_of, examination, outcomes
from bowerbird.world.config import DAY_MS, BehaviourConfig, ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.items import make_item_truth, make_items
from bowerbird.world.moments import gini
from bowerbird.world.people import make_people
from bowerbird.world.visits import is_visit, visits_of, weekday_factor
from bowerbird.world.world import World, make_world

PEOPLE, ITEMS = 300, 400
Measure = Callable[[World], float]


def world_of(days: int = 0, **knobs: float) -> World:
    """A fresh world, some days later, with these settings, wherever they belong."""
    parts = {"people": PeopleConfig, "items": ItemsConfig, "behaviour": BehaviourConfig}
    given: dict[str, dict[str, float]] = {
        "people": {"count": PEOPLE},
        "items": {"count": ITEMS, "topics": 10},
    }
    for name, value in knobs.items():
        where, _, field = name.partition("__")
        given.setdefault(where, {})[field] = value
    made = WorldConfig(days=30, **{name: parts[name](**values) for name, values in given.items()})
    world = make_world(made)
    world.go_to(days)
    return world


def everything(world: World) -> tuple[np.ndarray, np.ndarray]:
    who = np.arange(len(world.people))
    return who, np.broadcast_to(np.arange(len(world.items)), (len(who), len(world.items)))


def appeal(world: World) -> np.ndarray:
    return appeal_of(world, *everything(world)).log_odds


def chance(name: str) -> Measure:
    def measured(world: World) -> float:
        who, items = everything(world)
        return float(getattr(chances_of(world, who, items, appeal_of(world, who, items)), name).mean())

    return measured


def tired(world: World) -> World:
    world.state.tired[:] = 100.0
    return world


def visits(world: World) -> np.ndarray:
    return np.array(
        [
            is_visit(visits_of(day, world.config, world.people_truth, world.state)).sum(axis=1)
            for day in range(14)
        ]
    )


def mean_depth(world: World) -> float:
    return float(examination(world, np.arange(len(world.people)), 40).mean())


def left_after(days: int, mood: float) -> Measure:
    def measured(world: World) -> float:
        world.state.mood[:] = mood
        world.go_to(days)
        return float(world.state.is_gone.mean())

    return measured


def drifted(world: World) -> float:
    fresh = make_world(world.config).people_truth.interests
    return 1 - float((fresh * world.people_truth.interests).sum(axis=2).mean())


def blind_clicks(world: World) -> float:
    """Close-ups of what stands first by people who like nothing."""
    who, items = np.arange(len(world.people)), np.tile(np.arange(20), (len(world.people), 1))
    world.item_truth.quality[:] = -9.0
    at = np.full(len(who), world.config.start_ms)
    return float(outcomes(world, who, items, np.arange(20), at).closeup[:, :4].mean())


def organic(world: World) -> float:
    who, items = everything(world)
    days = [world.config.start_ms + day * DAY_MS for day in range(20)]
    found = [outcomes(world, who, items, np.arange(ITEMS), np.full(len(who), at)) for at in days]
    return float(np.mean([each.purchase_anyway.mean() for each in found]))


def nearest_cosine(world: World) -> float:
    return float((world.items.vectors * world.item_truth.middles[world.items.topics]).sum(axis=1).mean())


def interest_cosine(world: World) -> float:
    people, truth = world.people_truth, world.item_truth
    return float((people.interests * truth.middles[people.interest_topics]).sum(axis=2).mean())


def winter_and_summer(world: World) -> float:
    return float(np.abs(world.item_truth.season(20.0) - world.item_truth.season(200.0)).mean())


MOVES: dict[str, tuple[Measure, float, float, int]] = {
    "items__closeness": (nearest_cosine, 0.5, 0.9, 0),
    "items__topic_skew": (lambda world: gini(np.bincount(world.items.topics)), 0.0, 1.2, 0),
    "items__quality_spread": (lambda world: float(world.item_truth.quality.std()), 0.1, 1.0, 0),
    "items__arriving_share": (lambda world: float((world.items.born_day > 0).mean()), 0.1, 0.5, 0),
    "items__season_height": (winter_and_summer, 0.1, 1.0, 0),
    "items__price_median_usd": (lambda world: float(np.median(world.items.price_micros)), 10.0, 50.0, 0),
    "items__price_spread": (lambda world: float(np.log(world.items.price_micros).std()), 0.2, 1.0, 0),
    "items__owners": (lambda world: float(len(np.unique(world.items.owners))), 3, 100, 0),
    "people__closeness": (interest_cosine, 0.5, 0.95, 0),
    "people__fading": (lambda world: float(world.people_truth.weights[:, -1].mean()), 0.4, 0.9, 0),
    "people__drift": (drifted, 0.0, 0.2, 5),
    "people__new_interest_share": (lambda world: float(world.people_truth.generations.mean()), 0.0, 0.3, 5),
    "people__sessions_a_day": (lambda world: float(visits(world).mean()), 0.3, 2.0, 0),
    "people__activity_spread": (lambda world: gini(visits(world).sum(axis=0)), 0.1, 1.5, 0),
    "people__weekend": (lambda world: visits(world)[[5, 6, 12, 13]].sum() / visits(world).sum(), 0.8, 2.0, 0),
    "people__patience": (mean_depth, 0.6, 0.95, 0),
    "people__phone_share": (lambda world: -float(world.people.columns.mean()), 0.1, 0.9, 0),
    "people__taste_for_price": (lambda world: -float(appeal(world).mean()), 0.0, 1.0, 0),
    "behaviour__sharpness": (lambda world: float(appeal(world).std()), 1.0, 6.0, 0),
    "behaviour__match_spread": (lambda world: float(appeal(world).std()), 0.0, 3.0, 0),
    "behaviour__closeup": (chance("closeup"), -3.0, -1.0, 0),
    "behaviour__click": (chance("click"), -4.0, -2.0, 0),
    "behaviour__long_click": (chance("long_click"), -1.0, 1.0, 0),
    "behaviour__save": (chance("save"), -5.0, -2.0, 0),
    "behaviour__hide": (chance("hide"), -8.0, -4.0, 0),
    "behaviour__purchase": (chance("purchase"), -5.0, -2.0, 0),
    "behaviour__trust": (blind_clicks, 0.0, 0.2, 0),
    "behaviour__column_loss": (lambda world: -mean_depth(world), 0.0, 0.2, 0),
    "behaviour__satiation": (lambda world: -float(appeal(tired(world)).mean()), 0.0, 1.0, 0),
    "behaviour__satiation_at": (lambda world: float(appeal(tired(world)).mean()), 10.0, 100.0, 0),
    "behaviour__boredom": (lambda world: chance("hide")(tired(world)), 0.0, 2.0, 0),
    "behaviour__organic_purchase": (organic, 0.0, 0.05, 0),
    "behaviour__leaving": (left_after(10, 1.0), 0.0, 0.05, 0),
    "behaviour__mood_leaving": (left_after(10, 0.3), 0.0, 4.0, 0),
}  # fmt: skip


@pytest.mark.parametrize("knob", list(MOVES))
def test_more_of_a_setting_is_more_of_what_it_says(knob: str) -> None:
    measure, low, high, days = MOVES[knob]

    assert measure(world_of(days, **{knob: high})) > measure(world_of(days, **{knob: low}))


def test_tiredness_fades_by_half_in_its_half_life() -> None:
    world = tired(world_of(behaviour__satiation_half_life_days=3.0))

    world.go_to(3)

    np.testing.assert_allclose(world.state.tired, 50.0, rtol=1e-4)


def test_seen_items_appeal_less_each_time_and_saved_ones_are_not_saved_again() -> None:
    world = world_of(behaviour__repeat=0.7)
    before = appeal(world)
    world.state.seen[:, 3] = 2
    world.state.has_saved[:, 5] = True
    who, items = everything(world)

    after = appeal_of(world, who, items)

    np.testing.assert_allclose(before[:, 3] - after.log_odds[:, 3], 1.4, atol=1e-4)
    assert (chances_of(world, who, items, after).save[:, 5] == 0).all()


def test_a_session_about_an_interest_makes_it_count_more() -> None:
    world = world_of(behaviour__intent=0.5)
    who, items = everything(world)
    about_last = np.full(len(who), world.config.people.interests - 1)

    difference = appeal_of(world, who, items, about_last).log_odds - appeal_of(world, who, items).log_odds

    assert (difference > 0.5).any(axis=1).mean() > 0.5


def test_contented_people_come_more_often_and_look_further() -> None:
    glad, glum = world_of(), world_of()
    glad.state.mood[:], glum.state.mood[:] = 2.0, 0.2

    assert visits(glad).sum() > 1.5 * visits(glum).sum()
    assert mean_depth(glad) > mean_depth(glum)
    assert (visits(glad) >= visits(glum)).all()  # the same luck: nobody comes less often for being glad


def test_mood_goes_a_step_towards_what_a_session_was_worth() -> None:
    world = world_of(behaviour__mood_step=0.5, behaviour__usual_reward=0.1)
    who = np.array([0, 1, 2])

    world.state.feel(who, np.array([4.0, 0.0, 0.0]), np.array([20.0, 20.0, 0.0]), world.config.behaviour)

    np.testing.assert_allclose(world.state.mood[:3], [1.5, 0.5, 1.0], atol=1e-6)


def test_what_is_bought_when_shown_includes_what_is_bought_anyway() -> None:
    world = world_of(behaviour__organic_purchase=0.3)
    who, items = everything(world)

    found = outcomes(world, who, items, np.arange(ITEMS), np.full(len(who), world.config.start_ms))

    assert found.purchase_anyway.sum() > 100
    assert (found.purchase >= found.purchase_anyway).all()
    assert (found.purchase & ~found.purchase_anyway).any()
    assert (found.purchase & ~found.purchase_anyway <= found.click).all()


def test_what_would_have_happened_does_not_hang_on_what_else_is_asked() -> None:
    world = world_of()
    who, items = everything(world)
    at = np.full(len(who), world.config.start_ms + 5_000)
    whole = outcomes(world, who, items, np.arange(ITEMS) % 4, at)

    part = outcomes(world, who[7:9], items[7:9, 30:35], np.arange(30, 35) % 4, at[7:9])

    for name in ("examined", "closeup", "click", "save", "hide", "purchase", "purchase_anyway", "dwell_ms"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[7:9, 30:35], err_msg=name)


def test_weekdays_share_out_the_same_week() -> None:
    config = WorldConfig(people=PeopleConfig(weekend=2.0))

    assert sum(weekday_factor(config, day) for day in range(7)) == pytest.approx(7.0)


def test_what_is_examined_is_as_often_as_the_chance_says() -> None:
    world = world_of()
    who = np.arange(PEOPLE)
    items = np.tile(np.arange(30), (PEOPLE, 1))
    expected = examination(world, who, 30).mean(axis=0)

    times = [world.config.start_ms + turn * 7_777_777 for turn in range(150)]
    found = np.mean(
        [
            outcomes(world, who, items, np.arange(30), np.full(PEOPLE, at)).examined.mean(axis=0)
            for at in times
        ],
        axis=0,
    )

    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": {"phone_share": 0.9, "tablet_share": 0.2}},
        {"items": {"count": 10}, "slate": 11},
        {"people": {"count": 1_000_000}, "items": {"count": 5_000}},
        {"people": {"patience": 1.0}},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WorldConfig.model_validate(wrong)


def test_items_made_and_people_made_hang_on_the_seed_alone() -> None:
    config = WorldConfig(people=PeopleConfig(count=50), items=ItemsConfig(count=100))
    items = make_items(config)

    again = make_items(config)

    np.testing.assert_array_equal(items.vectors, again.vectors)
    truth = make_item_truth(config, items)
    np.testing.assert_array_equal(
        make_people(config, items, truth)[1].interests, make_people(config, items, truth)[1].interests
    )
    assert ACTION_CODES[Action.IMPRESSION] == 0
