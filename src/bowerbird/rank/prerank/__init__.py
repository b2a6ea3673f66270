"""Takes many candidates of a page, keeps those that its ranker would put first."""

from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.prerank.funnel import Funnel, FunnelNow, load_funnel
from bowerbird.rank.prerank.item_rows import ItemRows
from bowerbird.rank.prerank.keeping_best import rows_kept
from bowerbird.rank.prerank.served import ServedPrerank

__all__ = [
    "Funnel",
    "FunnelNow",
    "ItemRows",
    "PrerankConfig",
    "ServedPrerank",
    "load_funnel",
    "rows_kept",
]
