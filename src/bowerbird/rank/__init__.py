"""Takes Candidates, gives Ranked."""

from bowerbird.rank.config import RankConfig
from bowerbird.rank.features import FEATURES, Facts, Features, Tastes, features
from bowerbird.rank.quality import picture_quality
from bowerbird.rank.types import Ranked
from bowerbird.rank.value import in_order, value, weights

__all__ = [
    "FEATURES",
    "Facts",
    "Features",
    "RankConfig",
    "Ranked",
    "Tastes",
    "features",
    "in_order",
    "picture_quality",
    "value",
    "weights",
]
