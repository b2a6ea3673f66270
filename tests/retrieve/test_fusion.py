import numpy as np
import pytest

from bowerbird.core.errors import InputError
from bowerbird.retrieve.fusion import SourceHits, first_row, merge
from bowerbird.retrieve.types import Hits


def source(name: str, numbers: list[int], chances: list[float], **more: object) -> SourceHits:
    return SourceHits(name, np.array(numbers, dtype=np.int64), np.array(chances, dtype=np.float32), **more)


def test_item_of_two_sources_comes_once_and_above_items_of_one() -> None:
    found = merge([source("words", [1, 2], [0.5, 0.4]), source("text", [3, 2], [0.5, 0.4])], 10)

    assert found.numbers.tolist() == [2, 1, 3]
    assert found.scores[0] == pytest.approx(1 - 0.6 * 0.6)


def test_item_is_attributed_to_the_first_source_that_proposes_it() -> None:
    found = merge([source("words", [1, 2], [0.5, 0.4]), source("text", [3, 2], [0.5, 0.4])], 10)

    named = {int(n): found.source_names[s] for n, s in zip(found.numbers, found.sources, strict=True)}
    assert named == {1: "words", 2: "words", 3: "text"}


def test_sure_source_outweighs_one_that_only_ranks() -> None:
    found = merge([source("words", [1, 2], [0.05, 0.04]), source("text", [2, 3], [0.9, 0.1])], 3)

    assert found.numbers.tolist() == [2, 3, 1]


def test_reciprocal_ranks_do_not_look_at_scores() -> None:
    sources = [source("words", [1, 2], [99, 98]), source("text", [2, 3], [0.9, 0.1])]

    found = merge(sources, 3, method="reciprocal")

    assert found.numbers.tolist() == [2, 1, 3]
    assert found.scores[0] == pytest.approx(1 / 62 + 1 / 61)


def test_quota_keeps_places_for_a_source_that_would_get_none() -> None:
    loud = source("loud", [1, 2, 3, 4], [0.9, 0.8, 0.7, 0.6])
    quiet = source("quiet", [7, 8], [0.2, 0.1], quota=1)

    found = merge([loud, quiet], 3)

    assert found.numbers.tolist() == [1, 2, 7]


def test_weight_raises_a_source() -> None:
    plain = merge([source("a", [1], [0.5]), source("b", [2], [0.4])], 2)
    heavy = merge([source("a", [1], [0.5]), source("b", [2], [0.4], weight=3.0)], 2)

    assert plain.numbers.tolist() == [1, 2]
    assert heavy.numbers.tolist() == [2, 1]


def test_evidence_travels_with_the_item() -> None:
    found = merge([source("a", [5, 6], [0.5, 0.4], evidence=np.array([50, 60])), source("b", [7], [0.1])], 5)

    assert found.evidence.tolist() == [50, 60, -1]


def test_ties_keep_catalogue_order() -> None:
    found = merge([source("a", [9, 3, 5], [0.5, 0.5, 0.5])], 3)

    assert found.numbers.tolist() == [3, 5, 9]


def test_empty_sources_merge_to_no_candidates() -> None:
    found = merge([source("a", [], [])], 3)

    assert len(found) == 0
    assert found.source_names == ("a",)


def test_quotas_beyond_the_limit_are_refused() -> None:
    with pytest.raises(InputError, match="lower them"):
        merge([source("a", [1], [0.5], quota=4)], 3)


def test_answer_of_an_index_becomes_a_source_without_its_padding() -> None:
    hits = Hits(np.array([[4, 2, -1]]), np.array([[0.9, 0.5, -np.inf]], dtype=np.float32))

    proposed = first_row("look", hits, np.array([[0.8, 0.3, 0.0]]))

    assert proposed.numbers.tolist() == [4, 2]
    assert proposed.probabilities.tolist() == pytest.approx([0.8, 0.3])
