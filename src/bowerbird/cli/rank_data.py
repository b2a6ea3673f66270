"""This file is about what rankers are trained from: events of a lake, content and facts of its items."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from bowerbird.lake.lake import Lake
    from bowerbird.rank.prerank.pools import WeighedSince
    from bowerbird.rank.ranker import ItemSide
    from bowerbird.rank.ranker.requests import Acts


@dataclass(frozen=True, slots=True)
class RankerData:
    """Everything that training reads.

    Attributes:
        space: which vectors `raw` is.
        version: what was read.
        person_ids: by the numbers in `acts`.
        weighed_since: what the request log has of candidates that were not shown, while the lake is open.
    """

    acts: "Acts"
    raw: "np.ndarray"
    items: "ItemSide"
    weighed_since: "WeighedSince"
    space: str
    version: str
    person_ids: tuple[str, ...]


def ranker_data(lake: "Lake", tell: Callable[[str], None]) -> RankerData:
    """Of a lake that was encoded.

    Raises:
        StageUnavailableError: no joint space was fitted yet.
    """
    import numpy as np

    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.serving import serving_encoders
    from bowerbird.rank.prerank.pools import weighed_of
    from bowerbird.rank.ranker import ItemSide
    from bowerbird.rank.ranker.requests import acts_of_lake
    from bowerbird.retrieve.ready import ready_indexes
    from bowerbird.surfaces.feed import FeedConfig
    from bowerbird.surfaces.feed.ground import Ground
    from bowerbird.surfaces.feed.types import stamp_of

    ready = ready_indexes(lake, serving_encoders(lake, EncodeConfig()))
    catalogue, feed = ready.catalogue, FeedConfig()
    ground = Ground(catalogue, ready.indexes, look_share=feed.taste.look_share, fresh_days=feed.fresh_days)
    nothing = np.zeros((catalogue.size, 0), np.float32)
    codes = catalogue.codes("category"), catalogue.codes("owner")
    persons: dict[str, int] = {}
    acts = acts_of_lake(lake, catalogue.numbers_of, tell, persons)
    return RankerData(
        acts,
        ground.taste_of_live(np.arange(catalogue.size)),
        ItemSide(nothing, catalogue.created_ms, *codes),
        lambda since_ms: weighed_of(lake.requests.records(since_ms=since_ms), persons),
        stamp_of(ready.indexes),
        f"items@{lake.items.version},events@{lake.events.last_offset()}",
        tuple(persons),
    )
