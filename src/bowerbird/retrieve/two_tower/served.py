"""This file is about answering with two trained towers: a graph for persons, a table for items."""

from pathlib import Path
from typing import ClassVar

from bowerbird.retrieve.served_queries import ServedQueries


class ServedTwoTower(ServedQueries):
    """Vectors of both towers have length 1, so that scores are cosines."""

    file_name: ClassVar[str] = "two_tower.json"


def load_two_tower(folder: Path) -> ServedTwoTower:
    """What `save` wrote."""
    return ServedTwoTower.load(folder)
