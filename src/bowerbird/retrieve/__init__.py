"""Takes a request, gives Candidates."""

from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.types import Candidates, FilterColumns, Hits, LexicalIndex, VectorIndex

__all__ = [
    "Candidates",
    "ExactIndex",
    "FaissIndex",
    "FilterColumns",
    "Hits",
    "IndexConfig",
    "LexicalIndex",
    "VectorIndex",
]
