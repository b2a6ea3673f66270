"""The shop's ten departments: from a recipe to parts that can be drawn."""

from bowerbird.world.shop.kinds.chair import CHAIR
from bowerbird.world.shop.kinds.cushion import CUSHION
from bowerbird.world.shop.kinds.lamp import LAMP
from bowerbird.world.shop.kinds.plant import PLANT
from bowerbird.world.shop.kinds.poster import POSTER
from bowerbird.world.shop.kinds.rug import RUG
from bowerbird.world.shop.kinds.table import TABLE
from bowerbird.world.shop.kinds.tableware import TABLEWARE
from bowerbird.world.shop.kinds.textile import TEXTILE
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.kinds.vase import VASE

KINDS: dict[str, Kind] = {
    "vase": VASE, "lamp": LAMP, "rug": RUG, "cushion": CUSHION, "chair": CHAIR,
    "table": TABLE, "print": POSTER, "textile": TEXTILE, "plant": PLANT, "tableware": TABLEWARE,
}  # fmt: skip

__all__ = ["KINDS", "Form", "Kind"]
