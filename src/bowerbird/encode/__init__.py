"""Takes pixels and words, gives embeddings."""

from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders, load_encoders
from bowerbird.encode.space import BridgeSpace

__all__ = ["BridgeSpace", "EncodeConfig", "Encoders", "load_encoders"]
