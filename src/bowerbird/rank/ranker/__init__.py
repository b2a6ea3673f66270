"""Takes what people did on pages, gives chances of each action on each candidate."""

from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.heads import HEADS, NEGATIVE_HEADS
from bowerbird.rank.ranker.served import ServedRanker, load_ranker
from bowerbird.rank.ranker.sides import ItemSide, PersonSide

__all__ = [
    "HEADS",
    "NEGATIVE_HEADS",
    "ItemSide",
    "PersonSide",
    "RankerConfig",
    "ServedRanker",
    "load_ranker",
]
