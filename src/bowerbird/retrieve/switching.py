"""This file is about switching encoders: a generation is made beside the one that serves, then it serves.

Every step can be stopped anywhere and done again. Until `active.json` is replaced nobody sees the new
generation; from then on whoever follows that file serves it, and the one before is kept complete, so that one
step leads back.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bowerbird.core.claims import claimed
from bowerbird.core.errors import BowerbirdError, ConflictError, NotFoundError, SwitchCancelledError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.fitting import fit_if_due
from bowerbird.encode.generations import (
    Generation,
    Generations,
    activate_candidate,
    begin_candidate,
    drop,
    folder_of,
    mark_ready,
    note_tables,
    read_generations,
    remove_folders,
    swap_back,
)
from bowerbird.encode.job import encode_missing
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import picture_table, table_names, words_table
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.indexes import Indexes
from bowerbird.retrieve.switch_checks import check_generation
from bowerbird.retrieve.switch_progress import ProgressLog, SwitchProgress

log = logging.getLogger(__name__)

Load: TypeAlias = Callable[[str], Encoders]
"""Opens the encoders that a word such as `lite0` or `hf:/models/x` names."""
Tell: TypeAlias = Callable[[SwitchProgress], object]
_JOB_LOCK = ".job.lock"
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """What a switch did.

    Attributes:
        generation: id of the one that was made.
        pictures, words: embeddings that this run made; those of earlier runs are not counted.
        items: that the new indexes hold.
        is_active: it serves now; otherwise it waits to be activated.
    """

    generation: str
    encoder: str
    pictures: int
    words: int
    items: int
    seconds: float
    is_active: bool


def switch_encoder(
    lake: Lake,
    encoder: str,
    load: Load,
    *,
    config: EncodeConfig | None = None,
    tell: Tell | None = None,
    activates: bool = True,
    runs_in_server: bool = False,
) -> SwitchReport:
    """The lake is served with another encoder on return; or that is prepared, without `activates`.

    Stopped anywhere and called again with the same encoder, it goes on.

    Raises:
        ConflictError: the encoder serves already, another switch is under way, or this one runs elsewhere.
        SwitchCancelledError: it was called off meanwhile.
        IncompatibleIndexError: what was made does not pass the checks.
    """
    started = time.monotonic()
    candidate = begin_candidate(lake.path, encoder, lake.clock.now_ms(), runs_in_server=runs_in_server)
    folder = folder_of(lake.path, candidate)
    with only_job(folder):
        progress = _progress_of(lake, candidate, folder, tell or (lambda _: None))
        try:
            encoders = load(encoder)
            candidate = note_tables(lake.path, candidate.id, table_names(encoders))
            pictures, words, items = _make(lake, folder, encoders, progress, config)
            mark_ready(lake.path, candidate.id)
            progress.phase("ready")
            if activates:
                activate_candidate(lake.path, candidate.id, lake.clock.now_ms())
        except BowerbirdError as error:
            if _is_cancelled(lake, candidate):
                _remove(lake, read_generations(lake.path), candidate)
                raise _cancelled(candidate) from error
            with contextlib.suppress(SwitchCancelledError):
                progress.phase("failed", problem=str(error))
            raise
    seconds = round(time.monotonic() - started, 2)
    log.info("generation made", extra={"encoder": encoder, "items": items, "seconds": seconds})
    return SwitchReport(candidate.id, encoder, pictures, words, items, seconds, activates)


def roll_back(lake: Lake, load: Load, config: EncodeConfig | None = None) -> Generations:
    """The generation that served before serves again, with everything that came in since.

    Raises:
        NotFoundError: there is none.
    """
    kept = read_generations(lake.path)
    if kept is None or kept.previous is None:
        raise NotFoundError("no generation served before this one; there is nothing to go back to")
    keep_complete(lake, kept.previous, load(kept.previous.encoder), config)
    return swap_back(lake.path, kept.previous.id, lake.clock.now_ms())


def cancel_switch(lake: Lake) -> Generation:
    """The candidate is given up, and what was made for it is gone. A job that makes it ends by itself.

    Raises:
        NotFoundError: no switch is under way.
    """
    kept = read_generations(lake.path)
    if kept is None or kept.candidate is None:
        raise NotFoundError("no switch is under way; there is nothing to cancel")
    return drop_generation(lake, kept.candidate.id)


def drop_generation(lake: Lake, id_: str) -> Generation:
    """A generation that does not serve is gone: its indexes, its space and its own embeddings.

    Raises:
        ConflictError: it serves.
        NotFoundError: there is no such generation.
    """
    dropped = drop(lake.path, id_)
    _remove(lake, read_generations(lake.path), dropped)
    return dropped


def keep_companions(lake: Lake, load: Load, config: EncodeConfig | None = None) -> dict[str, int]:
    """What came in since is encoded and indexed for every generation that waits; gives items of each."""
    kept = read_generations(lake.path)
    companions = kept.companions if kept else ()
    return {each.id: keep_complete(lake, each, load(each.encoder), config) for each in companions}


def keep_complete(
    lake: Lake, generation: Generation, encoders: Encoders, config: EncodeConfig | None = None
) -> int:
    """A generation holds everything that the lake holds now; gives how many items."""
    folder = folder_of(lake.path, generation)
    encode_missing(lake, encoders, config=config)
    space = fit_if_due(lake, encoders, folder)
    indexes = Indexes.open(lake, Catalogue.open(lake), encoders, space, folder=folder)
    indexes.close()
    return len(indexes.words)


def is_running(folder: Path) -> bool:
    """Whether some process makes the generation in this folder now."""
    try:
        with only_job(folder):
            return False
    except ConflictError:
        return True


@contextlib.contextmanager
def only_job(folder: Path) -> Iterator[None]:
    """This process alone makes the generation; a killed one lets go by itself.

    Raises:
        ConflictError: another process is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with claimed(folder / _JOB_LOCK) as is_ours:
        if not is_ours:
            raise ConflictError(
                "this switch is being made by another process already; "
                "look at it with `bowerbird encode switch --status`"
            )
        yield


def _progress_of(lake: Lake, candidate: Generation, folder: Path, tell: Tell) -> ProgressLog:
    def told(progress: SwitchProgress) -> None:
        if _is_cancelled(lake, candidate):
            raise _cancelled(candidate)
        tell(progress)

    begun = SwitchProgress(generation=candidate.id, encoder=candidate.encoder)
    return ProgressLog(folder, begun, lake.clock.now_ms, told)


def _make(
    lake: Lake, folder: Path, encoders: Encoders, progress: ProgressLog, config: EncodeConfig | None
) -> tuple[int, int, int]:
    """Pictures and texts encoded, and items indexed, for a generation that is complete on return."""
    known = picture_table(lake, encoders).count() + words_table(lake, encoders).count()
    progress.phase("encoding", done=known, total=max(lake.media.count() + lake.items.count(), known))
    report = encode_missing(lake, encoders, _counting(progress, known), config)
    progress.phase("fitting", done=progress.now.total)
    space = fit_if_due(lake, encoders, folder)
    progress.phase("indexing")
    catalogue = Catalogue.open(lake)
    indexes = Indexes.open(lake, catalogue, encoders, space, folder=folder)
    for _ in range(_MOST_ROUNDS):  # what came in meanwhile; the server takes in the last of it
        if indexes.sync().upserted == 0:
            break
    progress.phase("checking")
    check_generation(indexes, catalogue)
    indexes.close()
    return report.pictures, report.words, len(indexes.words)


def _counting(progress: ProgressLog, known: int) -> Callable[[str, int], None]:
    began = time.monotonic()
    done = {"pictures": 0, "words": 0}

    def count(kind: str, so_far: int) -> None:
        done[kind] = so_far
        made = sum(done.values())
        progress.encoded(known + made, made / max(time.monotonic() - began, 1e-9))

    return count


def _is_cancelled(lake: Lake, candidate: Generation) -> bool:
    kept = read_generations(lake.path)
    return kept is None or kept.find(candidate.id) is None


def _cancelled(candidate: Generation) -> SwitchCancelledError:
    return SwitchCancelledError(
        f"the switch to {candidate.encoder} was cancelled; what was made for it is gone; "
        "the generation before serves on"
    )


def _remove(lake: Lake, kept: Generations | None, dropped: Generation) -> None:
    """Folder and embeddings of a generation that no file names any more."""
    remove_folders(lake.path, dropped)
    others = {name for each in (kept.all if kept else ()) for name in each.tables}
    for name in dropped.tables:
        if name not in others:
            lake.drop_embeddings(name)
