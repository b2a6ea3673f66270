"""This file is about the record of the loop: every run, what it was made of, and what was decided."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

Outcome = Literal[
    "promoted", "canary", "shadow", "waiting", "refused", "complained", "not due", "rolled back"
]
_PASSED = ("promoted", "canary", "shadow")


class LoopRun(BaseModel):
    """One run.

    Attributes:
        champion, challenger: ids; empty where there was none.
        window: facts of what was learned from.
        complaints: what spoke against the window; nothing was trained then.
        gate: of the decision: gain with its interval, pages, reasons.
        live: of what the people did whom a challenger served: gain with its interval, pages, people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    began_ms: int
    ended_ms: int
    outcome: Outcome
    champion: str = ""
    challenger: str = ""
    from_ms: int = 0
    until_ms: int = 0
    pages: int = 0
    window: dict[str, Any] = {}
    complaints: tuple[dict[str, str], ...] = ()
    gate: dict[str, Any] = {}
    live: dict[str, Any] = {}
    reasons: tuple[str, ...] = ()


class LoopRuns:
    """The runs of one lake, oldest first, in a file to which lines are added."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "runs.jsonl"

    def add(self, run: LoopRun) -> None:
        """One more; durable when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(run.model_dump_json() + "\n")
            file.flush()

    def all(self) -> list[LoopRun]:
        """Every run that can be read; a line that a kill cut off is passed over."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(LoopRun.model_validate(json.loads(line)))
            except (ValueError, ValidationError):
                continue
        return found

    def last_promoted(self) -> LoopRun | None:
        """The newest run whose challenger was promoted."""
        return next((run for run in reversed(self.all()) if run.outcome in _PASSED), None)
