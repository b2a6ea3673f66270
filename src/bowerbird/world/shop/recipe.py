"""This file is about the recipe of an item: everything that decides how it looks and what is said of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """One item of the shop.

    Attributes:
        index: its number in the catalogue, from 0.
        kind: what it is: `vase`, `lamp`, …
        form: which sort of it: `bottle`, `floor lamp`, …
        style: style family.
        brand: who sells it.
        collection: name of the collection it belongs to; 24 items share style, palette and brand.
        palette: name of the collection's palette.
        colour: main colour.
        second: colour of its pattern, and `accent` the third.
        material: of its main part.
        pattern: on its main part; `plain` for none.
        frame: material of legs, base, frame or pot; empty when it has none.
        size: `small`, `medium` or `large`.
        shape_seed: decides the rest of the shape; the same in all variants of one item.
        group: number of the variant group in its collection.
        changed: the one attribute in which it differs from the group's first item; empty for the first.
    """

    index: int
    kind: str
    form: str
    style: str
    brand: str
    collection: str
    palette: str
    colour: str
    second: str
    accent: str
    material: str
    pattern: str
    frame: str
    size: str
    shape_seed: int
    group: int
    changed: str

    @property
    def item_id(self) -> str:
        """Stable id in the catalogue."""
        return f"shop-{self.index:07d}"

    @property
    def scale(self) -> float:
        """How large it is beside the medium size."""
        return {"small": 0.78, "medium": 1.0, "large": 1.26}[self.size]


CHANGEABLE = ("colour", "pattern", "material", "frame", "size")
