"""This file is about the pictures in docs/world-shop.md: forty items and six rooms of the rendered shop.

The last row of the items is two families: an item, and the same with one attribute changed.

Run: python examples/shop_sheets.py [FOLDER]   (default: docs)
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from PIL import Image

from bowerbird.world.shop.catalogue import COLLECTION_ITEMS, recipe_of
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.room_plans import plan_of
from bowerbird.world.shop.rooms import HEIGHT_PX, WIDTH_PX, room_picture
from bowerbird.world.shop.studio import item_picture

SEED, SHOP_ITEMS = 7, 4_800
COLUMNS, CELL_PX, GAP_PX = 8, 236, 8
ROOMS = (1, 3, 10, 14, 22, 31)
MOST_OF_KIND = 4
FAMILIES_OF = ("cushion", "vase")


def main() -> int:
    """Writes both sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    folder: Path = parser.parse_args().folder
    items = [Image.fromarray(item_picture(recipe)) for recipe in [*singles(), *families()]]
    save(sheet(items, COLUMNS, CELL_PX, CELL_PX), folder / "world-shop-items.jpg")
    rooms = [Image.fromarray(room_picture(plan_of(SEED, number, SHOP_ITEMS))[0]) for number in ROOMS]
    save(sheet(rooms, 3, WIDTH_PX * 8 // 9, HEIGHT_PX * 8 // 9), folder / "world-shop-rooms.jpg")
    return 0


def singles() -> list[Recipe]:
    """32 items, no two of one form in one style, of every kind about as many."""
    kinds: Counter[str] = Counter()
    seen: set[str] = set()
    chosen: list[Recipe] = []
    for index in range(5, SHOP_ITEMS, 11):
        recipe = recipe_of(SEED, index)
        if recipe.form in seen or kinds[recipe.kind] >= MOST_OF_KIND or recipe.changed:
            continue
        kinds[recipe.kind] += 1
        seen.add(recipe.form)
        chosen.append(recipe)
    return chosen[: COLUMNS * 4]


def families() -> list[Recipe]:
    """Two families of four."""
    chosen: list[Recipe] = []
    for kind in FAMILIES_OF:
        for first in range(0, SHOP_ITEMS, COLLECTION_ITEMS):
            members = [recipe_of(SEED, first + at) for at in range(COLLECTION_ITEMS)]
            families = {each.group: [one for one in members if one.group == each.group] for each in members}
            fitting = [
                sorted(each, key=lambda one: one.changed)
                for each in families.values()
                if each[0].kind == kind
                and {one.changed for one in each} >= {"", "colour", "pattern"}
                and len(each) == 4
            ]
            if fitting:
                chosen += fitting[0]
                break
    return chosen


def sheet(pictures: list[Image.Image], columns: int, width: int, height: int) -> Image.Image:
    """The pictures in rows, with a thin gap."""
    rows = -(-len(pictures) // columns)
    whole = Image.new(
        "RGB", (columns * (width + GAP_PX) - GAP_PX, rows * (height + GAP_PX) - GAP_PX), "white"
    )
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        small = picture.resize((width, height), Image.Resampling.LANCZOS)
        whole.paste(small, (column * (width + GAP_PX), row * (height + GAP_PX)))
    return whole


def save(whole: Image.Image, path: Path) -> None:
    """Writes it as JPEG."""
    whole.save(path, "JPEG", quality=84, optimize=True, progressive=True)
    print(f"{path}: {whole.width} x {whole.height}, {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
