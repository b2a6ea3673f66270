"""This file is about comparing: every retriever fitted to one split, judged alike, with equal budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.learn.evaluate import Draws, Evaluation, Summary, difference, draws, evaluate, summary
from bowerbird.learn.splits import Split
from bowerbird.learn.types import Budget, FitPlan, Retriever, Tell
from bowerbird.retrieve.finished import keep_fitted
from bowerbird.surfaces.measure.config import CompareConfig
from bowerbird.surfaces.measure.costs import latency_ms, spent
from bowerbird.surfaces.measure.runs import RunCard, code_hash, keep_run, kept_run, run_key


@dataclass(frozen=True, slots=True)
class Comparison:
    """What every model did.

    Attributes:
        cards: by model, one a seed.
        summaries: by model, by metric.
        differences: by pair (first, second), by metric: first less second.
    """

    cards: dict[str, tuple[RunCard, ...]]
    summaries: dict[str, dict[str, Summary]]
    differences: dict[tuple[str, str], dict[str, Summary]]


def compare(
    retrievers: Sequence[Retriever],
    split: Split,
    config: CompareConfig,
    out: Path,
    tell: Tell = lambda _: None,
    *,
    is_fresh: bool = False,
) -> Comparison:
    """Fits and judges each retriever with each seed; what an earlier call has finished is taken from `out`.

    Raises:
        InputError: two retrievers share a name.
    """
    names = [retriever.name for retriever in retrievers]
    if len(set(names)) < len(names):
        raise InputError(f"models {', '.join(names)} were received; needed is each once; leave doubles out")
    cards: dict[str, tuple[RunCard, ...]] = {}
    drawn: dict[str, Draws] = {}
    for place, retriever in enumerate(retrievers):
        seeds = range(config.seeds) if retriever.has_chance else range(1)
        runs = [_run(retriever, seed, split, config, out, tell, is_fresh=is_fresh) for seed in seeds]
        cards[retriever.name] = tuple(card for card, _ in runs)
        evaluations = [evaluation for _, evaluation in runs]
        drawn[retriever.name] = draws(evaluations, stream=place + 1, resamples=config.resamples)
    pairs = [(first, second) for first in names for second in names if first != second]
    return Comparison(
        cards,
        {name: summary(each) for name, each in drawn.items()},
        {(first, second): difference(drawn[first], drawn[second]) for first, second in pairs},
    )


def _run(
    retriever: Retriever,
    seed: int,
    split: Split,
    config: CompareConfig,
    out: Path,
    tell: Tell,
    *,
    is_fresh: bool,
) -> tuple[RunCard, Evaluation]:
    key = run_key(retriever, seed, split, config)
    folder = _home(retriever, seed, split, config, out)
    kept = None if is_fresh else kept_run(folder)
    if kept is not None:
        tell(f"{retriever.name} seed {seed}: taken from an earlier run")
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    budget = Budget(config.candidates, config.vectors, config.trials)
    tell(f"{retriever.name} seed {seed}: fitting")

    def home_of(part: Retriever, part_seed: int) -> Path:
        return _home(part, part_seed, split, config, out)

    with spent() as cost:
        fitted = retriever.fit(split.training, split.validation, FitPlan(seed, budget, folder, tell, home_of))
    keep_fitted(fitted, folder, cost.seconds)
    counts, vectors = split.training.item_counts(), split.training.catalogue.vectors
    tell(f"{retriever.name} seed {seed}: judging")
    validation = evaluate(fitted, split.validation, counts, config.evaluation)
    evaluation = evaluate(fitted, split.test, counts, config.evaluation, vectors=vectors)
    p50, p99 = latency_ms(
        fitted, split.test.histories, candidates=config.candidates, requests=config.latency_requests
    )
    card = RunCard(
        model=retriever.name,
        seed=seed,
        key=key,
        code=code_hash(),
        config=retriever.config.model_dump(mode="json"),
        split_sha256=split.sha256,
        fit_seconds=cost.seconds,
        fit_cpu_seconds=cost.cpu_seconds,
        fit_peak_mb=cost.peak_mb,
        evaluate_seconds=evaluation.seconds,
        latency_p50_ms=p50,
        latency_p99_ms=p99,
        facts=fitted.facts,
        validation=validation.values(),
    )
    keep_run(folder, card, evaluation)
    return card, evaluation


def _home(retriever: Retriever, seed: int, split: Split, config: CompareConfig, out: Path) -> Path:
    return out / "runs" / f"{retriever.name}-{seed}-{run_key(retriever, seed, split, config)}"
