"""A lake whose items are named after their place on a circle, and vectors that say just that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bowerbird.encode.types import ItemVectors
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields

WIDTH = 8


def direction(degrees: float) -> np.ndarray:
    """[1, WIDTH] a unit vector on the circle."""
    turn = np.deg2rad(degrees)
    vector = np.zeros((1, WIDTH), dtype=np.float32)
    vector[0, :2] = np.cos(turn), np.sin(turn)
    return vector


def put(lake: Lake, degrees: Sequence[int], **fields: object) -> None:
    """Items `at-<degrees>` with the title `place <degrees>`."""
    put_items(lake, [StoredItem(ItemFields(id=f"at-{d}", title=f"place {d}", **fields)) for d in degrees])


@dataclass(slots=True)
class Circle:
    """A `VectorSource`: look is the place in the title; words is the opposite place; `bare` has neither."""

    lake: Lake
    stamp_text: str = "circle.1"
    completed: int = 0
    widths: tuple[int, int] = (WIDTH, WIDTH)
    asked: list[int] = field(default_factory=list)

    def complete(self, numbers: np.ndarray | None = None) -> None:
        self.completed += 1

    def vectors(self, numbers: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, ItemVectors]]:
        rows = self.lake.items.read(["number", "title"]).to_pylist()
        wanted = None if numbers is None else set(numbers.tolist())
        for start in range(0, len(rows), 50):
            batch = [row for row in rows[start : start + 50] if wanted is None or row["number"] in wanted]
            batch = [row for row in batch if row["title"] != "broken"]
            if batch:
                self.asked.extend(row["number"] for row in batch)
                places = np.concatenate([self.place(row["title"]) for row in batch])
                found = np.array([row["number"] for row in batch], dtype=np.int64)
                yield found, ItemVectors(look=places, words=-places)

    def place(self, title: str) -> np.ndarray:
        if title == "bare":
            return np.zeros((1, WIDTH), dtype=np.float32)
        return direction(float(title.removeprefix("place ")))
