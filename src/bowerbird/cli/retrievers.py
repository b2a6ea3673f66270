"""This file is about the words of `--models`: which retriever each one stands for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bowerbird.core.errors import InputError

if TYPE_CHECKING:
    from bowerbird.learn.types import Retriever

COUNTING = ("popularity", "transitions")
MODELS = COUNTING


def retrievers_of(words: str) -> "list[Retriever]":
    """The retrievers that a list such as `popularity,sasrec` names.

    Raises:
        InputError: a word is not known.
    """
    names = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        raise InputError(
            f"models {words!r} were received; needed are some of {', '.join(MODELS)}; check the spelling"
        )
    return [_retriever(name) for name in names]


def _retriever(name: str) -> "Retriever":
    from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever

    return TunedRetriever(COUNTING_KINDS[name])


def names_of(retrievers: "Sequence[Retriever]") -> str:
    """For a sentence."""
    return ", ".join(retriever.name for retriever in retrievers)
