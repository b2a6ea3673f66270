"""Takes events, gives representations of people."""

from bowerbird.taste.config import TasteConfig
from bowerbird.taste.interests import InterestReader, learn_interests
from bowerbird.taste.likeness import Likeness, measure_likeness
from bowerbird.taste.types import Interests, Liking, VectorsOf

__all__ = [
    "InterestReader",
    "Interests",
    "Likeness",
    "Liking",
    "TasteConfig",
    "VectorsOf",
    "learn_interests",
    "measure_likeness",
]
