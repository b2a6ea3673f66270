"""This file is about columns from interactions that were read from files: what people did, and their tags."""

from collections.abc import Callable, Sequence

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Interactions
from bowerbird.learn.data.movielens_tags import Tags
from bowerbird.taste.encoder.types import LinkColumns, TasteColumns, no_links
from bowerbird.taste.space.types import Asked

KEPT_FROM = 1.0
"""An action of at least this weight puts the item on the person's board, where a source names no boards."""


def columns_of(interactions: Interactions, asked: Asked | None = None) -> TasteColumns:
    """Persons' actions, and each person's kept items as a board of theirs: files name no boards.

    Args:
        asked: words that people gave to items, as queries that led there.

    Raises:
        InputError: the items have no content vectors, or nobody knows when things happened.
    """
    content = interactions.catalogue.vectors
    if content is None:
        raise InputError(
            "the items have no content vectors; needed is one for each item that has words or a picture; "
            "give titles, or leave out `--content none`"
        )
    if interactions.time != "absolute":
        raise InputError(
            f"these interactions have {interactions.time} times; needed are real ones, so that nothing is "
            "learned from what came later; train from ratings with times, or from a lake"
        )
    persons, items = interactions.persons.astype(np.int64), interactions.items.astype(np.int64)
    is_kept = interactions.weights >= KEPT_FROM
    acted = LinkColumns.of(
        persons, items, interactions.at_ms, weights=interactions.weights, actions=interactions.actions
    )
    saved = LinkColumns.of(items[is_kept], persons[is_kept], interactions.at_ms[is_kept])
    count, width = interactions.person_count, content.shape[1]
    none = np.zeros((count, width), dtype=np.float32)
    if asked is None:
        return TasteColumns(content, count, count, 0, saved, acted, no_links(), none[:0], none)
    return TasteColumns(
        content, count, count, len(asked.texts), saved, acted, asked.found, asked.vectors, none
    )


def asked_of(
    tags: Tags, interactions: Interactions, encode: Callable[[Sequence[str]], np.ndarray], width: int
) -> Asked:
    """Tags as queries that led to the items they were given to; spelling in capitals says nothing.

    Args:
        encode: texts to float32 [T, W]; W is `width`.
    """
    rows = {id_: row for row, id_ in enumerate(interactions.catalogue.ids)}
    kept = [
        (words.lower(), rows[item], at_ms)
        for item, words, at_ms in zip(tags.items, tags.words, tags.at_ms, strict=True)
        if item in rows
    ]
    texts = tuple(dict.fromkeys(words for words, _, _ in kept))
    number = {text: place for place, text in enumerate(texts)}
    found = LinkColumns.of(
        np.array([number[words] for words, _, _ in kept], dtype=np.int64),
        np.array([item for _, item, _ in kept], dtype=np.int64),
        np.array([at_ms for _, _, at_ms in kept], dtype=np.int64),
    )
    vectors = encode(texts) if texts else np.zeros((0, width), dtype=np.float32)
    return Asked(texts, vectors, found)
