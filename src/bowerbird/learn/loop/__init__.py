"""Takes a champion, a challenger and what came after both, says which one serves; keeps the record of it."""

from bowerbird.learn.loop.config import LoopConfig
from bowerbird.learn.loop.gate import Decision, Judged, decide
from bowerbird.learn.loop.live import Lived, LiveDecision, live_decision
from bowerbird.learn.loop.records import LoopRun, LoopRuns
from bowerbird.learn.loop.window import Complaint, WindowFacts, complaints

__all__ = [
    "Complaint",
    "Decision",
    "Judged",
    "LiveDecision",
    "Lived",
    "LoopConfig",
    "LoopRun",
    "LoopRuns",
    "WindowFacts",
    "complaints",
    "decide",
    "live_decision",
]
