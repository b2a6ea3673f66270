"""This file is about words: title, description, price and attributes of an item, each true to its recipe.

Nothing is said that the recipe does not hold: a second colour only where a pattern shows it, a frame only
where there is one, and never a word on variants, rooms or what goes together.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.kinds import KINDS
from bowerbird.world.shop.materials import MATERIALS
from bowerbird.world.shop.recipe import Recipe

PATTERN_WORDS = {
    "striped": "stripes",
    "pinstriped": "fine stripes",
    "banded": "painted bands",
    "checked": "a check",
    "gingham": "a gingham check",
    "dotted": "dots",
    "chevron": "a chevron",
    "diamond": "diamonds",
    "grid": "a fine grid",
    "scalloped": "scallops",
    "leafy": "leaves",
    "terrazzo": "terrazzo chips",
    "abstract": "an abstract pattern",
    "ikat": "an ikat weave",
}
FRAME_WORDS = {
    "lamp": "on a {frame} base",
    "chair": "with {frame} legs",
    "table": "with {frame} legs",
    "print": "in a {frame} frame",
    "textile": "on a {frame} rail",
}
FRAME_WORDS_OF_FORM = {
    "dining chair": "with a {frame} frame",
    "sideboard": "in a {frame} case",
    "shelf": "on {frame} posts",
    "floor lamp": "on a {frame} stand",
    "arc lamp": "on a {frame} arc",
}
STYLE_WORDS = {
    "mid-century": ("A mid-century shape.", "Straight from the sixties."),
    "scandinavian": ("Light, simple, Scandinavian.", "Scandinavian and quiet."),
    "art deco": ("A touch of art deco.", "Art deco, with an evening mood."),
    "rustic": ("Rustic and warm.", "For a rustic home."),
    "japandi": ("Japandi: calm and pared back.", "A quiet japandi piece."),
    "memphis": ("Playful, after Memphis.", "Memphis style, with a wink."),
    "bohemian": ("Bohemian and lively.", "For a bohemian home."),
    "industrial": ("Industrial and plain-spoken.", "With an industrial edge."),
}
MATERIAL_WORTH = {
    "marble": 1.8,
    "brass": 1.5,
    "velvet": 1.3,
    "leather": 1.7,
    "wool": 1.25,
    "walnut": 1.35,
    "bouclé": 1.35,
    "lacquer": 1.2,
}
RENDERED = "rendered"


@dataclass(frozen=True, slots=True)
class Words:
    """What the shop says of an item; `price_cents` in euros."""

    title: str
    description: str
    price_cents: int
    keywords: tuple[str, ...]


def words_of(seed: int, recipe: Recipe, width_cm: int, height_cm: int) -> Words:
    """Title, description, price and keywords; the phrasing differs from item to item."""
    rng = np.random.default_rng([seed, 4, recipe.index])
    return Words(
        _title(rng, recipe),
        _description(rng, recipe, width_cm, height_cm),
        _price_cents(recipe),
        _keywords(recipe),
    )


def shown_colour(recipe: Recipe) -> str:
    """The colour as words name it; a material that has a colour of its own says it itself."""
    return "" if MATERIALS[recipe.material].own_colour is not None else recipe.colour


def _title(rng: np.random.Generator, recipe: Recipe) -> str:
    pattern = "" if recipe.pattern == "plain" else recipe.pattern
    colour, material = shown_colour(recipe), recipe.material
    if recipe.kind == "plant":
        pot = _spaced(pattern, colour, material, "pot")
        phrases = [f"{recipe.form} in {_a(pot)}", f"{recipe.form} with {pot}", f"{recipe.form}, {pot}"]
    elif recipe.kind == "print":
        frame = FRAME_WORDS["print"].format(frame=recipe.frame)
        phrases = [
            f"{colour} {recipe.form}",
            f"{recipe.form} in {colour}",
            f"{recipe.form} in {colour}, {frame}",
        ]
    else:
        phrases = [
            _spaced(colour, pattern, material, recipe.form),
            _spaced(pattern, recipe.form, "in", colour, material),
            _spaced(recipe.collection, pattern, recipe.form, "in", colour or material),
            _spaced(
                recipe.form, recipe.collection + ",", colour, material + ("," if pattern else ""), pattern
            ),
        ]
    title = phrases[int(rng.integers(len(phrases)))]
    return title[:1].upper() + title[1:]


def _description(rng: np.random.Generator, recipe: Recipe, width_cm: int, height_cm: int) -> str:
    colour = shown_colour(recipe)
    stuff = _spaced(colour, recipe.material)
    what = f"{recipe.size} {recipe.form}"
    if recipe.kind == "plant":
        first = [f"{_a(what)} in {_a(f'{stuff} pot')}", f"a potted {recipe.form}; the pot is {stuff}"]
    elif recipe.kind == "print":
        first = [f"{_a(what)} with {colour} as its main colour", f"a framed print, mostly {colour}"]
    else:
        first = [
            f"{_a(what)} in {stuff}",
            f"{_a(f'{stuff} {recipe.form}')}",
            f"{_a(recipe.form)} made of {stuff}",
        ]
    sentence = first[int(rng.integers(len(first)))]
    if recipe.frame:
        sentence += " " + FRAME_WORDS_OF_FORM.get(recipe.form, FRAME_WORDS[recipe.kind]).format(
            frame=recipe.frame
        )
    if recipe.pattern != "plain":
        sentence += rng.choice(
            [", patterned with {0} in {1}", ", with {0} in {1}", ", {0} in {1} all over"]
        ).format(PATTERN_WORDS[recipe.pattern], recipe.second)
    said = [sentence[:1].upper() + sentence[1:] + "."]
    if rng.random() < 0.7:
        said.append(str(rng.choice(STYLE_WORDS[recipe.style])))
    if rng.random() < 0.6:
        said.append(f"{width_cm} cm wide and {height_cm} cm {'deep' if recipe.kind == 'rug' else 'high'}.")
    if rng.random() < 0.5:
        said.append(f"From the {recipe.collection} collection by {recipe.brand}.")
    return " ".join(said)


def _price_cents(recipe: Recipe) -> int:
    form = KINDS[recipe.kind].forms[recipe.form]
    rng = np.random.default_rng([recipe.shape_seed, 2])
    worth = MATERIAL_WORTH.get(recipe.material, 1.0) * (1 + 0.5 * (MATERIAL_WORTH.get(recipe.frame, 1.0) - 1))
    euros = form.price_eur * recipe.scale**1.4 * worth * float(rng.uniform(0.75, 1.6))
    return max(1, int(euros + 0.5)) * 100 - 10


def _keywords(recipe: Recipe) -> tuple[str, ...]:
    words = [recipe.kind, recipe.style]
    if recipe.pattern != "plain":
        words.append(recipe.second)
    if recipe.frame:
        words.append(recipe.frame)
    return tuple(dict.fromkeys(words))


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)


def _a(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words
