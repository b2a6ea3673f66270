"""Takes retrievers and a split, gives a Comparison: what each finds and what it costs, with intervals."""

from bowerbird.surfaces.measure.compare import Comparison, compare
from bowerbird.surfaces.measure.config import CompareConfig
from bowerbird.surfaces.measure.report import report_of

__all__ = ["CompareConfig", "Comparison", "compare", "report_of"]
