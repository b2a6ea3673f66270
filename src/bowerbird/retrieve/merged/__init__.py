"""Takes what several retrievers propose, gives one list that says who proposed what."""

from bowerbird.retrieve.merged.config import MergedConfig, Way
from bowerbird.retrieve.merged.fitting import MergedRetriever
from bowerbird.retrieve.merged.served import MergedFound, ServedMerged

__all__ = ["MergedConfig", "MergedFound", "MergedRetriever", "ServedMerged", "Way"]
