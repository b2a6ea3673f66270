"""Takes what one policy showed and what came of it, gives what another would have earned."""

from bowerbird.learn.off_policy.estimates import Estimate, Logged, Report, estimated
from bowerbird.learn.off_policy.interleaving import Credits, Interleaved, compared, interleave

__all__ = [
    "Credits",
    "Estimate",
    "Interleaved",
    "Logged",
    "Report",
    "compared",
    "estimated",
    "interleave",
]
