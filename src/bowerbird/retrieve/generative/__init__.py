"""Takes histories, gives items near vectors that a sequence model generates, on a budget per outcome."""

from bowerbird.retrieve.generative.config import GenerativeConfig
from bowerbird.retrieve.generative.served import ServedGenerative
from bowerbird.retrieve.generative.vector_plan import VectorPlan

__all__ = ["GenerativeConfig", "ServedGenerative", "VectorPlan"]
