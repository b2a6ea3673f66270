import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.errors import InputError
from bowerbird.world.shop.catalogue import COLLECTION_ITEMS, first_of_group, recipe_of
from bowerbird.world.shop.colours import COLOURS
from bowerbird.world.shop.kinds import KINDS
from bowerbird.world.shop.materials import MATERIALS
from bowerbird.world.shop.recipe import CHANGEABLE, Recipe
from bowerbird.world.shop.room_plans import plan_of
from bowerbird.world.shop.studio import parts_of
from bowerbird.world.shop.words import PATTERN_WORDS, words_of

SEEDS = st.integers(0, 2**31 - 1)
INDEXES = st.integers(0, 9_999_999)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, index=INDEXES)
def test_a_recipe_holds_only_what_its_form_comes_in(seed: int, index: int) -> None:
    recipe = recipe_of(seed, index)
    form = KINDS[recipe.kind].forms[recipe.form]

    assert recipe == recipe_of(seed, index)
    assert recipe.index == index
    assert recipe.material in form.materials
    assert recipe.pattern == "plain" or recipe.pattern in form.patterns
    assert recipe.frame in (form.frames or ("",))
    assert recipe.colour == (MATERIALS[recipe.material].own_colour or recipe.colour)
    assert recipe.pattern == "plain" or MATERIALS[recipe.material].own_colour is None
    assert len({recipe.colour, recipe.second, recipe.accent}) == 3


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, index=INDEXES)
def test_a_variant_differs_from_the_first_of_its_group_in_the_named_attribute_alone(
    seed: int, index: int
) -> None:
    recipe = recipe_of(seed, index)
    first = recipe_of(seed, first_of_group(seed, index))

    different = {
        each.name
        for each in dataclasses.fields(Recipe)
        if getattr(recipe, each.name) != getattr(first, each.name)
    }

    assert first.changed == ""
    if recipe.changed:
        assert recipe.changed in CHANGEABLE
        assert different == {"index", "changed", recipe.changed}
    else:
        assert different == set()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, collection=st.integers(0, 10_000))
def test_a_collection_has_every_kind_one_brand_and_no_two_alike(seed: int, collection: int) -> None:
    recipes = [recipe_of(seed, collection * COLLECTION_ITEMS + at) for at in range(COLLECTION_ITEMS)]

    looks = {dataclasses.astuple(dataclasses.replace(each, index=0, changed="")) for each in recipes}

    assert {each.kind for each in recipes} == set(KINDS)
    assert len({(each.brand, each.style, each.palette) for each in recipes}) == 1
    assert len(looks) == COLLECTION_ITEMS


def test_every_form_material_pattern_and_change_comes_up() -> None:
    recipes = [recipe_of(3, index) for index in range(4_000)]

    assert {each.form for each in recipes} == {form for kind in KINDS.values() for form in kind.forms}
    assert {each.changed for each in recipes} == {"", *CHANGEABLE}
    assert {each.pattern for each in recipes} == {"plain", *PATTERN_WORDS}
    assert {each.material for each in recipes} | {each.frame for each in recipes} >= set(MATERIALS)


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS, index=INDEXES)
def test_words_name_no_colour_material_or_pattern_that_the_picture_lacks(seed: int, index: int) -> None:
    recipe = recipe_of(seed, index)
    words = words_of(seed, recipe, 30, 40)
    text = f" {words.title} {words.description} ".lower()
    for own in (
        recipe.collection.lower(),
        recipe.brand.lower(),
        recipe.form,
        recipe.material,
        recipe.frame or "–",
    ):
        text = text.replace(own, " ")

    shown = {recipe.colour} | ({recipe.second} if recipe.pattern != "plain" else set())
    for colour in shown:
        text = text.replace(colour, " ")
    leaked = [
        word for word in [*COLOURS, *MATERIALS] if f" {word} " in text.replace(",", " ").replace(".", " ")
    ]

    assert not leaked
    text = text.replace(PATTERN_WORDS.get(recipe.pattern, "–"), " ")
    named = {
        name for name, phrase in PATTERN_WORDS.items() if f" {name} " in text or f" {phrase} in " in text
    }
    assert named <= {recipe.pattern}
    assert not any(word in text for word in ("variant", "goes with", "photo", "room-"))
    assert words.price_cents > 0


def test_the_same_kind_of_item_is_described_in_several_ways() -> None:
    vases = [each for each in (recipe_of(1, index) for index in range(1_500)) if each.kind == "vase"]

    first_words = {words_of(1, each, 20, 30).description.split()[1] for each in vases}

    assert len({words_of(1, each, 20, 30).title.split(" ")[-1] for each in vases}) > 5
    assert len(first_words) > 5


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_form_in_every_size_is_whole_and_stands_or_hangs(kind: str, size: str) -> None:
    recipe = next(each for each in (recipe_of(5, index) for index in range(500)) if each.kind == kind)

    for form_name, form in KINDS[kind].forms.items():
        one = dataclasses.replace(
            recipe,
            form=form_name,
            size=size,
            material=form.materials[0],
            pattern="plain",
            frame=(form.frames or ("",))[0],
        )
        for seed in range(3):
            parts = parts_of(dataclasses.replace(one, shape_seed=seed))
            corners = np.concatenate([part.mesh.corners.reshape(-1, 3) for part in parts])

            assert np.isfinite(corners).all()
            assert all(
                np.isfinite(part.mesh.normals).all() and np.isfinite(part.mesh.uv).all() for part in parts
            )
            assert corners[:, 1].min() > -0.02, form_name
            assert 0.02 < float(np.ptp(corners[:, 1])) < 2.5 or kind == "rug", form_name


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, index=st.integers(0, 999_999), items=st.integers(24, 5_000))
def test_a_room_holds_items_of_the_shop_of_one_style_on_places_that_are_there(
    seed: int, index: int, items: int
) -> None:
    plan = plan_of(seed, index, items)

    assert plan == plan_of(seed, index, items)
    assert len(plan.slots) == len(plan.recipes) > 0
    for number, (slot, recipe) in enumerate(zip(plan.slots, plan.recipes, strict=True)):
        assert recipe.form in slot.forms
        assert recipe.index < items
        assert recipe.style == plan.style
        assert slot.on is None or slot.on < number
    shown = {(each.index // COLLECTION_ITEMS, each.group) for each in plan.recipes}
    assert not shown & {(each.index // COLLECTION_ITEMS, each.group) for each in plan.held_back}


def test_a_shop_too_small_for_rooms_says_so() -> None:
    with pytest.raises(InputError, match="needed are 24 or more"):
        plan_of(7, 0, 23)
