"""This file is about answering with semantic ids: ONNX Runtime spells, the trie allows, numpy keeps count."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from bowerbird.encode.session import open_session, write_whole
from bowerbird.learn.data import Histories
from bowerbird.learn.data.histories import PADDING
from bowerbird.learn.types import Found
from bowerbird.retrieve.history_shapes import padded_length
from bowerbird.retrieve.semantic.beam import beam_search
from bowerbird.retrieve.semantic.codebooks import Codebooks, load_codebooks
from bowerbird.retrieve.semantic.config import SemanticConfig
from bowerbird.retrieve.semantic.ids import SemanticIds, ids_of
from bowerbird.retrieve.semantic.neighbours import filled_up
from bowerbird.retrieve.semantic.trie import Trie, moved, trie_of
from bowerbird.retrieve.semantic.vectors import vectors_of_new_items

_PERSONS_AT_ONCE = 32
"""Beams of more persons than these leave the cache of a processor."""


class ServedSemantic:
    """A `FittedRetriever` without torch. Thread safe.

    Args:
        prefill, step: ONNX, as in `model.Prefill` and `model.Step`.
        codebooks: what gives ids to new items.
        ids: of the catalogue.
        own: int32 [N] the item's place among the learned vectors, -1 for items that training never met.
        prefixes: by level from the second, float32 [prefixes, P] in the order of the trie; or none.
        last_codes: how many codes the last level has.
    """

    def __init__(
        self,
        prefill: bytes,
        step: bytes,
        codebooks: Codebooks,
        ids: SemanticIds,
        own: np.ndarray,
        prefixes: tuple[np.ndarray, ...],
        last_codes: int,
        config: SemanticConfig,
        facts: dict[str, Any],
    ) -> None:
        self._graphs = prefill, step
        self._prefill, self._step = open_session(prefill), open_session(step)
        self._codebooks = codebooks
        self._ids, self._own, self._prefixes, self._last_codes = ids, own, prefixes, last_codes
        self._trie = trie_of(ids)
        self._config = config
        self._facts = facts

    @property
    def facts(self) -> dict[str, Any]:
        """What training left, the health of the ids, and the size of what is served."""
        size = sum(len(graph) for graph in self._graphs) + self._trie.size_bytes
        size += self._ids.codes.nbytes + self._codebooks.centres.nbytes + self._own.nbytes
        size += sum(vectors.nbytes for vectors in self._prefixes)
        return {**self._facts, "size_bytes": size}

    @property
    def ids(self) -> SemanticIds:
        """Of the catalogue."""
        return self._ids

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k items whose ids are likeliest next; scores are their log probabilities."""
        width = min(max(k, self._config.beam), max(self._config.most_beam, self._config.beam))
        parts = []
        for start in range(0, len(histories), _PERSONS_AT_ONCE):
            stop = min(start + _PERSONS_AT_ONCE, len(histories))
            some = histories.rows(start, stop)
            seen = None if exclude is None else exclude.rows(start, stop)
            found = beam_search(self._trie, self.spelling(some), len(some), width, seen)
            parts.append(filled_up(found, k, self._codebooks, self._ids, seen))
        if not parts:
            return Found(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32))
        return Found(
            np.concatenate([each.items for each in parts]), np.concatenate([each.scores for each in parts])
        )

    def spelling(self, histories: Histories) -> "CachedSpelling":
        """The graphs, having read these histories."""
        length = padded_length(histories, self._config.longest)
        items = histories.newest(self._config.longest).padded(length)
        is_there = items >= 0
        codes = np.where(is_there[:, :, None], self._ids.codes[items], PADDING).astype(np.int64)
        own = np.where(is_there, self._own[items], PADDING).astype(np.int64)
        return CachedSpelling(self._prefill, self._step, self._trie, self._prefixes, own, codes)

    def with_new_items(self, content: np.ndarray) -> "ServedSemantic":
        """The same model over a catalogue that has grown by items N.., without training; ids of others stay.

        Args:
            content: float32 [new, D] vectors of the kind that the catalogue had.

        Raises:
            InputError: ids are made from interactions alone, or too many items are alike.
        """
        vectors = vectors_of_new_items(content, self._facts["ids_from"])
        ids = ids_of(self._codebooks, vectors, self._last_codes, self._ids)
        own = np.append(self._own, np.full(len(content), PADDING, self._own.dtype))
        prefixes = moved(self._prefixes, self._trie, trie_of(ids))
        return ServedSemantic(
            *self._graphs, self._codebooks, ids, own, prefixes, self._last_codes, self._config, self._facts
        )

    def save(self, folder: Path) -> None:
        """Graphs, codebooks, ids, and what is needed beside."""
        for name, graph in zip(("prefill", "step"), self._graphs, strict=True):
            write_whole(folder / f"{name}.onnx", graph)
        self._codebooks.save(folder)
        for name, column in (("ids", self._ids.codes), ("own", self._own)):
            with (folder / f"{name}.npy").open("wb") as file:
                np.save(file, column, allow_pickle=False)
        for level, vectors in enumerate(self._prefixes):
            with (folder / f"prefixes-{level}.npy").open("wb") as file:
                np.save(file, vectors, allow_pickle=False)
        told = {
            "prefixes": len(self._prefixes),
            "config": self._config.model_dump(mode="json"),
            "last_codes": self._last_codes,
            "facts": self._facts,
        }
        write_whole(folder / "semantic.json", json.dumps(told).encode())


class CachedSpelling:
    """The `Spelling` of some histories, keys and values kept from step to step.

    Args:
        prefixes: by level from the second, float32 [nodes of the level, P]; none where codes alone tell.
    """

    def __init__(
        self,
        prefill: onnxruntime.InferenceSession,
        step: onnxruntime.InferenceSession,
        trie: Trie,
        prefixes: tuple[np.ndarray, ...],
        items: np.ndarray,
        codes: np.ndarray,
    ) -> None:
        self._step, self._trie, self._prefixes = step, trie, prefixes
        self._persons = len(items)
        self._logits, self._asked, self._cache = prefill.run(None, {"items": items, "codes": codes})

    def append(self, level: int, parents: np.ndarray, codes: np.ndarray) -> None:
        """One step of the graph for all prefixes."""
        before = self._cache.shape[1] // self._persons
        rows = (np.arange(self._persons)[:, None] * before + parents).ravel()
        self._logits, self._asked, self._cache = self._step.run(
            None,
            {"codes": codes.ravel(), "level": np.array([level]), "cache": self._cache[:, rows]},
        )

    def fits(self, level: int, rows: np.ndarray, children: np.ndarray) -> np.ndarray:
        """float32, one a child."""
        fits: np.ndarray = self._logits[rows, self._trie.codes[level][children]]
        if level and self._prefixes:
            vectors = self._prefixes[level - 1][children]
            fits = fits + np.einsum("np,np->n", vectors, self._asked[rows])
        return fits


def load_semantic(folder: Path) -> ServedSemantic:
    """What `save` wrote."""
    told = json.loads((folder / "semantic.json").read_text())
    ids, own = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("ids", "own"))
    prefill, step = ((folder / f"{name}.onnx").read_bytes() for name in ("prefill", "step"))
    config = SemanticConfig.model_validate(told["config"])
    prefixes = tuple(
        np.load(folder / f"prefixes-{level}.npy", allow_pickle=False) for level in range(told["prefixes"])
    )
    return ServedSemantic(
        prefill,
        step,
        load_codebooks(folder),
        SemanticIds(ids),
        own,
        prefixes,
        told["last_codes"],
        config,
        told["facts"],
    )
