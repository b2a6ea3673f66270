"""This file is about one model by itself: fitted, judged, and put into the registry with its card."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from bowerbird import __version__
from bowerbird.core.clock import SystemClock
from bowerbird.learn.data import Reading
from bowerbird.learn.evaluate import draws, evaluate, summary
from bowerbird.learn.registry import ModelCard, ModelRegistry, new_model_id
from bowerbird.learn.splits import Split
from bowerbird.learn.types import Budget, FitPlan, Retriever, Tell
from bowerbird.retrieve.learned import write_items
from bowerbird.surfaces.measure.config import CompareConfig
from bowerbird.surfaces.measure.costs import latency_ms, spent
from bowerbird.surfaces.measure.precision import Precision, in_eight_bits
from bowerbird.surfaces.measure.runs import code_hash, run_key


def train_one(
    retriever: Retriever,
    reading: Reading,
    split: Split,
    seed: int,
    registry: ModelRegistry,
    folder: Path,
    tell: Tell,
    *,
    precision: Precision = "fp32",
) -> ModelCard:
    """The card of the new model, which is in the registry and not yet in use.

    In 8 bits, metrics and latency of the card are those of that form, and `int8` in its facts says how it
    differs from the one in 32 bits.

    Checkpoints lie in `folder` under a name made of everything that decides the result, so that the same call
    after a kill goes on.
    """
    config = CompareConfig()
    work = folder / ".training" / f"{retriever.name}-{run_key(retriever, seed, split, config)}"
    work.mkdir(parents=True, exist_ok=True)
    budget = Budget(config.candidates, config.vectors, config.trials)
    with spent() as cost:
        fitted = retriever.fit(split.training, split.validation, FitPlan(seed, budget, work, tell))
    facts: dict[str, Any] = {}
    if precision == "int8":
        tell("putting it in 8 bits")
        made = in_eight_bits(fitted, split, name=retriever.name, requests=config.latency_requests)
        fitted, facts["int8"] = made.fitted, made.report
    tell("judging")
    evaluation = evaluate(
        fitted, split.test, split.training.item_counts(), vectors=split.training.catalogue.vectors
    )
    p50, p99 = latency_ms(fitted, split.test.histories, candidates=50, requests=config.latency_requests)
    facts |= {
        **fitted.facts,
        "fit_seconds": cost.seconds,
        "fit_peak_mb": cost.peak_mb,
        "latency_p50_ms": p50,
        "latency_p99_ms": p99,
    }
    card = ModelCard(
        id=new_model_id(),
        name=retriever.name,
        made_ms=SystemClock().now_ms(),
        data={"name": reading.name, "form": reading.form, "version": reading.version},
        split_sha256=split.sha256,
        config=retriever.config.model_dump(mode="json"),
        seed=seed,
        metrics={
            name: {"mean": each.mean} | (asdict(each.interval) if each.interval else {})
            for name, each in summary(draws([evaluation])).items()
        },
        facts=facts,
        code=f"{__version__}+{code_hash()}",
    )

    def save(home: Path) -> None:
        fitted.save(home)
        write_items(home, split.training.catalogue.ids)

    registry.add(card, save)
    return card
