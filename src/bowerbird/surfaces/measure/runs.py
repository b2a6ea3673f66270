"""This file is about runs: one model with one seed, fitted and judged once, and kept."""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from bowerbird.learn.evaluate import Evaluation
from bowerbird.learn.splits import Split
from bowerbird.learn.types import Retriever
from bowerbird.surfaces.measure.config import CompareConfig


class RunCard(BaseModel):
    """What one run was and what it cost.

    Attributes:
        key: everything that decides the result, hashed; runs with one key are one run.
        code: hash of the code that made it; two codes in one report are pointed out.
        facts: what the model says about itself.
        validation: metrics on the validation part.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    seed: int
    key: str
    code: str
    config: dict[str, Any]
    split_sha256: str
    fit_seconds: float
    fit_cpu_seconds: float
    fit_peak_mb: float
    evaluate_seconds: float
    latency_p50_ms: float
    latency_p99_ms: float
    facts: dict[str, Any]
    validation: dict[str, float]


def run_key(retriever: Retriever, seed: int, split: Split, config: CompareConfig) -> str:
    """Sixteen hex digits over everything that decides a result, except the code."""
    decides = {
        "model": retriever.name,
        "config": retriever.config.model_dump(mode="json"),
        "seed": seed if retriever.has_chance else 0,
        "split": split.sha256,
        "items": split.training.catalogue.sha256(),
        "evaluation": config.evaluation.model_dump(mode="json"),
        "budget": [config.candidates, config.vectors, config.trials],
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def code_hash() -> str:
    """Twelve hex digits over the source of the packages that fit and judge."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in ("learn", "retrieve"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def kept_run(folder: Path) -> tuple[RunCard, Evaluation] | None:
    """A run that was finished before, or none."""
    try:
        card = RunCard.model_validate_json((folder / "card.json").read_text())
        with (folder / "evaluation.npz").open("rb") as file, np.load(file, allow_pickle=False) as held:
            whole = dict(zip(held["whole_names"].tolist(), held["whole"].tolist(), strict=True))
            names = tuple(held["names"].tolist())
            return card, Evaluation(names, held["gained"], held["possible"], whole, card.evaluate_seconds)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # never finished, or cut short
        return None


def keep_run(folder: Path, card: RunCard, evaluation: Evaluation) -> None:
    """Writes the run; the card last, so that a run with a card is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "evaluation.npz").open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(evaluation.names),
            gained=evaluation.gained,
            possible=evaluation.possible,
            whole_names=np.array(list(evaluation.whole)),
            whole=np.array(list(evaluation.whole.values()), dtype=np.float64),
        )
        file.flush()
        os.fsync(file.fileno())
    whole = folder / "card.json.part"
    whole.write_text(card.model_dump_json(indent=1))
    whole.replace(folder / "card.json")
