"""This file is about answering with a trained generative model: vectors by ONNX Runtime, then the lookup."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.arrays import Embeddings
from bowerbird.core.errors import InputError
from bowerbird.encode.session import open_session, write_whole
from bowerbird.learn.data import Histories
from bowerbird.learn.types import Found
from bowerbird.retrieve.generative.lookup import ExactLookup, Lookup, interleaved
from bowerbird.retrieve.generative.vector_plan import ANY, VectorPlan, merged_shares, quotas
from bowerbird.retrieve.history_shapes import padded_length
from bowerbird.retrieve.history_times import gap_buckets, seconds_within


@dataclass(frozen=True, slots=True)
class Tokens:
    """Entries as the graph reads them, the newest at the right end, P of them before.

    Attributes:
        vectors: float32 [B, T, D].
        actions, gaps: int64 [B, T].
        is_there: int64 [B, P + T] 1 where there is an entry, P remembered ones first.
    """

    vectors: np.ndarray
    actions: np.ndarray
    gaps: np.ndarray
    is_there: np.ndarray


@dataclass(frozen=True, slots=True)
class Generated:
    """The query vectors of some requests, by share.

    Attributes:
        vectors: float32 [B, V, D] unit vectors.
        shares: float64 [B, V] of the candidates; 0 for one that was merged into an earlier one.
    """

    vectors: np.ndarray
    shares: np.ndarray


class ServedGenerative:
    """A `FittedRetriever` without torch. Thread safe.

    Args:
        graph: ONNX: tokens, memory, int64 [B, V] outcomes and offsets, to [B, V, D] and memory.
        items: float32 [N, D] unit vectors.
        outcomes: the actions that the training part holds, in the order of the model's numbers.
        longest: newest entries that count.
        plan: which vectors a request gets.
        lookup: where they are looked up; none: exactly, among `items`.
    """

    def __init__(
        self,
        graph: bytes,
        items: Embeddings,
        outcomes: tuple[str, ...],
        longest: int,
        plan: VectorPlan,
        facts: dict[str, Any],
        lookup: Lookup | None = None,
    ) -> None:
        self._graph = graph
        self._session = open_session(graph)
        self._items = np.asfortranarray(items)  # as its exact lookup keeps them, so that there is one copy
        self._outcomes = outcomes
        self._longest = longest
        (shape,) = [each.shape for each in self._session.get_inputs() if each.name == "memory"]
        self._memory_shape = shape
        self._planned = plan.vectors()
        self._plan = plan
        self._facts = facts
        self._lookup = lookup or ExactLookup(self._items)
        self._number_of = {name: number for number, name in enumerate((*outcomes, ANY))}
        if len(outcomes) == 1:  # then it says nothing, and training leaves it open
            self._number_of[outcomes[0]] = self._number_of[ANY]
        unknown = [each.outcome for each in self._planned if each.outcome not in self._number_of]
        if unknown:
            raise InputError(
                f"outcome {unknown[0]!r} was asked of a model that learned {', '.join(self._number_of)}; "
                "ask for one of them"
            )
        steps = max(each.step for each in self._planned)
        if steps >= longest:
            raise InputError(
                f"{steps + 1} steps were asked of a model that reads {longest} entries; needed are fewer "
                "steps than entries; ask for fewer steps"
            )
        by_code = np.full(128, len(outcomes), dtype=np.int64)
        by_code[[ACTION_CODES[Action(name)] for name in outcomes]] = np.arange(len(outcomes))
        self._by_code = by_code

    @property
    def facts(self) -> dict[str, Any]:
        """What training left; outcomes, the plan, and the size of what is served."""
        return {
            **self._facts,
            "outcomes": list(self._outcomes),
            "plan": self._plan.model_dump(mode="json"),
            "vectors": len(self._planned),
            "size_bytes": len(self._graph) + self._items.nbytes,
        }

    @property
    def items(self) -> Embeddings:
        """[N, D] what an index has to hold."""
        return self._items

    def with_plan(self, plan: VectorPlan) -> "ServedGenerative":
        """The same model with other shares.

        Raises:
            InputError: it asks for an outcome that the model has not learned.
        """
        return self._again(plan, self._lookup)

    def with_lookup(self, lookup: Lookup) -> "ServedGenerative":
        """The same model over another index."""
        return self._again(self._plan, lookup)

    def in_int8(self, converted: Callable[[bytes], bytes]) -> "ServedGenerative":
        """The same model over the converted graph."""
        facts = {**self._facts, "is_int8": True}
        return ServedGenerative(
            converted(self._graph),
            self._items,
            self._outcomes,
            self._longest,
            self._plan,
            facts,
            self._lookup,
        )

    def generate(self, histories: Histories) -> Generated:
        """Every planned vector of each history, near-duplicates merged.

        The history is read once; each step of an outcome then reads one token more.
        """
        made = np.zeros((len(histories), len(self._planned), self._items.shape[1]), dtype=np.float32)
        if not len(histories):
            return Generated(made, np.zeros(made.shape[:2]))
        tokens = self._tokens(histories)
        # Every step asks what is next, so that the first one is asked for each outcome that has later steps.
        chains = list(dict.fromkeys(each.outcome for each in self._planned if each.step > 0))
        first = [place for place, each in enumerate(self._planned) if each.step == 0]
        asked = [(self._planned[place].outcome, self._planned[place].offset) for place in first]
        found, memory = self._run(tokens, self._nothing(len(histories)), [*asked, *((c, 0) for c in chains)])
        made[:, first] = found[:, : len(first)]
        for place, outcome in enumerate(chains, start=len(first)):
            self._generate_steps(tokens, memory, outcome, found[:, place], made)
        shares = merged_shares(made, [each.share for each in self._planned], self._plan.merge_above)
        return Generated(made, shares)

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history, which its vectors share."""
        generated = self.generate(histories)
        rows, count, width = generated.vectors.shape
        quota = quotas(generated.shares, k)
        without = exclude if exclude is not None else histories.newest(0)
        # A vector that takes nothing is not looked up; others may have to pass over what the rest has taken.
        row, place = np.nonzero(quota)
        items = np.full((rows, count, k), -1, dtype=np.int32)
        items[row, place] = self._lookup.nearest(
            generated.vectors[row, place].reshape(-1, width), k, without.take(row)
        )
        return Found(*interleaved(items, quota))

    def save(self, folder: Path) -> None:
        """Graph, item vectors, and what is needed beside."""
        write_whole(folder / "query.onnx", self._graph)
        with (folder / "items.npy").open("wb") as file:
            np.save(file, self._items, allow_pickle=False)
        told = {
            "outcomes": self._outcomes,
            "longest": self._longest,
            "plan": self._plan.model_dump(mode="json"),
            "facts": self._facts,
        }
        write_whole(folder / "generative.json", json.dumps(told).encode())

    def _again(self, plan: VectorPlan, lookup: Lookup) -> "ServedGenerative":
        return ServedGenerative(
            self._graph, self._items, self._outcomes, self._longest, plan, self._facts, lookup
        )

    def _tokens(self, histories: Histories) -> Tokens:
        longest = self._longest - max(each.step for each in self._planned)  # steps find their places free
        length = padded_length(histories, longest)
        items = histories.padded(length)
        is_there = (items >= 0).astype(np.int64)
        gaps = gap_buckets(histories, seconds_within(histories))
        return Tokens(
            self._items[np.maximum(items, 0)],
            self._by_code[histories.padded_column(histories.actions, length, 0)],
            histories.padded_column(gaps, length, 0),
            is_there,
        )

    def _nothing(self, rows: int) -> np.ndarray:
        layers, two, _, heads, _, width = self._memory_shape
        return np.zeros((layers, two, rows, heads, 0, width), dtype=np.float32)

    def _run(
        self, tokens: Tokens, memory: np.ndarray, asked: list[tuple[str, int]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """float32 [B, V of these] vectors for outcomes and offsets, and what to remember."""
        shape = (len(tokens.actions), len(asked))
        outcomes = np.array([self._number_of[outcome] for outcome, _ in asked], dtype=np.int64)
        offsets = np.array([offset for _, offset in asked], dtype=np.int64)
        found, remembered = self._session.run(
            None,
            {
                "vectors": tokens.vectors,
                "actions": tokens.actions,
                "gaps": tokens.gaps,
                "is_there": tokens.is_there,
                "memory": memory,
                "outcomes": np.broadcast_to(outcomes, shape),
                "offsets": np.broadcast_to(offsets, shape),
            },
        )
        return found, remembered

    def _generate_steps(
        self, tokens: Tokens, memory: np.ndarray, outcome: str, vector: np.ndarray, made: np.ndarray
    ) -> None:
        """Fills in the vectors of an outcome's later steps: what was generated stands as the newest token."""
        places = {
            each.step: place
            for place, each in enumerate(self._planned)
            if each.outcome == outcome and each.step > 0
        }
        for step in range(1, max(places) + 1):
            tokens = _followed(tokens, vector, self._number_of[outcome])
            found, memory = self._run(tokens, memory, [(outcome, 0)])
            vector = found[:, 0]
            if step in places:
                made[:, places[step]] = vector


def _followed(tokens: Tokens, vectors: np.ndarray, action: int) -> Tokens:
    """One token that was generated, after those that are remembered; its gap is not known."""
    ones = np.ones((len(vectors), 1), dtype=np.int64)
    is_there = np.concatenate([tokens.is_there, ones], axis=1)
    return Tokens(vectors[:, None], ones * action, ones * 0, is_there)


def load_generative(folder: Path) -> ServedGenerative:
    """What `save` wrote."""
    told = json.loads((folder / "generative.json").read_text())
    items = np.load(folder / "items.npy", allow_pickle=False)
    plan = VectorPlan.model_validate(told["plan"])
    graph = (folder / "query.onnx").read_bytes()
    return ServedGenerative(graph, items, tuple(told["outcomes"]), told["longest"], plan, told["facts"])
