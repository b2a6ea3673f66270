"""This file is about a small shop drawn from shapes, whose look, colours and words one can check by eye."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

COLOURS = {
    "red": (196, 38, 42),
    "blue": (38, 84, 190),
    "green": (52, 132, 66),
    "yellow": (240, 204, 50),
    "purple": (118, 56, 150),
    "orange": (236, 124, 40),
    "black": (34, 34, 38),
    "pink": (232, 120, 160),
}
BRANDS = ("Oakhill", "Lumen", "Fjord", "Terra")
SIZES = ((480, 640), (600, 600), (640, 480), (480, 720), (560, 500))
EACH = 4

Colour = tuple[int, int, int]
WOOD: Colour = (110, 78, 50)
METAL: Colour = (96, 88, 80)
INK: Colour = (40, 36, 32)
PAPER: Colour = (250, 248, 242)


@dataclass(frozen=True)
class Pen:
    """Draws in fractions of a frame."""

    ink: ImageDraw.ImageDraw
    x: float
    y: float
    w: float
    h: float

    def at(self, *fractions: tuple[float, float]) -> list[tuple[float, float]]:
        return [(self.x + across * self.w, self.y + down * self.h) for across, down in fractions]


def shaded(colour: Colour, by: int) -> Colour:
    red, green, blue = (max(0, min(255, part + by)) for part in colour)
    return red, green, blue


def vase(pen: Pen, colour: Colour) -> None:
    right = [(0.6, 0), (0.58, 0.2), (0.85, 0.5), (0.8, 0.8), (0.62, 1)]
    left = [(1 - across, down) for across, down in reversed(right)]
    pen.ink.polygon(pen.at(*right, *left), fill=colour)


def lamp(pen: Pen, colour: Colour) -> None:
    pen.ink.polygon(pen.at((0.3, 0), (0.7, 0), (0.95, 0.42), (0.05, 0.42)), fill=colour)
    pen.ink.rectangle(pen.at((0.47, 0.42), (0.53, 0.92)), fill=METAL)
    pen.ink.ellipse(pen.at((0.25, 0.88), (0.75, 1)), fill=METAL)


def chair(pen: Pen, colour: Colour) -> None:
    pen.ink.rounded_rectangle(pen.at((0.12, 0), (0.3, 0.6)), 12, fill=colour)
    pen.ink.rounded_rectangle(pen.at((0.12, 0.5), (0.9, 0.64)), 12, fill=colour)
    for left in (0.14, 0.8):
        pen.ink.rectangle(pen.at((left, 0.62), (left + 0.07, 1)), fill=WOOD)


def cup(pen: Pen, colour: Colour) -> None:
    pen.ink.ellipse(pen.at((0.6, 0.3), (1, 0.75)), outline=colour, width=max(6, int(pen.w * 0.06)))
    pen.ink.rounded_rectangle(pen.at((0.05, 0.15), (0.78, 0.92)), int(pen.w * 0.12), fill=colour)
    pen.ink.ellipse(pen.at((0.05, 0.06), (0.78, 0.28)), fill=shaded(colour, -80))


def cushion(pen: Pen, colour: Colour) -> None:
    pen.ink.rounded_rectangle(pen.at((0, 0.1), (1, 0.9)), int(pen.w * 0.18), fill=colour)
    for down in (0.23, 0.36, 0.49, 0.62, 0.75):
        pen.ink.line(pen.at((0.08, down), (0.92, down)), fill=shaded(colour, 45), width=5)


def clock(pen: Pen, colour: Colour) -> None:
    side = min(pen.w, pen.h)
    face = Pen(pen.ink, pen.x + (pen.w - side) / 2, pen.y + (pen.h - side) / 2, side, side)
    face.ink.ellipse(face.at((0, 0), (1, 1)), fill=colour)
    face.ink.ellipse(face.at((0.1, 0.1), (0.9, 0.9)), fill=PAPER)
    face.ink.line(face.at((0.5, 0.5), (0.5, 0.2)), fill=INK, width=8)
    face.ink.line(face.at((0.5, 0.5), (0.72, 0.58)), fill=INK, width=8)


THINGS: dict[str, tuple[Callable[[Pen, Colour], None], str]] = {
    "vase": (vase, "Decoration"),
    "lamp": (lamp, "Lighting"),
    "chair": (chair, "Furniture"),
    "cup": (cup, "Kitchen"),
    "cushion": (cushion, "Textiles"),
    "clock": (clock, "Decoration"),
}


def draw(thing: str, colour: str, size: tuple[int, int], *, seed: int) -> Image.Image:
    """One thing on a warm ground, its place and shade a little different for each seed."""
    rng = random.Random(seed)
    width, height = size
    ground = rng.choice([(247, 243, 236), (238, 234, 228), (250, 250, 248), (232, 236, 238)])
    picture = Image.new("RGB", size, ground)
    shade = shaded(COLOURS[colour], rng.randint(-14, 14))
    w = width * rng.uniform(0.5, 0.66)
    h = height * rng.uniform(0.52, 0.68)
    x = (width - w) / 2 + rng.uniform(-0.05, 0.05) * width
    y = (height - h) * rng.uniform(0.5, 0.7)
    shadow = Image.new("L", size, 0)
    ImageDraw.Draw(shadow).ellipse((x, y + h * 0.92, x + w, y + h * 1.06), fill=90)
    picture.paste((90, 80, 70), mask=shadow.filter(ImageFilter.GaussianBlur(12)))
    THINGS[thing][0](Pen(ImageDraw.Draw(picture), x, y, w, h), shade)
    return picture


def draw_shop(folder: Path) -> Path:
    """Draws every thing in every colour a few times; gives the JSONL file that lists them."""
    (folder / "pictures").mkdir(parents=True)
    rows = []
    for at, (thing, colour, copy) in enumerate(
        (thing, colour, copy) for copy in range(EACH) for thing in THINGS for colour in COLOURS
    ):
        size = SIZES[at % len(SIZES)]
        name = f"pictures/{colour}-{thing}-{copy}.jpg"
        draw(thing, colour, size, seed=at).save(folder / name, quality=88)
        rows.append(row_of(at, thing, colour, copy, name))
    listed = folder / "items.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return listed


def row_of(at: int, thing: str, colour: str, copy: int, picture: str) -> dict[str, object]:
    return {
        "id": f"{thing}/{colour}-{copy}",  # a slash on purpose: ids come from catalogues
        "title": f"{colour.capitalize()} {thing}",
        "description": f"A {colour} {thing} for the home, number {copy + 1} of {EACH}.",
        "link": f"https://shop.example/{thing}/{colour}-{copy}",
        "price": f"{5 + (at * 7) % 90}.90",
        "currency": "EUR",
        "brand": BRANDS[at % len(BRANDS)],
        "category": f"Home > {THINGS[thing][1]} > {thing.capitalize()}s",
        "availability": "out_of_stock" if at % 9 == 0 else "in_stock",
        "image": picture,
    }
