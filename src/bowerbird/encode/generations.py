"""This file is about generations: an encoder, the space fitted on its vectors and both indexes, as one.

`active.json` in the lake says which generation serves, which one served before, and which one is being made.
Replacing that file is the only step that counts: whoever reads it sees the state before or the state after.
The first generation of a lake lies where lakes without generations keep their models and indexes, so that an
older lake needs no moving.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bowerbird.core.errors import ConflictError, LakeError, NotFoundError
from bowerbird.core.ids import new_id
from bowerbird.lake.local_place import LocalPlace

FIRST = "first"
_FILE = "active.json"
_LOCK = ".active.lock"
_FOLDER = "generations"


class Generation(BaseModel):
    """One encoder's view of the lake.

    Attributes:
        encoder: as settings name it: `lite0`, or `kind:folder`.
        tables: names of the tables that hold its embeddings.
        is_ready: complete enough to serve; of a candidate that waits to be activated.
        runs_in_server: a server goes on with making it by itself after a restart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    encoder: str
    made_ms: int
    tables: tuple[str, ...] = ()
    is_ready: bool = False
    runs_in_server: bool = False


class Generations(BaseModel):
    """What `active.json` says.

    Attributes:
        previous: served before; kept complete, so that one step leads back to it.
        candidate: being made.
        switched_ms: when `active` began to serve.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[1] = 1
    active: Generation
    previous: Generation | None = None
    candidate: Generation | None = None
    switched_ms: int

    def find(self, id_: str) -> Generation | None:
        """The generation with this id."""
        return next((each for each in self.all if each.id == id_), None)

    @property
    def all(self) -> tuple[Generation, ...]:
        """Active, previous, candidate, as far as they are there."""
        return tuple(each for each in (self.active, self.previous, self.candidate) if each is not None)

    @property
    def companions(self) -> tuple[Generation, ...]:
        """Those that do not serve and are kept complete all the same."""
        waits = self.candidate if self.candidate is not None and self.candidate.is_ready else None
        return tuple(each for each in (self.previous, waits) if each is not None)


def folder_of(lake_path: Path, generation: Generation | None) -> Path:
    """Where a generation keeps `models` and `index`; None: the first one."""
    if generation is None or generation.id == FIRST:
        return lake_path
    return lake_path / _FOLDER / generation.id


def serving_folder(lake_path: Path) -> Path:
    """The folder of the generation that serves."""
    kept = read_generations(lake_path)
    return folder_of(lake_path, kept.active if kept else None)


def read_generations(lake_path: Path) -> Generations | None:
    """What the lake says, or None where nothing was encoded since generations exist.

    Raises:
        LakeError: the file cannot be read.
    """
    path = lake_path / _FILE
    try:
        return Generations.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise LakeError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); needed is the file as it was written; "
            "bring it back from a backup, or delete it to serve the first generation with the encoder of the "
            "settings"
        ) from error


def encoder_of_lake(lake_path: Path, otherwise: str) -> str:
    """The encoder that serves the lake; `otherwise` where it has none yet."""
    kept = read_generations(lake_path)
    return kept.active.encoder if kept else otherwise


def note_first(lake_path: Path, encoder: str, tables: tuple[str, ...], now_ms: int) -> Generations:
    """Writes down which encoder the lake is served with, if that was not done; gives what is written."""

    def noted(kept: Generations | None) -> Generations:
        first = Generation(id=FIRST, encoder=encoder, made_ms=now_ms, tables=tables, is_ready=True)
        return kept or Generations(active=first, switched_ms=now_ms)

    return _changed(lake_path, noted)


def begin_candidate(lake_path: Path, encoder: str, now_ms: int, *, runs_in_server: bool) -> Generation:
    """The candidate with this encoder: the one that is being made, or a new one.

    Raises:
        ConflictError: the encoder serves already, or another candidate is being made.
        NotFoundError: the lake has no generation to switch from.
    """

    def begun(kept: Generations | None) -> Generations:
        kept = _needed(kept, lake_path)
        if kept.candidate is not None:
            if kept.candidate.encoder != encoder:
                raise ConflictError(
                    f"a switch to {kept.candidate.encoder} is under way, and one to {encoder} was asked for; "
                    "finish it with the same command, or end it with `bowerbird encode switch --cancel`"
                )
            same = kept.candidate.model_copy(
                update={"runs_in_server": runs_in_server or kept.candidate.runs_in_server}
            )
            return kept.model_copy(update={"candidate": same})
        if kept.active.encoder == encoder:
            raise ConflictError(
                f"the lake is served with {encoder} already; needed is another encoder; nothing was changed"
            )
        if kept.previous is not None and kept.previous.encoder == encoder:
            raise ConflictError(
                f"{encoder} served before and is kept complete; "
                "go back to it with `bowerbird encode rollback`"
            )
        made = Generation(id=new_id("gen"), encoder=encoder, made_ms=now_ms, runs_in_server=runs_in_server)
        return kept.model_copy(update={"candidate": made})

    candidate = _changed(lake_path, begun).candidate
    assert candidate is not None
    return candidate


def note_tables(lake_path: Path, id_: str, tables: tuple[str, ...]) -> Generation:
    """The candidate, with where its embeddings are written down."""
    noted = _changed(lake_path, lambda kept: _with_candidate(kept, lake_path, id_, tables=tables)).candidate
    assert noted is not None
    return noted


def mark_ready(lake_path: Path, id_: str) -> None:
    """The candidate is complete and waits to be activated."""
    _changed(lake_path, lambda kept: _with_candidate(kept, lake_path, id_, is_ready=True))


def activate_candidate(lake_path: Path, id_: str, now_ms: int) -> Generations:
    """The candidate serves, the one that served becomes `previous`; the one before that is let go.

    Raises:
        NotFoundError: it is no longer the candidate.
    """

    def activated(kept: Generations | None) -> Generations:
        kept = _with_candidate(kept, lake_path, id_, is_ready=True)
        assert kept.candidate is not None
        return Generations(active=kept.candidate, previous=kept.active, switched_ms=now_ms)

    return _changed(lake_path, activated)


def swap_back(lake_path: Path, id_: str, now_ms: int) -> Generations:
    """The previous generation serves again, and the one that served takes its place.

    Raises:
        NotFoundError: it is no longer the previous one.
    """

    def swapped(kept: Generations | None) -> Generations:
        kept = _needed(kept, lake_path)
        if kept.previous is None or kept.previous.id != id_:
            raise NotFoundError(f"generation {id_} is not the previous one any more; nothing was changed")
        return kept.model_copy(
            update={"active": kept.previous, "previous": kept.active, "switched_ms": now_ms}
        )

    return _changed(lake_path, swapped)


def drop(lake_path: Path, id_: str) -> Generation:
    """A candidate or the previous generation is forgotten, and its folder is gone.

    Raises:
        ConflictError: it serves.
        NotFoundError: there is no such generation.
    """
    dropped: list[Generation] = []

    def without(kept: Generations | None) -> Generations:
        kept = _needed(kept, lake_path)
        found = kept.find(id_)
        if found is None:
            known = ", ".join(each.id for each in kept.all)
            raise NotFoundError(f"there is no generation {id_!r}; there are {known}; name one of these")
        if found == kept.active:
            raise ConflictError(f"generation {id_} serves; switch to another one before you drop it")
        dropped.append(found)
        return kept.model_copy(
            update={
                name: None
                for name in ("previous", "candidate")
                if getattr(kept, name) is not None and getattr(kept, name).id == id_
            }
        )

    _changed(lake_path, without)
    remove_folders(lake_path, dropped[0])
    return dropped[0]


def remove_folders(lake_path: Path, generation: Generation) -> None:
    """What a generation keeps beside the tables is gone."""
    folder = folder_of(lake_path, generation)
    if generation.id == FIRST:
        (folder / "models" / "joint_space.npz").unlink(missing_ok=True)
        # Cards lie there too; they are of no generation.
        for index in (folder / "index").glob("*/"):
            shutil.rmtree(index, ignore_errors=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def remove_orphans(lake_path: Path) -> list[str]:
    """Folders of generations that `active.json` no longer names are gone; gives their names."""
    kept = read_generations(lake_path)
    root = lake_path / _FOLDER
    if kept is None or not root.is_dir():
        return []
    named = {each.id for each in kept.all}
    orphans = sorted(path.name for path in root.iterdir() if path.is_dir() and path.name not in named)
    for name in orphans:
        shutil.rmtree(root / name, ignore_errors=True)
    return orphans


def _needed(kept: Generations | None, lake_path: Path) -> Generations:
    if kept is None:
        raise NotFoundError(
            f"nothing in {lake_path} is encoded yet; needed is a lake that serves; "
            "run `bowerbird encode run` and `bowerbird encode fit`, or set `encoder` under [encode]"
        )
    return kept


def _with_candidate(kept: Generations | None, lake_path: Path, id_: str, **changed: object) -> Generations:
    kept = _needed(kept, lake_path)
    if kept.candidate is None or kept.candidate.id != id_:
        raise NotFoundError(f"generation {id_} is not the candidate any more: it was cancelled or activated")
    return kept.model_copy(update={"candidate": kept.candidate.model_copy(update=changed)})


def _changed(lake_path: Path, change: Callable[[Generations | None], Generations]) -> Generations:
    """What `change` makes of the file, written durably; one process at a time."""
    with _locked(lake_path):
        before = read_generations(lake_path)
        after = change(before)
        if after != before:
            LocalPlace(lake_path).write(_FILE, after.model_dump_json(indent=1).encode())
        return after


@contextmanager
def _locked(lake_path: Path) -> Iterator[None]:
    with (lake_path / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
