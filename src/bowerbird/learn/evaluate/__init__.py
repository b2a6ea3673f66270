"""Takes a fitted retriever and cases, gives an Evaluation, intervals and paired differences."""

from bowerbird.learn.evaluate.config import EvaluationConfig
from bowerbird.learn.evaluate.evaluation import Evaluation, evaluate
from bowerbird.learn.evaluate.intervals import Draws, Interval, Summary, difference, draws, summary
from bowerbird.learn.evaluate.top import top_of_scores

__all__ = [
    "Draws",
    "Evaluation",
    "EvaluationConfig",
    "Interval",
    "Summary",
    "difference",
    "draws",
    "evaluate",
    "summary",
    "top_of_scores",
]
