"""This file is about forgetting in what was learnt: fitted spaces, embeddings of unsaid words."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.encode.session import write_whole
from bowerbird.lake.items import words_key
from bowerbird.lake.lake import Lake

log = logging.getLogger(__name__)

_SPACE = Path("models", "joint_space.npz")


def save_fitted_on(space: Path, numbers: np.ndarray) -> None:
    """Notes beside a space which items it is fitted on: their numbers [n]."""
    write_whole(_noted_beside(space), np.asarray(numbers, np.int64).tobytes())


def knows(space: Path, numbers: Sequence[int]) -> bool:
    """Whether the space was fitted on one of these items; also where nobody noted what it was fitted on."""
    try:
        fitted_on = np.frombuffer(_noted_beside(space).read_bytes(), np.int64)
    except FileNotFoundError:
        return True
    return bool(np.isin(np.asarray(numbers, np.int64), fitted_on).any())


def forget_space(generation: Path, numbers: Sequence[int]) -> bool:
    """A space that was fitted on one of these items is gone, to be fitted again; False where it may stay."""
    space = generation / _SPACE
    if not space.is_file() or not knows(space, numbers):
        return False
    space.unlink(missing_ok=True)
    _noted_beside(space).unlink(missing_ok=True)
    return True


def generation_folders(lake: Lake) -> list[Path]:
    """Where generations keep models and indexes, those that nobody needs any more among them."""
    return [lake.path, *sorted(path for path in (lake.path / "generations").glob("*") if path.is_dir())]


def forget_unsaid_words(lake: Lake) -> int:
    """Embeddings of words that no live item has are deleted; gives how many."""
    tables = [table for name, table in lake.tables().items() if name.startswith("embedding/words/")]
    said: set[str] = set()
    if tables:
        for batch in lake.items.scan(["words"]):
            said.update(words_key(text) for text in batch["words"].to_pylist() if text)
    gone = 0
    for table in tables:
        held = [key for batch in table.scan(["key"]) for key in batch["key"].to_pylist()]
        unsaid = [key for key in held if key not in said]
        if unsaid:
            table.delete(unsaid)
            gone += len(unsaid)
    return gone


def _noted_beside(space: Path) -> Path:
    return space.with_suffix(".items")
