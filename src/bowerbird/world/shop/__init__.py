"""Takes a seed and sizes, gives a rendered home-décor catalogue: pictures, words, rooms, and their truth."""

from bowerbird.world.shop.config import ShopConfig
from bowerbird.world.shop.writing import ShopReport, write_shop

__all__ = ["ShopConfig", "ShopReport", "write_shop"]
