"""This file is about the catalogue: from a seed and a number to the recipe of that item, without the others.

Every 24 items are one collection: one brand, style and palette, twelve families over all ten kinds. A family
is an item and up to three variants, each different from the first in one attribute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from bowerbird.world.shop.colours import COLOURS, PALETTES
from bowerbird.world.shop.kinds import KINDS, Form
from bowerbird.world.shop.materials import MATERIALS
from bowerbird.world.shop.recipe import CHANGEABLE, Recipe
from bowerbird.world.shop.styles import BRANDS, COLLECTIONS, STYLES, Style

COLLECTION_ITEMS = 24
FAMILIES = 12
MOST_IN_FAMILY = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collection:
    """What 24 items share, and where each one stands.

    Attributes:
        number: from 0.
        style: name of the style family.
        kinds: [12] kind of each family.
        places: [24] family and place in the family of each item.
    """

    number: int
    style: str
    palette: str
    brand: str
    name: str
    kinds: tuple[str, ...]
    places: tuple[tuple[int, int], ...]


@lru_cache(maxsize=4096)
def collection_of(seed: int, number: int) -> Collection:
    """The collection with this number."""
    rng = np.random.default_rng([seed, 1, number])
    style = _one(rng, list(STYLES))
    kinds = [*KINDS, *(_one(rng, list(KINDS)) for _ in range(FAMILIES - len(KINDS)))]
    sizes = np.ones(FAMILIES, int)
    while sizes.sum() < COLLECTION_ITEMS:
        family = int(rng.integers(FAMILIES))
        sizes[family] = min(sizes[family] + 1, MOST_IN_FAMILY)
    places = [(family, place) for family in range(FAMILIES) for place in range(sizes[family])]
    order = rng.permutation(COLLECTION_ITEMS)
    return Collection(
        number,
        style,
        _one(rng, STYLES[style].palettes),
        _one(rng, BRANDS),
        _one(rng, COLLECTIONS),
        tuple(kinds[at] for at in rng.permutation(FAMILIES)),
        tuple(places[at] for at in order),
    )


def recipe_of(seed: int, index: int) -> Recipe:
    """The recipe of one item; the same for the same seed and index, whatever else is drawn."""
    collection = collection_of(seed, index // COLLECTION_ITEMS)
    family, place = collection.places[index % COLLECTION_ITEMS]
    return _variant(seed, collection, family, place, index)


def first_of_group(seed: int, index: int) -> int:
    """Number of the item from which this one is varied; its own, if it is not varied."""
    collection = collection_of(seed, index // COLLECTION_ITEMS)
    family, _ = collection.places[index % COLLECTION_ITEMS]
    return index - index % COLLECTION_ITEMS + collection.places.index((family, 0))


def _variant(seed: int, collection: Collection, family: int, place: int, index: int) -> Recipe:
    base = _base(seed, collection, family, index)
    if place == 0:
        return base
    return _variants(seed, collection, base, place)[-1]


def _variants(seed: int, collection: Collection, base: Recipe, count: int) -> list[Recipe]:
    # All of a family's, in order, so that no two are alike.
    rng = np.random.default_rng([seed, 3, collection.number, base.group])
    options = [(name, value) for name in CHANGEABLE for value in _others(base, name)]
    made: list[Recipe] = []
    for _ in range(count):
        names = sorted({name for name, _ in options})
        name = _one(rng, names)
        choice = _one(rng, [each for each in options if each[0] == name])
        options.remove(choice)
        made.append(_changed(base, *choice))
    return made


def _changed(base: Recipe, name: str, value: str) -> Recipe:
    given: dict[str, Any] = {name: value}
    return replace(base, changed=name, **given)


def _others(base: Recipe, name: str) -> list[str]:
    form, style = KINDS[base.kind].forms[base.form], STYLES[base.style]
    takes_colour = MATERIALS[base.material].own_colour is None
    used = {base.colour, base.second, base.accent}
    if name == "size":
        return [each for each in ("small", "medium", "large") if each != base.size]
    if name == "frame":
        return [each for each in _preferred(form.frames, style) if each != base.frame]
    if not takes_colour:
        return []
    if name == "colour":
        return [each for each in COLOURS if each not in used]
    if name == "pattern" and not MATERIALS[base.material].takes_pattern:
        return []
    if name == "pattern":
        return [each for each in ("plain", *_preferred(form.patterns, style)) if each != base.pattern]
    same = [
        each
        for each in form.materials
        if MATERIALS[each].own_colour is None and (base.pattern == "plain" or MATERIALS[each].takes_pattern)
    ]
    return [each for each in same if each != base.material]


def _base(seed: int, collection: Collection, family: int, index: int) -> Recipe:
    rng = np.random.default_rng([seed, 2, collection.number, family])
    kind, style = collection.kinds[family], STYLES[collection.style]
    form_name = _one(rng, list(KINDS[kind].forms))
    form = KINDS[kind].forms[form_name]
    offered = _preferred(form.materials, style)
    if sum(each == family for each, _ in collection.places) == MOST_IN_FAMILY:
        # Three variants need more to change than two other sizes.
        takes_colour = [each for each in offered if MATERIALS[each].own_colour is None]
        offered = takes_colour or [each for each in form.materials if MATERIALS[each].own_colour is None]
    material = _one(rng, offered)
    colour, second, accent = _three(rng, PALETTES[collection.palette].colours, MATERIALS[material].own_colour)
    return Recipe(
        index=index,
        kind=kind,
        form=form_name,
        style=collection.style,
        brand=collection.brand,
        collection=collection.name,
        palette=collection.palette,
        colour=colour,
        second=second,
        accent=accent,
        material=material,
        pattern=_pattern(rng, form, style, material),
        frame=_one(rng, _preferred(form.frames, style)) if form.frames else "",
        size=_one(rng, ["small", "medium", "medium", "large"]),
        shape_seed=int(rng.integers(2**31)),
        group=family,
        changed="",
    )


def _pattern(rng: np.random.Generator, form: Form, style: Style, material: str) -> str:
    is_plain = rng.random() >= style.patterned_share
    own = MATERIALS[material]
    if is_plain or not form.patterns or own.own_colour is not None or not own.takes_pattern:
        return "plain"
    return _one(rng, _preferred(form.patterns, style))


def _preferred(offered: Sequence[str], style: Style) -> list[str]:
    fitting = [each for each in offered if each in style.materials or each in style.patterns]
    return fitting or list(offered)


def _three(rng: np.random.Generator, colours: Sequence[str], own: str | None) -> tuple[str, str, str]:
    main = own or colours[int(rng.choice(len(colours), p=[0.34, 0.24, 0.18, 0.14, 0.1]))]
    second, accent = rng.permutation([each for each in colours if each != main])[:2]
    return main, str(second), str(accent)


def _one(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]
