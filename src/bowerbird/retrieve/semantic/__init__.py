"""Takes histories, gives the items whose semantic ids a decoder spells next, by a beam over real ids."""

from bowerbird.retrieve.semantic.config import SemanticConfig
from bowerbird.retrieve.semantic.served import ServedSemantic

__all__ = ["SemanticConfig", "ServedSemantic"]
