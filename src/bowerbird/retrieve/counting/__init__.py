"""Takes interactions, gives retrievers that count instead of training: the floor for every learned one."""

from bowerbird.retrieve.counting.kinds import COUNTING_KINDS
from bowerbird.retrieve.counting.tuning import Kind, TunedRetriever, TuningConfig

__all__ = ["COUNTING_KINDS", "Kind", "TunedRetriever", "TuningConfig"]
