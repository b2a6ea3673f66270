"""Takes files or a lake, gives Interactions: one form, whatever they were read from."""

from bowerbird.learn.data.cleaning import CleaningReport
from bowerbird.learn.data.config import DataConfig
from bowerbird.learn.data.histories import Histories
from bowerbird.learn.data.interactions import Interactions, ItemFacts
from bowerbird.learn.data.reading import Reading, read

__all__ = ["CleaningReport", "DataConfig", "Histories", "Interactions", "ItemFacts", "Reading", "read"]
