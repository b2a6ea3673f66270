"""Takes pixels and words, gives embeddings."""

from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders, load_encoders

__all__ = ["EncodeConfig", "Encoders", "load_encoders"]
