"""This file is about facets: how many items there are of each category, brand, colour and price."""

from dataclasses import dataclass

import numpy as np

from bowerbird.lake.catalogue_columns import NO_PRICE, PATH_SEPARATOR, ColumnsView
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.masks import COLOUR_SHARE
from bowerbird.lake.vocabulary import MISSING

_MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many items have one value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceFacet:
    """From the cheapest to the dearest, in the currency that most items have."""

    min_micros: int
    max_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts, most frequent first; `category` counts every level of the path."""

    category: tuple[FacetCount, ...]
    brand: tuple[FacetCount, ...]
    colour: tuple[FacetCount, ...]
    price: PriceFacet | None


def count_facets(columns: ColumnsView, keep: np.ndarray) -> Facets:
    """Facets of the items where `keep` ([size] bool) is true."""
    rows = np.flatnonzero(keep)
    return Facets(
        _categories(columns, rows), _brands(columns, rows), _colours(columns, rows), _price(columns, rows)
    )


def _categories(columns: ColumnsView, rows: np.ndarray) -> tuple[FacetCount, ...]:
    vocabulary = columns.vocabularies["category"]
    counts: dict[str, int] = {}
    by_path = np.bincount(columns["category"][rows], minlength=len(vocabulary))
    for code in np.flatnonzero(by_path).tolist():
        for level in dict.fromkeys(vocabulary[code].split(PATH_SEPARATOR)):
            if level:
                counts[level] = counts.get(level, 0) + int(by_path[code])
    return _most_frequent(counts)


def _brands(columns: ColumnsView, rows: np.ndarray) -> tuple[FacetCount, ...]:
    vocabulary = columns.vocabularies["brand"]
    counts = np.bincount(columns["brand"][rows], minlength=len(vocabulary))
    counts[MISSING] = 0
    return _most_frequent({vocabulary[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()})


def _colours(columns: ColumnsView, rows: np.ndarray) -> tuple[FacetCount, ...]:
    shares = columns["colours"]
    counts = {
        name: int(np.count_nonzero(shares[rows, place] >= COLOUR_SHARE))
        for place, name in enumerate(NAMED_COLOURS)
    }
    return _most_frequent({name: count for name, count in counts.items() if count})


def _price(columns: ColumnsView, rows: np.ndarray) -> PriceFacet | None:
    rows = rows[columns["price_micros"][rows] != NO_PRICE]
    currencies = columns["currency"][rows]
    if len(rows) == 0:
        return None
    commonest = int(np.bincount(currencies).argmax())
    prices = columns["price_micros"][rows[currencies == commonest]]
    return PriceFacet(int(prices.min()), int(prices.max()), columns.vocabularies["currency"][commonest])


def _most_frequent(counts: dict[str, int]) -> tuple[FacetCount, ...]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(FacetCount(value, count) for value, count in ordered[:_MOST_VALUES])
