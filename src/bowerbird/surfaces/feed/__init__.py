"""The home feed and related items."""

from bowerbird.surfaces.feed.config import FeedConfig, RelatedConfig
from bowerbird.surfaces.feed.home import HomeFeed
from bowerbird.surfaces.feed.making_again import FeaturesAgain
from bowerbird.surfaces.feed.onboarding import Onboarding, Topic
from bowerbird.surfaces.feed.related import RelatedItems
from bowerbird.surfaces.feed.types import SavedNumbers, SaversSince, Sight

__all__ = [
    "FeaturesAgain",
    "FeedConfig",
    "HomeFeed",
    "Onboarding",
    "RelatedConfig",
    "RelatedItems",
    "SavedNumbers",
    "SaversSince",
    "Sight",
    "Topic",
]
