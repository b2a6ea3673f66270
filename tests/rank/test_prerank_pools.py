"""A pre-ranker learns from what a page showed, what it weighed, and drawn items; of nothing later."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.lake.request_log import RequestRecord
from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.prerank.pools import (
    NOT_SHOWN,
    PAGE_WITHIN_MS,
    nothing_weighed,
    pools_of,
    weighed_of,
)
from bowerbird.rank.ranker.heads import HEADS
from bowerbird.rank.ranker.requests import Requests

ITEMS = 50
VECTORS = np.random.default_rng(0).normal(size=(ITEMS, 4)).astype(np.float32)
VECTORS[40:] = 0.0
CONFIG = PrerankConfig(candidates=16, drawn_from=30)
PAGES = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=24)),
    min_size=1, max_size=8,
)  # fmt: skip


def pages_of(drawn: list[tuple[int, list[int]]], rng: np.random.Generator) -> Requests:
    items = [np.array(each) for _, each in drawn]
    lengths = [len(each) for each in items]
    rows = sum(lengths)
    return Requests(
        np.array([person for person, _ in drawn]),
        np.arange(len(drawn)) * 1_000,
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate(items),
        np.concatenate([np.arange(each) for each in lengths]),
        rng.random((rows, len(HEADS))) < 0.3,
    )


def record(person: str, at_ms: int, numbers: list[int], shown: int, surface: str = "feed") -> RequestRecord:
    positions = np.where(np.arange(len(numbers)) < shown, np.arange(len(numbers)), -1).astype(np.int16)
    return RequestRecord(f"req_{at_ms}", person, at_ms, surface, "p", np.array(numbers), positions)


@given(PAGES, st.integers(0, 100))
def test_pool_holds_what_was_shown_with_its_labels_then_items_that_have_content_each_once(
    drawn: list[tuple[int, list[int]]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pages = pages_of(drawn, rng)
    likes = [rng.integers(0, 40, count) for count in (0, 1, 3, 9)]

    pools = pools_of(pages, nothing_weighed(), lambda person, _: likes[person], VECTORS, CONFIG, seed)

    assert len(pools) == len(pages)
    for page, (_, items) in enumerate(drawn):
        inside = slice(pools.bounds[page], pools.bounds[page + 1])
        found, positions = pools.items[inside], pools.positions[inside]
        assert len(found) == len(set(found.tolist())) <= CONFIG.candidates
        shown = positions != NOT_SHOWN
        assert set(found[shown]) <= set(items)
        assert shown.sum() == min(len(set(items)), CONFIG.candidates)
        assert (found[~shown] < 40).all()
        assert not np.isin(found[~shown], items).any() or len(set(items)) > CONFIG.candidates
        assert not pools.labels[inside][~shown].any()
        first = pages.bounds[page]
        for item, place, labels in zip(
            found[shown], positions[shown], pools.labels[inside][shown], strict=True
        ):
            assert items[place] == item
            assert (pages.labels[first + place] == labels).all()


def test_pages_learn_of_what_they_weighed_and_of_no_later_page_or_other_person() -> None:
    records = [
        record("ann", 900, [1, 2, 3, 4], 2),
        record("ann", 5_000, [1, 5, 6], 1),
        record("bob", 1_000, [7, 8], 1),
        record("ann", 950, [9, 10], 1, surface="related"),
        record("eve", 950, [11, 12], 1),
    ]
    weighed = weighed_of(records, {"ann": 0, "bob": 1})

    assert len(weighed) == 3
    assert weighed.before(0, 899, PAGE_WITHIN_MS).tolist() == []
    assert weighed.before(0, 1_000, PAGE_WITHIN_MS).tolist() == [3, 4]
    assert weighed.before(0, 5_000, PAGE_WITHIN_MS).tolist() == [5, 6]
    assert weighed.before(0, 5_001 + PAGE_WITHIN_MS, PAGE_WITHIN_MS).tolist() == []
    assert weighed.before(1, 2_000, PAGE_WITHIN_MS).tolist() == [8]
    assert weighed.before(2, 2_000, PAGE_WITHIN_MS).tolist() == []

    one = pages_of([(0, [1, 2])], np.random.default_rng(0))
    page = Requests(one.persons, one.at_ms + 1_000, one.bounds, one.items, one.positions, one.labels)
    pools = pools_of(page, weighed, lambda _person, _at_ms: np.zeros(0, np.int64), VECTORS, CONFIG, 0)
    assert pools.items[2:4].tolist() == [3, 4]
    assert 10 < len(pools.items) <= CONFIG.candidates


def test_items_that_came_after_the_rest_was_read_are_left_out() -> None:
    weighed = weighed_of([record("bob", 9_000, [7, ITEMS, 8], 1)], {"bob": 0})
    one = pages_of([(0, [7])], np.random.default_rng(0))
    page = Requests(one.persons, one.at_ms + 9_000, one.bounds, one.items, one.positions, one.labels)

    pools = pools_of(page, weighed, lambda _person, _at_ms: np.zeros(0, np.int64), VECTORS, CONFIG, 0)

    assert pools.items[:2].tolist() == [7, 8]
    assert pools.items.max() < ITEMS


def test_nothing_is_drawn_where_shown_items_alone_are_wanted() -> None:
    pages = pages_of([(0, [1, 2])], np.random.default_rng(0))
    alone = CONFIG.model_copy(update={"drawn_from": 0})

    pools = pools_of(pages, nothing_weighed(), lambda _person, _at_ms: np.arange(5), VECTORS, alone, 0)

    assert sorted(pools.items.tolist()) == [1, 2]


def test_empty_catalogue_leaves_what_was_shown() -> None:
    pages = pages_of([(0, [1, 2])], np.random.default_rng(0))

    pools = pools_of(
        pages,
        nothing_weighed(),
        lambda _person, _at_ms: np.arange(2),
        np.zeros((5, 4), np.float32),
        CONFIG,
        0,
    )

    assert sorted(pools.items.tolist()) == [1, 2]
