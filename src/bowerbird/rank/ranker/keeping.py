"""This file is about keeping trained rankers: where, and under which card."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bowerbird import __version__
from bowerbird.core.clock import SystemClock
from bowerbird.encode.session import write_whole
from bowerbird.learn.registry import ModelCard, ModelRegistry, new_model_id
from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.starting import save_weights

MODEL = "ranker"
_CANARY = "canary.json"


def rankers_folder(lake: Path) -> Path:
    """Where a lake keeps its rankers."""
    return lake / "models" / "rankers"


@dataclass(frozen=True, slots=True)
class Canary:
    """The challenger that serves a share of the people since some moment; an empty id: none does."""

    id: str = ""
    share: float = 0.0
    since_ms: int = 0


@runtime_checkable
class Beside(Protocol):
    """What was trained with a ranker, and is kept and opened with it: its pre-ranker."""

    def save(self, folder: Path) -> None:
        """Its files, into the ranker's folder."""
        ...


def canary_of(registry: ModelRegistry) -> Canary:
    """Which challenger serves beside the champion, and to what share."""
    try:
        told = json.loads((registry.folder / _CANARY).read_text())
        return Canary(str(told["id"]), float(told["share"]), int(told.get("since_ms", 0)))
    except FileNotFoundError:
        return Canary()


def set_canary(registry: ModelRegistry, canary: Canary) -> None:
    """From now on this challenger serves this share; an empty id ends it."""
    if not canary.id:
        (registry.folder / _CANARY).unlink(missing_ok=True)
        return
    write_whole(registry.folder / _CANARY, json.dumps(asdict(canary)).encode())


def is_canary(person_id: str, canary: Canary) -> bool:
    """Whether this person is served by the challenger; the larger the share, the more, and never fewer."""
    place = int.from_bytes(hashlib.sha256(f"canary {person_id}".encode()).digest()[:6]) / 2**48
    return place < canary.share


def keep(
    ranker: ServedRanker,
    report: dict[str, Any],
    registry: ModelRegistry,
    *,
    config: RankerConfig,
    seed: int,
    data: dict[str, Any],
    beside: Beside | None = None,
    facts: dict[str, Any] | None = None,
    weights: dict[str, np.ndarray] | None = None,
) -> ModelCard:
    """The card of a ranker, which is in the registry from now on, not yet in use.

    Args:
        report: of `judging.judged`: by head the order within pages and how true chances are.
        beside: lies in the same folder, so that both come into use in one step.
        facts: more that the card is to say.
        weights: that another training may start from.
    """
    metrics = {f"{head} auc": each["auc"] for head, each in report.items()}
    card = ModelCard(
        id=new_model_id(),
        name=MODEL,
        made_ms=SystemClock().now_ms(),
        data=data,
        split_sha256=hashlib.sha256(f"{data}{config.held_out}".encode()).hexdigest(),
        config=config.model_dump(mode="json"),
        seed=seed,
        metrics=metrics,
        facts={
            **ranker.facts,
            "version": ranker.version,
            "space": ranker.space,
            "calibration": {head: each["calibration"] for head, each in report.items()},
            **(facts or {}),
        },
        code=f"{__version__}+{_code_hash()}",
    )

    def save(folder: Path) -> None:
        ranker.save(folder)
        if beside is not None:
            beside.save(folder)
        if weights is not None:
            save_weights(weights, folder)

    registry.add(card, save)
    return card


def _code_hash() -> str:
    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(root.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
