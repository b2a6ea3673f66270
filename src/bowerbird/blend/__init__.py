"""Takes ranked lists, gives a Page."""

from bowerbird.blend.config import BlendConfig
from bowerbird.blend.cursors import CursorSigner, pack_numbers, unpack_numbers
from bowerbird.blend.diversity import Determinantal, Diversity, MarginalRelevance, SlidingSpectrum
from bowerbird.blend.slate import Pool, fill_slate
from bowerbird.blend.targets import ShareControl, ShareTarget, TargetState
from bowerbird.blend.types import FrameShown, Page, Placement, Reason, ReasonKind, StageCount

__all__ = [
    "BlendConfig",
    "CursorSigner",
    "Determinantal",
    "Diversity",
    "FrameShown",
    "MarginalRelevance",
    "Page",
    "Placement",
    "Pool",
    "Reason",
    "ReasonKind",
    "ShareControl",
    "ShareTarget",
    "SlidingSpectrum",
    "StageCount",
    "TargetState",
    "fill_slate",
    "pack_numbers",
    "unpack_numbers",
]
