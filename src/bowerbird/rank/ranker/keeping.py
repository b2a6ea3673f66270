"""This file is about keeping trained rankers: where, and under which card."""

import hashlib
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bowerbird import __version__
from bowerbird.core.clock import SystemClock
from bowerbird.learn.registry import ModelCard, ModelRegistry, new_model_id
from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.starting import save_weights

MODEL = "ranker"


def rankers_folder(lake: Path) -> Path:
    """Where a lake keeps its rankers."""
    return lake / "models" / "rankers"


@runtime_checkable
class Beside(Protocol):
    """What was trained with a ranker, and is kept and opened with it: its pre-ranker."""

    def save(self, folder: Path) -> None:
        """Its files, into the ranker's folder."""
        ...


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
