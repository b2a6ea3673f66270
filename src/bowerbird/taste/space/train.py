"""This file is about fitting a whole space: first items and queries, then boards and people over them."""

import hashlib
from pathlib import Path

from bowerbird.learn.types import Tell
from bowerbird.taste.boards.train import train_boards
from bowerbird.taste.encoder.train import train_encoder, training_moments
from bowerbird.taste.encoder.types import TasteColumns
from bowerbird.taste.encoder.views import views_of
from bowerbird.taste.people.train import train_people
from bowerbird.taste.space.config import SpaceConfig
from bowerbird.taste.space.served import TasteSpace


def train_space(
    columns: TasteColumns, config: SpaceConfig, *, seed: int, folder: Path, tell: Tell = lambda _: None
) -> TasteSpace:
    """A space learned from all of the columns; the same call after a kill goes on where it struck.

    Raises:
        InputError: there are no two actions that belong together.
    """
    folders = {name: folder / name for name in ("encoder", "boards", "people")}
    for each in folders.values():
        each.mkdir(parents=True, exist_ok=True)
    encoder = train_encoder(
        columns,
        config.encoder,
        seed=seed,
        folder=folders["encoder"],
        tell=lambda text: tell(f"items: {text}"),
    )
    tell("vectors of all items at each moment")
    views = views_of(encoder, columns, training_moments(columns, config.encoder, seed), config.encoder, seed)
    boards = train_boards(
        columns,
        views,
        config.boards,
        seed=seed,
        folder=folders["boards"],
        tell=lambda text: tell(f"boards: {text}"),
    )
    people = train_people(
        columns,
        views,
        config.people,
        seed=seed,
        folder=folders["people"],
        tell=lambda text: tell(f"people: {text}"),
    )
    return TasteSpace(encoder, boards, people, config.encoder, seed)


def checkpoints_of(columns: TasteColumns, config: SpaceConfig, seed: int) -> str:
    """Sixteen hex digits over everything that decides the result: a name for the folder of checkpoints."""
    told = f"{columns.sha256()}{config.model_dump_json()}{seed}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
