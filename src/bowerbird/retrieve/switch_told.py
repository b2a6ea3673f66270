"""This file is about what can be told of a lake's generations: to a person, to a program, to the page."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bowerbird.encode.generations import Generation, folder_of, read_generations
from bowerbird.retrieve.switch_progress import SwitchProgress, read_progress
from bowerbird.retrieve.switching import is_running


class GenerationsTold(BaseModel):
    """What serves, what served before, and what is being made.

    Attributes:
        active: None where nothing was encoded yet.
        progress: of the candidate.
        ratio: of the progress, from 0 to 1.
        is_running: some process makes the candidate now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    active: Generation | None = None
    previous: Generation | None = None
    candidate: Generation | None = None
    switched_ms: int = 0
    progress: SwitchProgress | None = None
    ratio: float = 0.0
    is_running: bool = False

    @property
    def sentence(self) -> str:
        """All of it in a few lines."""
        if self.active is None:
            return "nothing is encoded yet; run `bowerbird encode run`"
        lines = [f"serves: {self.active.encoder} (generation {self.active.id})"]
        if self.previous is not None:
            lines.append(f"before: {self.previous.encoder} (generation {self.previous.id})")
        if self.candidate is not None:
            at = self.progress.sentence if self.progress else "not begun"
            goes_on = "" if self.is_running or self.candidate.is_ready else "; stopped, run the switch again"
            lines.append(f"to come: {self.candidate.encoder} (generation {self.candidate.id}): {at}{goes_on}")
        return "\n".join(lines)


def generations_told(lake_path: Path) -> GenerationsTold:
    """What can be told now."""
    kept = read_generations(lake_path)
    if kept is None:
        return GenerationsTold()
    if kept.candidate is None:
        return GenerationsTold(active=kept.active, previous=kept.previous, switched_ms=kept.switched_ms)
    folder = folder_of(lake_path, kept.candidate)
    progress = read_progress(folder)
    return GenerationsTold(
        active=kept.active,
        previous=kept.previous,
        candidate=kept.candidate,
        switched_ms=kept.switched_ms,
        progress=progress,
        ratio=round(progress.ratio, 4) if progress else 0.0,
        is_running=folder.is_dir() and is_running(folder),
    )
