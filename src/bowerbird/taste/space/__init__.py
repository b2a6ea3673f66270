"""Takes columns, gives one space in which items, queries, boards and people can be compared."""

from bowerbird.taste.space.config import SpaceConfig
from bowerbird.taste.space.served import SpaceAt, TasteSpace, load_space
from bowerbird.taste.space.types import Asked, Stamped

__all__ = ["Asked", "SpaceAt", "SpaceConfig", "Stamped", "TasteSpace", "load_space"]
