"""This file is about fitting the generative model, and choosing its plan of vectors on validation."""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.evaluate import EvaluationConfig, evaluate
from bowerbird.learn.int8 import int8_bytes
from bowerbird.learn.packing import packed
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.training import (
    Batch,
    TrainingResult,
    as_int8_if_as_good,
    train_until_stale,
    training_facts,
)
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Budget, FitPlan
from bowerbird.retrieve.generative.config import GenerativeConfig
from bowerbird.retrieve.generative.model import Generative, Reader
from bowerbird.retrieve.generative.served import ServedGenerative
from bowerbird.retrieve.generative.targets import drawn_offsets, entries_after
from bowerbird.retrieve.generative.vector_plan import ANY, VectorPlan, shares_of_outcomes
from bowerbird.retrieve.history_times import for_ties_of, gap_buckets, seconds_within, ties_redrawn

CHOSEN_BY = "ndcg@10"
_ACTIONS = {code: action.value for action, code in ACTION_CODES.items()}


class GenerativeRetriever:
    """A `Retriever`."""

    name = "generative"
    has_chance = True

    def __init__(self, config: GenerativeConfig | None = None) -> None:
        self.config = config or GenerativeConfig()

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedGenerative:
        """Trained until the validation part says that it gets no better; then the plan is chosen there."""
        config = for_ties_of(training, self.config)
        if training.time == "order":
            config = config.model_copy(update={"offsets_days": ()})
        torch.manual_seed(plan.seed)
        outcomes = outcomes_of(training)
        model = Generative(
            config,
            training.item_count,
            len(outcomes),
            content_of(training) if config.uses_content else None,
            log_chances(training.item_counts()),
        )
        histories, counts = training.histories(), training.item_counts()
        cases = sampled(validation, config.validation_persons)
        result = train_until_stale(
            model,
            lambda epoch: batches_of(histories, counts, outcomes, config, plan.seed, epoch),
            lambda: served(model, config, outcomes),
            training=training,
            cases=cases,
            config=config,
            trainer=config.training,
            plan=plan,
        )
        fitted = served(model, config, outcomes, result)
        if config.tries_int8:
            fitted = as_int8_if_as_good(fitted, fitted.in_int8(int8_bytes), cases, counts)
        return best_planned(fitted, cases, counts, plans_to_try(training, config, plan.budget))


def outcomes_of(training: Interactions) -> tuple[str, ...]:
    """The actions that people did, most frequent first."""
    codes, counts = np.unique(training.actions, return_counts=True)
    return tuple(_ACTIONS[int(code)] for code in codes[np.argsort(-counts, kind="stable")])


def content_of(training: Interactions) -> np.ndarray | None:
    """float32 [N, C] of unit length; zeros where an item has no content."""
    vectors = training.catalogue.vectors
    if vectors is None:
        return None
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)


def log_chances(counts: np.ndarray) -> np.ndarray:
    """float32 [N] how often an item is drawn as a negative: as often as it was met, once at least."""
    often = np.maximum(counts, 1).astype(np.float64)
    logs: np.ndarray = np.log(often / often.sum())
    return logs.astype(np.float32)


def plans_to_try(training: Interactions, config: GenerativeConfig, budget: Budget) -> list[VectorPlan]:
    """Plans within the budget: one vector first, then more offsets, more steps, a vector for each outcome."""
    by_name = {
        name: int((training.actions == ACTION_CODES[Action(name)]).sum()) for name in outcomes_of(training)
    }
    mixes: list[dict[str, float]] = [{ANY: 1.0}]
    if len(by_name) > 1:
        mixes.append(shares_of_outcomes(by_name))
    later = len(config.offsets_days)
    spreads: list[tuple[float, ...]] = [(1.0,)]
    if later:
        spreads += [(1 - rest, *([rest / later] * later)) for rest in (0.2, 0.4)]
        spreads += [(0.8, 0.2, *([0.0] * (later - 1)))]
    found = [
        VectorPlan(outcomes=mix, offsets=spread, steps=steps, merge_above=config.merge_above)
        for steps in ((1.0,), (0.8, 0.2))
        for mix in mixes
        for spread in spreads
    ]
    return [each for each in found if len(each.vectors()) <= budget.vectors][: budget.trials]


def best_planned(
    fitted: ServedGenerative, cases: Cases, counts: np.ndarray, plans: Sequence[VectorPlan]
) -> ServedGenerative:
    """The model with the plan that validation likes best; of equals, the earlier one."""
    tried = [fitted.with_plan(plan) for plan in plans]
    config = EvaluationConfig(cutoffs=(10, 50))
    values = [evaluate(each, cases, counts, config).values().get(CHOSEN_BY, 0.0) for each in tried]
    return tried[int(np.argmax(values))]


def batches_of(
    histories: Histories,
    counts: np.ndarray,
    outcomes: Sequence[str],
    config: GenerativeConfig,
    seed: int,
    epoch: int,
) -> Sequence[Batch]:
    """An epoch: all histories in an order of its own, packed, each token with what is next and one offset."""
    rng = np.random.default_rng((seed, epoch))
    if config.redraws_ties:
        histories = ties_redrawn(histories, rng)
    order = rng.permutation(len(histories))
    parts = packed(histories, order, rows=config.rows, tokens=config.tokens, longest=config.longest)
    after = np.array([entries_after(histories, days) for days in config.offsets_days], dtype=np.int64)
    items = np.append(histories.items.astype(np.int64), -1)  # entry -1 is padding
    by_code = np.full(128, len(outcomes), dtype=np.int64)
    by_code[[ACTION_CODES[Action(name)] for name in outcomes]] = np.arange(len(outcomes))
    actions = np.append(by_code[histories.actions], len(outcomes))
    summed = np.cumsum(np.maximum(counts, 1))
    gaps = np.append(gap_buckets(histories, seconds_within(histories)), 0)
    return [_batch(part.entries, part.targets, part.places, part.segments, items, actions, gaps, after,
                   summed, len(outcomes), config, rng) for part in parts]  # fmt: skip


def _batch(
    entries: np.ndarray,
    following: np.ndarray,
    places: np.ndarray,
    segments: np.ndarray,
    items: np.ndarray,
    actions: np.ndarray,
    gaps: np.ndarray,
    after: np.ndarray,
    summed: np.ndarray,
    open_outcome: int,
    config: GenerativeConfig,
    rng: np.random.Generator,
) -> Batch:
    goals, offsets, weights = [following], [np.zeros_like(entries)], [(following >= 0) * 1.0]
    if len(after) and config.offset_weight > 0:
        drawn, later = drawn_offsets(entries, after, rng)
        goals.append(later)
        offsets.append(drawn + 1)
        weights.append((later >= 0) * config.offset_weight)
    goal = np.stack(goals, axis=-1)  # [R, T, S]
    # A single outcome says nothing: it is left open throughout.
    share_open = config.unconditioned if open_outcome > 1 else 1.0
    outcome = np.where(rng.random(goal.shape) < share_open, open_outcome, actions[goal])
    weight = np.stack(weights, axis=-1).astype(np.float32)
    is_hidden = rng.random(entries.shape) < config.hidden_gaps
    arrays = {
        "items": items[entries],
        "actions": actions[entries],
        "gaps": np.where(is_hidden, 0, gaps[entries]),
        "places": places,
        "segments": segments,
        "targets": items[goal],
        "outcomes": outcome,
        "offsets": np.stack(offsets, axis=-1),
        "weights": weight,
    }
    # By inverse transform: `choice` would add up all chances again for each batch.
    drawn_items = np.searchsorted(summed, rng.random(config.negatives) * summed[-1], side="right")
    arrays["negatives"] = np.tile(drawn_items, (len(entries), 1))
    return Batch(arrays, weight=float(weight.sum()))


def served(
    model: Generative,
    config: GenerativeConfig,
    outcomes: tuple[str, ...],
    result: TrainingResult | None = None,
) -> ServedGenerative:
    """The model as it is now, exported, with one vector a request."""
    still = copy.deepcopy(model).cpu()
    pair = torch.tensor([[0, 1], [1, 1]])
    example = {
        "vectors": torch.zeros((2, 2, config.width)),
        "actions": pair,
        "gaps": pair,
        "is_there": torch.tensor([[0, 0, 1], [1, 1, 1]]),
        "memory": torch.zeros((config.layers, 2, 2, config.heads, 1, config.width // config.heads)),
        "outcomes": pair * 0,
        "offsets": pair * 0,
    }
    free = {name: {0: "batch", 1: "tokens"} for name in ("vectors", "actions", "gaps")}
    free |= {name: {0: "batch", 1: "asked"} for name in ("outcomes", "offsets", "queries")}
    free |= {"is_there": {0: "batch", 1: "all"}, "memory": {2: "batch", 4: "earlier"}}
    free["remembered"] = {2: "batch", 4: "all"}
    graph = onnx_bytes(Reader(still), example, outputs=["queries", "remembered"], free=free)
    items = still.item_vectors().detach().numpy()
    plan = VectorPlan(merge_above=config.merge_above)
    return ServedGenerative(graph, items, outcomes, config.longest, plan, training_facts(model, result))
