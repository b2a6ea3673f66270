"""Takes histories, gives items whose vectors are near the person's: two towers that meet in one product."""

from bowerbird.retrieve.two_tower.config import TwoTowerConfig
from bowerbird.retrieve.two_tower.served import ServedTwoTower

__all__ = ["ServedTwoTower", "TwoTowerConfig"]
