"""This file is about the words of `--models`: which retriever each one stands for."""

import importlib.util
from typing import TYPE_CHECKING

from bowerbird.core.errors import InputError, MissingModelError

if TYPE_CHECKING:
    from bowerbird.learn.types import Retriever
    from bowerbird.retrieve.merged import Way

COUNTING = ("popularity", "transitions", "item-knn", "walk", "bm25", "content")
LEARNED = (
    "sasrec",
    "sasrec-content",
    "hstu",
    "hstu-timed",
    "generative",
    "semantic",
    "semantic-rqvae",
    "two-tower",
)
_COUNTED_PARTS = ("transitions", "item-knn", "bm25", "content")
MERGED: "dict[str, tuple[Way, tuple[str, ...]]]" = {
    "merged": ("fused", ("hstu", "generative", *_COUNTED_PARTS)),
    "merged-quotas": ("quotas", ("hstu", "generative", *_COUNTED_PARTS)),
    "merged-counting": ("fused", _COUNTED_PARTS),
}
"""How their parts are put together, and which ones those are."""
_NEEDS_VECTORS = ("content",)
MODELS = (*COUNTING, *LEARNED, *MERGED)


def retrievers_of(words: str) -> "list[Retriever]":
    """The retrievers that a list such as `popularity,sasrec` names.

    Raises:
        InputError: a word is not known.
        MissingModelError: one has to be trained, and torch is not installed.
    """
    names = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        raise InputError(
            f"models {words!r} were received; needed are some of {', '.join(MODELS)}; check the spelling"
        )
    return [_retriever(name) for name in names]


def _retriever(name: str) -> "Retriever":
    if name in COUNTING:
        from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever

        return TunedRetriever(COUNTING_KINDS[name])
    if name in MERGED:
        from bowerbird.retrieve.merged import MergedRetriever

        way, parts = MERGED[name]
        return MergedRetriever(
            name, [_retriever(part) for part in parts], way=way, needs_vectors=_NEEDS_VECTORS
        )
    needs_torch(f"model {name}")
    return _learned(name)


def needs_torch(what: str) -> None:
    """Says so where it is not installed.

    Raises:
        MissingModelError: it is not.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingModelError(
            f"{what} is trained with torch, which is missing; run `pip install 'bowerbird[train]'`"
        )


def _learned(name: str) -> "Retriever":
    if name in ("sasrec", "sasrec-content"):
        from bowerbird.retrieve.sasrec import SasrecConfig
        from bowerbird.retrieve.sasrec.train import SasrecRetriever

        return SasrecRetriever(SasrecConfig(content="none" if name == "sasrec" else "added"))
    if name == "two-tower":
        from bowerbird.retrieve.two_tower.train import TwoTowerRetriever

        return TwoTowerRetriever()
    if name == "generative":
        from bowerbird.retrieve.generative.train import GenerativeRetriever

        return GenerativeRetriever()
    if name.startswith("semantic"):
        from bowerbird.retrieve.semantic import SemanticConfig
        from bowerbird.retrieve.semantic.train import SemanticRetriever

        return SemanticRetriever(SemanticConfig(tokeniser="rqvae" if name == "semantic-rqvae" else "kmeans"))
    from bowerbird.retrieve.hstu import HstuConfig
    from bowerbird.retrieve.hstu.train import HstuRetriever

    return HstuRetriever(HstuConfig(knows_asked_time=name == "hstu-timed"))
