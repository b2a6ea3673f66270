"""This file is about the registry: a folder of trained models with their cards, and which are in use.

`NAME/ID/` holds a model's files and `card.json`; `NAME/active` names the ID that answers under its name, and
`serving` the NAME that the feed asks. A model is written beside its place and moved there whole, and `active`
and `serving` are replaced in one step, so that a reader meets the old or the new one.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bowerbird.core.errors import MissingModelError, NotFoundError
from bowerbird.core.ids import checked_id, new_id

_ACTIVE, _SERVING = "active", "serving"


class ModelCard(BaseModel):
    """What a model is, what it learned from, and how well it did.

    Attributes:
        data: name, and for a lake the version of items and events.
        metrics: on the test part, each with `mean`, `low` and `high` where there is an interval.
        facts: parameters, sizes, seconds, latency, as the model and its run say.
        code: version and hash of the code that made it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    made_ms: int
    data: dict[str, Any]
    split_sha256: str
    config: dict[str, Any]
    seed: int
    metrics: dict[str, dict[str, Any]]
    facts: dict[str, Any]
    code: str


class ModelRegistry:
    """The models in one folder; a lake keeps its own in `models/retrievers`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self._folder

    def folder_of(self, name: str, id_: str) -> Path:
        """Where the files of one model lie."""
        return self._folder / checked_id(name, what="model name") / checked_id(id_)

    def add(self, card: ModelCard, save: Callable[[Path], None]) -> Path:
        """Stores a model, durable on return; it answers nothing before `activate`.

        Args:
            save: writes the model's files into an existing folder.
        """
        name, id_ = checked_id(card.name, what="model name"), checked_id(card.id, what="model id")
        home = self._folder / name
        part = home / f".{id_}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        save(part)
        (part / "card.json").write_text(card.model_dump_json(indent=1))
        for path in (*part.rglob("*"), part):
            _fsync(path)
        part.rename(home / id_)
        _fsync(home)
        return home / id_

    def cards(self, name: str) -> list[ModelCard]:
        """Every model of a name, oldest first; a folder without a readable card is no model."""
        found = []
        for path in sorted((self._folder / name).glob("*/card.json")):
            try:
                found.append(ModelCard.model_validate_json(path.read_text()))
            except (ValidationError, OSError):
                continue
        return sorted(found, key=lambda card: (card.made_ms, card.id))

    def names(self) -> list[str]:
        """The names under which there are models."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if self.cards(path.name))

    def activate(self, name: str, id_: str) -> None:
        """From now on this model answers under its name, and the feed asks it.

        Raises:
            NotFoundError: there is none.
        """
        if id_ not in {card.id for card in self.cards(name)}:
            known = ", ".join(card.id for card in self.cards(name)) or "none"
            raise NotFoundError(f"model {name} {id_!r} is not there; known are {known}; choose one of them")
        _replace(self._folder / name / _ACTIVE, id_)
        _replace(self._folder / _SERVING, name)

    def deactivate(self, name: str) -> None:
        """From now on no model answers under this name; they stay."""
        (self._folder / checked_id(name, what="model name") / _ACTIVE).unlink(missing_ok=True)

    def retire(self) -> None:
        """From now on the feed asks no model."""
        (self._folder / _SERVING).unlink(missing_ok=True)

    def serving(self) -> tuple[ModelCard, Path] | None:
        """The card and folder of the model that the feed asks, or none.

        Raises:
            MissingModelError: one is named that is not there any more.
        """
        try:
            name = (self._folder / _SERVING).read_text().strip()
        except FileNotFoundError:
            return None
        return self.active(checked_id(name, what="model name"))

    def active(self, name: str) -> tuple[ModelCard, Path] | None:
        """The card and folder of the model in use, or none.

        Raises:
            MissingModelError: one is named that is not there any more.
        """
        home = self._folder / name
        if not (home / _ACTIVE).exists():
            return None
        id_ = (home / _ACTIVE).read_text().strip()
        for card in self.cards(name):
            if card.id == id_:
                return card, home / id_
        raise MissingModelError(
            f"model {name} {id_} is to answer and is not there; needed is its folder; "
            f"bring it back, or train again with `bowerbird learn train --model {name}`"
        )

    def remove(self, name: str, id_: str) -> None:
        """Takes a model away; the one in use stays until another is.

        Raises:
            NotFoundError: it is in use, or not there.
        """
        in_use = self.active(name)
        if in_use is not None and in_use[0].id == id_:
            raise NotFoundError(f"model {name} {id_} is in use; activate another one first")
        path = self._folder / checked_id(name) / checked_id(id_)
        if not (path / "card.json").exists():
            raise NotFoundError(f"model {name} {id_!r} is not there; list them with `bowerbird learn models`")
        (path / "card.json").unlink()  # first, so that a kill half-way leaves no model with files missing
        shutil.rmtree(path)


def models_folder(lake: Path) -> Path:
    """Where a lake keeps its models."""
    return lake / "models" / "retrievers"


def new_model_id() -> str:
    """Sorts by time of making."""
    return new_id("model")


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    _fsync(part)
    part.replace(path)
    _fsync(path.parent)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
