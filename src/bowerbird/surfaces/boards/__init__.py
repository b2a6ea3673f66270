"""Boards, sections and saves."""

from bowerbird.surfaces.boards.boards import Boards
from bowerbird.surfaces.boards.config import BoardsConfig
from bowerbird.surfaces.boards.types import BoardItem, BoardPage, Record

__all__ = ["BoardItem", "BoardPage", "Boards", "BoardsConfig", "Record"]
