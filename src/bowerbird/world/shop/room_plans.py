"""This file is about room plans: which items of the shop stand where in a room, and why they go together.

A room belongs to one collection. It takes what it can from there, then from collections of the same style,
those of the same palette first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.world.shop.catalogue import COLLECTION_ITEMS, Collection, collection_of, recipe_of
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.room_sorts import SORTS, Slot

LOOKED_THROUGH = 48  # other collections that a room takes items from


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room before it is drawn.

    Attributes:
        index: number of the room, from 0.
        sort: `reading corner`, …
        slots: places that are filled, and `recipes` what fills them, in the same order.
        held_back: items that belong here too and are not shown: what completes the look.
        seed: decides walls and light.
    """

    index: int
    sort: str
    style: str
    palette: str
    slots: tuple[Slot, ...]
    recipes: tuple[Recipe, ...]
    held_back: tuple[Recipe, ...]
    seed: int

    @property
    def room_id(self) -> str:
        """Stable id in the catalogue."""
        return f"room-{self.index:06d}"


def plan_of(seed: int, index: int, items: int) -> RoomPlan:
    """The plan of one room of a shop with this many items.

    Raises:
        InputError: the shop has not one whole collection.
    """
    collections = items // COLLECTION_ITEMS
    if not collections:
        raise InputError(
            f"a shop of {items} items was asked for rooms; needed are {COLLECTION_ITEMS} or more; ask for "
            "more items, or for no rooms"
        )
    rng = np.random.default_rng([seed, 5, index])
    home = collection_of(seed, int(rng.integers(collections)))
    offered = list(_offered(seed, home, collections, rng))
    rooms = []
    for sort in rng.permutation(list(SORTS)):
        slots = SORTS[sort](rng)
        filled = _filled(slots, offered)
        lacks = sum(slot.is_needed and number not in filled for number, slot in enumerate(slots))
        rooms.append((lacks, str(sort), slots, filled))
    _, sort, slots, filled = min(rooms, key=lambda each: each[0])
    place = {number: at for at, number in enumerate(filled)}
    kept = [slots[number] for number in filled]
    return RoomPlan(
        index,
        sort,
        home.style,
        home.palette,
        tuple(replace(each, on=None if each.on is None else place[each.on]) for each in kept),
        tuple(filled.values()),
        tuple(_held_back(seed, home, set(filled.values()))),
        int(rng.integers(2**31)),
    )


def _offered(seed: int, home: Collection, collections: int, rng: np.random.Generator) -> Iterator[Recipe]:
    yield from _shuffled(rng, _recipes(seed, home.number))
    count = min(LOOKED_THROUGH, collections)
    others = (
        rng.choice(collections, count, replace=False)
        if collections < 100_000
        else rng.integers(0, collections, count)
    )
    alike = [collection_of(seed, int(number)) for number in others if int(number) != home.number]
    alike = [each for each in alike if each.style == home.style]
    for each in sorted(alike, key=lambda one: one.palette != home.palette):
        yield from _shuffled(rng, _recipes(seed, each.number))


def _held_back(seed: int, home: Collection, shown: set[Recipe]) -> list[Recipe]:
    families = {_family(each) for each in shown}
    firsts = [each for each in _recipes(seed, home.number) if not each.changed]
    return [each for each in firsts if _family(each) not in families][:4]


def _filled(slots: list[Slot], offered: list[Recipe]) -> dict[int, Recipe]:
    taken: set[tuple[int, int]] = set()
    filled: dict[int, Recipe] = {}
    for number, slot in enumerate(slots):
        if slot.on is not None and slot.on not in filled:
            continue
        is_twin = "chair" in slot.forms[0] and number > 0 and slots[number - 1].forms == slot.forms
        found = filled.get(number - 1) if is_twin else _first(offered, slot, taken)
        if found is not None:
            filled[number] = found
            taken.add(_family(found))
    return filled


def _first(offered: list[Recipe], slot: Slot, taken: set[tuple[int, int]]) -> Recipe | None:
    return next((each for each in offered if each.form in slot.forms and _family(each) not in taken), None)


def _family(recipe: Recipe) -> tuple[int, int]:
    return recipe.index // COLLECTION_ITEMS, recipe.group


@lru_cache(maxsize=512)
def _recipes(seed: int, collection: int) -> tuple[Recipe, ...]:
    first = collection * COLLECTION_ITEMS
    return tuple(recipe_of(seed, first + at) for at in range(COLLECTION_ITEMS))


def _shuffled(rng: np.random.Generator, recipes: tuple[Recipe, ...]) -> list[Recipe]:
    return [recipes[at] for at in rng.permutation(len(recipes))]
