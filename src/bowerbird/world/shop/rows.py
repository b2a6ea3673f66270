"""This file is about rows: what a catalogue says of an item or a room, and the truth that is kept apart."""

import dataclasses
from typing import Any

from bowerbird.world.shop.catalogue import COLLECTION_ITEMS, first_of_group
from bowerbird.world.shop.kinds import KINDS
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.spots import Part
from bowerbird.world.shop.room_plans import RoomPlan
from bowerbird.world.shop.rooms import Seen
from bowerbird.world.shop.words import RENDERED, shown_colour, words_of

Row = dict[str, Any]  # one JSON line


def item_row(seed: int, recipe: Recipe, parts: list[Part], picture: str) -> Row:
    """A row in the shape that `bowerbird lake import` reads."""
    low = [min(float(part.mesh.corners[..., axis].min()) for part in parts) for axis in range(3)]
    high = [max(float(part.mesh.corners[..., axis].max()) for part in parts) for axis in range(3)]
    width, height, depth = (max(1, round(100 * (high[axis] - low[axis]))) for axis in range(3))
    if recipe.kind == "rug":
        height = depth
    words = words_of(seed, recipe, width, height)
    row: Row = {
        "id": recipe.item_id,
        "title": words.title,
        "description": words.description,
        "picture": picture,
        "price": f"{words.price_cents // 100}.{words.price_cents % 100:02d}",
        "currency": "EUR",
        "brand": recipe.brand,
        "category": [*KINDS[recipe.kind].category, recipe.form],
        "keywords": list(words.keywords),
        "style": recipe.style,
        "colour": shown_colour(recipe),
        "material": recipe.material,
        "pattern": recipe.pattern,
        "size": recipe.size,
        "frame": recipe.frame,
        "width_cm": width,
        "height_cm": height,
        "collection": recipe.collection,
        "kind_of_picture": RENDERED,
    }
    return {name: value for name, value in row.items() if value != ""}


def item_truth(seed: int, recipe: Recipe) -> Row:
    """What the catalogue does not say: the variant group, what was changed, and the whole recipe."""
    first = first_of_group(seed, recipe.index)
    return {
        "item": recipe.item_id,
        "variant_of": dataclasses.replace(recipe, index=first).item_id,
        "changed": recipe.changed,
        "collection": recipe.index // COLLECTION_ITEMS,
        "recipe": dataclasses.asdict(recipe),
    }


def room_row(plan: RoomPlan, seen: list[Seen], picture: str) -> Row:
    """A row for the room's picture; it names only what is seen."""
    shown = {each.item_id for each in seen}
    named = [recipe for recipe in plan.recipes if recipe.item_id in shown]
    things = list(dict.fromkeys(_called(recipe) for recipe in named))
    sentence = f"A {plan.sort} with {_listed(things)}." if things else f"A {plan.sort}."
    return {
        "id": plan.room_id,
        "title": f"{plan.style.capitalize()} {plan.sort} in {plan.palette}",
        "description": sentence,
        "picture": picture,
        "category": ["Rooms", plan.sort.capitalize()],
        "keywords": ["room", plan.style, *dict.fromkeys(recipe.kind for recipe in named)],
        "style": plan.style,
        "kind_of_picture": RENDERED,
    }


def room_truth(plan: RoomPlan, seen: list[Seen]) -> Row:
    """Where each item is, which ones go together, and what would complete the look."""
    return {
        "room": plan.room_id,
        "sort": plan.sort,
        "style": plan.style,
        "palette": plan.palette,
        "seen": [dataclasses.asdict(each) for each in seen],
        "goes_together": list(dict.fromkeys(recipe.item_id for recipe in plan.recipes)),
        "completes_the_look": [recipe.item_id for recipe in plan.held_back],
    }


def _called(recipe: Recipe) -> str:
    words = " ".join(word for word in (shown_colour(recipe) or recipe.material, recipe.form) if word)
    if recipe.kind == "plant":
        words = recipe.form
    return ("an " if words[0] in "aeiou" else "a ") + words


def _listed(things: list[str]) -> str:
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"
