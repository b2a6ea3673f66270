import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.errors import FilterError
from bowerbird.core.filters import (
    And,
    Eq,
    Filter,
    HasAny,
    In,
    Not,
    Or,
    Range,
    fields_of,
    parse_filter,
    to_json,
)

fields = st.sampled_from(["brand", "price_micros", "category"])
values = st.one_of(st.text(max_size=8), st.integers(-5, 5), st.booleans())
leaves = st.one_of(
    st.builds(Eq, fields, values),
    st.builds(In, fields, st.lists(values, max_size=3).map(tuple)),
    st.builds(HasAny, fields, st.lists(values, max_size=3).map(tuple)),
    st.builds(Range, fields, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9)),
)
filters = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(part, max_size=3).map(lambda parts: Or(tuple(parts))),
        part.map(Not),
    ),
    max_leaves=8,
)


@given(filters)
def test_filter_written_as_json_reads_back_equal(where: Filter) -> None:
    assert parse_filter(to_json(where)) == where


@given(filters)
def test_fields_of_filter_are_the_ones_its_leaves_name(where: Filter) -> None:
    assert fields_of(where) <= {"brand", "price_micros", "category"}


@pytest.mark.parametrize(
    "given_filter",
    [
        None,
        [],
        {},
        {"eq": ["brand"]},
        {"eq": [1, 2]},
        {"eq": ["a b", 2]},
        {"like": ["brand", "x"]},
        {"range": {"field": "x", "over": 3}},
        {"eq": ["brand", None]},
        {"in": ["brand", "x"]},
        {"eq": ["a", 1], "not": {}},
    ],
)
def test_filter_of_another_form_is_refused_with_what_is_needed(given_filter: object) -> None:
    with pytest.raises(FilterError, match="needed"):
        parse_filter(given_filter)


def test_filter_nested_too_deep_is_refused() -> None:
    nested: object = {"eq": ["brand", "x"]}
    for _ in range(40):
        nested = {"not": nested}

    with pytest.raises(FilterError, match="deeper"):
        parse_filter(nested)
