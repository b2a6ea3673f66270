"""Items without pictures for tests of single parts, and drawn pictures for the whole server."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SHAPES = ("circle", "square", "triangle", "cross")


def put(lake: Lake, *ids: str, created_ms: int = 1_000, media: tuple[str, ...] = (), brand: str = "") -> None:
    """Items with these ids, each a millisecond younger than the one before."""
    put_items(
        lake,
        [
            StoredItem(
                ItemFields(id=item_id, title=item_id, brand=brand, created_ms=created_ms + place),
                media_ids=media,
            )
            for place, item_id in enumerate(ids)
        ],
    )


def drawing(colour: str, shape: str, *, px: int = 256, form: str = "PNG", variant: int = 0) -> bytes:
    """A shape on white."""
    picture = Image.new("RGB", (px, px + 16 * variant), "white")
    pen = ImageDraw.Draw(picture)
    low, high = px // 5 + 4 * variant, px - px // 5
    if shape == "circle":
        pen.ellipse((low, low, high, high), fill=colour)
    elif shape == "square":
        pen.rectangle((low, low, high, high), fill=colour)
    elif shape == "triangle":
        pen.polygon([(px // 2, low), (low, high), (high, high)], fill=colour)
    else:
        pen.rectangle((px // 2 - 20, low, px // 2 + 20, high), fill=colour)
        pen.rectangle((low, px // 2 - 20, high, px // 2 + 20), fill=colour)
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def draw_folder(folder: Path, *, variants: int = 2) -> Path:
    """48 pictures with names that say what they show; a folder for each shape."""
    for shape in SHAPES:
        (folder / shape).mkdir(parents=True)
        for colour in COLOURS:
            for variant in range(variants):
                path = folder / shape / f"{colour} {shape} {variant}.png"
                path.write_bytes(drawing(colour, shape, variant=variant))
    return folder
