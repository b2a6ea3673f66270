"""This file is about what the benchmarks of dense generation share: trained models that are kept, and how they are judged."""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.learn.data import Interactions
from bowerbird.learn.evaluate import Draws, draws, evaluate
from bowerbird.learn.splits import Cases, Split
from bowerbird.learn.types import Budget, FitPlan
from bowerbird.retrieve.counting.content import words_vectors
from bowerbird.retrieve.generative import GenerativeConfig, ServedGenerative, VectorPlan
from bowerbird.retrieve.generative.served import load_generative
from bowerbird.retrieve.generative.train import GenerativeRetriever

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RUNS = Path.home() / ".cache" / "bowerbird-runs" / "generation"


def add_options(arguments: argparse.ArgumentParser, data: str) -> None:
    """Where the data lie, how many seeds, where runs are kept."""
    arguments.add_argument("--data", type=Path, default=SHARED / data)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--epochs", type=int, help="at most; default: what the config says")
    arguments.add_argument("--runs", type=Path, default=RUNS)


def with_words(interactions: Interactions, cache: Path) -> Interactions:
    """With vectors of the items' words, as `bowerbird measure compare` has them."""
    cache.mkdir(parents=True, exist_ok=True)
    vectors = words_vectors(interactions.catalogue, MiniLmEncoder(), cache, _tell)
    if vectors is None:
        return interactions
    return replace(interactions, catalogue=interactions.catalogue.with_vectors(vectors))


def fitted_seeds(
    found: Split, args: argparse.Namespace, config: GenerativeConfig | None = None
) -> list[ServedGenerative]:
    """One model a seed; what an earlier run with the same settings and split has trained is taken from it."""
    config = config or GenerativeConfig()
    if args.epochs:
        training = config.training.model_copy(update={"epochs": args.epochs})
        config = config.model_copy(update={"training": training})
    key = hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:12]
    fits = []
    for seed in range(args.seeds):
        folder = args.runs / f"{found.short_hash}-{key}-{seed}"
        if not (folder / "generative.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            plan = FitPlan(seed, Budget(), folder, _tell)
            GenerativeRetriever(config).fit(found.training, found.validation, plan).save(folder)
        fits.append(load_generative(folder))
    return fits


def drawn(fits: Sequence[ServedGenerative], plan: VectorPlan, cases: Cases, counts: np.ndarray) -> Draws:
    """Metrics of all seeds under one plan."""
    return draws([evaluate(fit.with_plan(plan), cases, counts) for fit in fits])


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
