"""This file is about style families: which palettes, materials and patterns belong together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """A style family; what it names is preferred wherever an item comes in it.

    Attributes:
        palettes: names in `colours.PALETTES`.
        materials: of main parts and of frames.
        patterns: beside `plain`.
        patterned_share: of the items that can have a pattern.
        floor: material of a room's floor.
    """

    palettes: tuple[str, ...]
    materials: frozenset[str]
    patterns: frozenset[str]
    patterned_share: float
    floor: str


def _style(palettes: str, materials: str, patterns: str, patterned_share: float, floor: str) -> Style:
    words = [tuple(word.strip() for word in each.split(",")) for each in (palettes, materials, patterns)]
    return Style(words[0], frozenset(words[1]), frozenset(words[2]), patterned_share, floor)


STYLES: dict[str, Style] = {
    "mid-century": _style(
        "mustard and teal, olive and rust, terracotta and sage",
        "walnut, teak, brass, wool, velvet, linen, glazed ceramic, stoneware, glass, lacquer",
        "abstract, scalloped, diamond, striped, leafy",
        0.5,
        "walnut",
    ),
    "scandinavian": _style(
        "snow and sky, fog, blush and grey",
        "oak, ash, painted wood, powder-coated steel, matte porcelain, cotton, wool, linen, chrome, paper",
        "grid, dotted, striped, pinstriped, checked",
        0.4,
        "ash",
    ),
    "art deco": _style(
        "emerald and black, burgundy and navy, plum and teal",
        "walnut, black-stained oak, brass, marble, lacquer, velvet, glass, glazed ceramic",
        "scalloped, chevron, banded, diamond, leafy",
        0.45,
        "walnut",
    ),
    "rustic": _style(
        "clay, moss, terracotta and sage",
        "reclaimed pine, oak, blackened steel, copper, stoneware, terracotta clay, linen, wool, jute, "
        "leather",
        "gingham, checked, striped, leafy",
        0.45,
        "reclaimed pine",
    ),
    "japandi": _style(
        "ink and paper, clay, fog",
        "ash, black-stained oak, oak, stoneware, matte porcelain, linen, cotton, bouclé, paper, rattan",
        "grid, banded, pinstriped, striped",
        0.25,
        "ash",
    ),
    "memphis": _style(
        "candy, primary, mint and lilac",
        "lacquer, powder-coated steel, painted wood, chrome, glazed ceramic, cotton, glass, marble",
        "terrazzo, checked, dotted, abstract, striped, scalloped",
        0.7,
        "oak",
    ),
    "bohemian": _style(
        "sunset, spice, terracotta and sage",
        "teak, rattan, brass, copper, glazed ceramic, terracotta clay, wool, cotton, jute, velvet",
        "ikat, diamond, leafy, striped, scalloped",
        0.65,
        "teak",
    ),
    "industrial": _style(
        "smoke, ink and paper, moss",
        "black-stained oak, reclaimed pine, blackened steel, copper, leather, stoneware, glass, wool, linen, "
        "powder-coated steel",
        "grid, striped, checked",
        0.3,
        "reclaimed pine",
    ),
}
COLLECTIONS = (
    "Alder",
    "Fjord",
    "Sola",
    "Marais",
    "Tivoli",
    "Kumo",
    "Ember",
    "Lido",
    "Harvest",
    "Atlas",
    "Juniper",
    "Opal",
    "Riviera",
    "Moor",
    "Sienna",
    "Nordlys",
    "Bazaar",
    "Carrara",
    "Hinoki",
    "Lumen",
    "Meadow",
    "Orsay",
    "Pampa",
    "Quarry",
    "Saffron",
    "Tundra",
    "Umbra",
    "Verdant",
    "Willow",
    "Zephyr",
)
BRANDS = (
    "Hald & Vik",
    "Casa Lume",
    "Northfold",
    "Atelier Brume",
    "Kiln & Co",
    "Oakhouse",
    "Studio Pavo",
    "Meru Living",
    "Tern",
    "Bower & Finch",
    "Loomwright",
    "Ottavia",
)
