"""This file is about neighbours: what the same people met, weighed so that popularity does not win."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.errors import MissingModelError
from bowerbird.learn.data import Interactions
from bowerbird.retrieve.counting.linked import LinkedRetriever
from bowerbird.retrieve.counting.links import Links, load_links
from bowerbird.retrieve.counting.transitions import prior_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_K1, _B = 1.2, 0.75


class ItemKnnConfig(BaseModel):
    """How neighbours are weighed and followed.

    Attributes:
        weighing: `cosine` of the items' rows of persons; `bm25` makes persons with few items count more and
            items with many persons less, before the cosine.
        shrinkage: added below the line, in mean overlaps: neighbours that few persons tell of count less.
        neighbours: kept for each item.
        decay, entries: what older items of a history count, and how many do.
        newest: items of a person that are looked at; of longer histories the newest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weighing: Literal["cosine", "bm25"] = "cosine"
    shrinkage: Annotated[float, Field(ge=0)] = 10.0
    neighbours: Annotated[int, Field(ge=1)] = 200
    decay: Annotated[float, Field(gt=0, le=1)] = 0.8
    entries: Annotated[int, Field(ge=1)] = 50
    newest: Annotated[int, Field(ge=2)] = 500
    prior: Annotated[float, Field(ge=0)] = 1e-4


def item_knn_settings(_: Interactions) -> tuple[ItemKnnConfig, ...]:
    """The plain cosine first, then other shrinkage, decay and weighing."""
    plain = ItemKnnConfig()
    others = [
        ItemKnnConfig(weighing=weighing, shrinkage=shrinkage, decay=decay)
        for weighing in ("cosine", "bm25")
        for shrinkage in (10.0, 40.0)
        for decay in (0.3, 0.5, 0.8)
    ]
    return (plain, *(other for other in others if other != plain))


def fit_item_knn(training: Interactions, setting: ItemKnnConfig, _: int) -> LinkedRetriever:
    """Neighbours by the training part."""
    met = _persons_by_items(training, setting)
    together = (met.T @ met).tocoo()
    norm = np.sqrt(np.asarray(met.multiply(met).sum(axis=0)).ravel())
    apart = together.row != together.col
    row, column, value = together.row[apart], together.col[apart], together.data[apart]
    if len(value):
        value = value / (norm[row] * norm[column] + setting.shrinkage * value.mean())
    lengths = np.bincount(row, minlength=training.item_count)
    order = np.lexsort((column, row))
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    links = Links(bounds, column[order].astype(np.int32), value[order].astype(np.float32))
    return LinkedRetriever(
        links.strongest(setting.neighbours),
        prior_of(training, setting.prior),
        decay=setting.decay,
        entries=setting.entries,
        setting=setting,
    )


def load_item_knn(folder: Path) -> LinkedRetriever:
    """What `save` wrote."""
    setting = ItemKnnConfig.model_validate_json((folder / "setting.json").read_text())
    links, prior = load_links(folder)
    return LinkedRetriever(links, prior, decay=setting.decay, entries=setting.entries, setting=setting)


def _persons_by_items(training: Interactions, setting: ItemKnnConfig) -> "csr_matrix":
    try:
        from scipy.sparse import csr_matrix
    except ImportError as error:
        raise MissingModelError(
            "item-knn is fitted with scipy, which is missing; run `pip install 'bowerbird[train]'`"
        ) from error
    histories = training.histories().newest(setting.newest)
    keys = np.unique(histories.row_of_entry() * training.item_count + histories.items)
    rows, items = keys // training.item_count, keys % training.item_count
    values = np.ones(len(keys))
    if setting.weighing == "bm25":
        persons = len(np.unique(rows))
        held = np.bincount(items, minlength=training.item_count)
        rarity = np.log1p((persons - held + 0.5) / (held + 0.5))
        lengths = np.bincount(rows, minlength=training.person_count)
        longness = 1 - _B + _B * lengths / max(lengths[lengths > 0].mean(), 1e-12)
        values = rarity[items] * (_K1 + 1) / (1 + _K1 * longness[rows])
    return csr_matrix((values, (rows, items)), shape=(training.person_count, training.item_count))
