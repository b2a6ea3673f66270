"""Takes content vectors and edges with times, gives vectors of items and queries that can be compared."""

from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.neighbours import Neighbours, neighbours_of
from bowerbird.taste.encoder.served import ServedEncoder
from bowerbird.taste.encoder.types import LinkColumns, Links, TasteColumns

__all__ = [
    "EncoderConfig",
    "LinkColumns",
    "Links",
    "Neighbours",
    "ServedEncoder",
    "TasteColumns",
    "neighbours_of",
]
