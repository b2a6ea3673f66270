"""This file is about keeping a trained space: its card, with what it found of what it did not see."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bowerbird import __version__
from bowerbird.core.clock import SystemClock
from bowerbird.core.errors import MissingModelError
from bowerbird.learn.registry import ModelCard, ModelRegistry, new_model_id
from bowerbird.taste.encoder.judging import told
from bowerbird.taste.space.config import SpaceConfig
from bowerbird.taste.space.held_out import ContentAnswers, HeldOut
from bowerbird.taste.space.served import TasteSpace, load_space

MODEL = "taste"


@dataclass(frozen=True, slots=True)
class Learned:
    """A space and what it was learned from.

    Attributes:
        data: name and version of the source, as in the card.
    """

    space: TasteSpace
    held_out: HeldOut
    config: SpaceConfig
    seed: int
    data: dict[str, Any]


def taste_folder(lake: Path) -> Path:
    """Where a lake keeps its spaces."""
    return lake / "models" / "taste"


def keep(learned: Learned, registry: ModelRegistry) -> ModelCard:
    """The card of the space, which is in the registry and answers from now on.

    Metrics are named `task slice metric`, and those of content vectors alone stand beside them as
    `content task slice metric`.
    """
    held = learned.held_out
    metrics: dict[str, dict[str, Any]] = {}
    for prefix, answers in (
        ("", learned.space.at(held.known, held.from_ms)),
        ("content ", ContentAnswers(held.known.content)),
    ):
        for task, judged in held.judged(answers).items():
            metrics |= {f"{prefix}{task} {name}": each for name, each in told(judged, held.counts).items()}
    split = hashlib.sha256(f"{held.known.sha256()}{held.from_ms}".encode())
    card = ModelCard(
        id=new_model_id(),
        name=MODEL,
        made_ms=SystemClock().now_ms(),
        data={**learned.data, "held_out_from_ms": held.from_ms},
        split_sha256=split.hexdigest(),
        config=learned.config.model_dump(mode="json"),
        seed=learned.seed,
        metrics=metrics,
        facts={**learned.space.facts, "version": learned.space.version},
        code=f"{__version__}+{_code_hash()}",
    )
    registry.add(card, learned.space.save)
    registry.activate(MODEL, card.id)
    return card


def space_in_use(registry: ModelRegistry) -> TasteSpace:
    """The space that answers.

    Raises:
        MissingModelError: none was trained yet.
    """
    found = registry.active(MODEL)
    if found is None:
        raise MissingModelError(
            "no taste space was trained yet; needed is one; run `bowerbird taste train --lake LAKE`"
        )
    return load_space(found[1])


def _code_hash() -> str:
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in ("learn", "taste"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
