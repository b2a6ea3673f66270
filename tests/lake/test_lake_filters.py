from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.core.errors import FilterError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.filters_sql import to_sql, whole_bounds
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields

BRANDS = ["Oak", "O'Neil", 'quo"te', "back\\slash", "per%cent_", "ünï", "42", ""]
LEVELS = ["home", "it's", "vases", "a,b", "[x]"]
WHOLE = {"number", "price_micros", "created_ms"}
ITEMS = [
    ItemFields(
        id=f"id'{n}",
        brand=BRANDS[n % len(BRANDS)],
        category=tuple(LEVELS[: n % 4]) if n % 5 else (LEVELS[4],),
        price_micros=None if n % 3 == 0 else n * 7 % 11,
        created_ms=n % 6,
        language="" if n % 2 else "de",
    )
    for n in range(40)
]
DELETED = {3, 8}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with Lake.open(tmp_path_factory.mktemp("filters"), create=True) as lake:
        put_items(lake, [StoredItem(fields) for fields in ITEMS])
        delete_items(lake, [ITEMS[n].id for n in DELETED])
        yield Catalogue.open(lake)


def values_of(number: int, field: str) -> list[object]:
    """The plain reading of an item: the values that a comparison may meet; none where it is missing."""
    if field == "number":
        return [number]
    found = getattr(ITEMS[number], field)
    listed = list(found) if isinstance(found, tuple) else [found]
    return [value for value in listed if value not in (None, "")]


def holds(where: Filter, number: int) -> bool:
    match where:
        case And(parts):
            return all(holds(part, number) for part in parts)
        case Or(parts):
            return any(holds(part, number) for part in parts)
        case Not(part):
            return not holds(part, number)
        case Eq(field, value):
            return any(same(found, value) for found in values_of(number, field))
        case In(field, values) | HasAny(field, values):
            return any(same(found, value) for found in values_of(number, field) for value in values)
        case Range(field, gte, lt):
            return any(
                (gte is None or found >= gte) and (lt is None or found < lt)
                for found in values_of(number, field)
            )


def same(found: object, value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(found, str) == isinstance(value, str) and found == value


texts = st.sampled_from([*BRANDS, *LEVELS, "de", "id'1", "id'3", "nobody", "'; DROP TABLE item; --"])
numbers = st.integers(-3, 42) | st.sampled_from(
    [2**62, -(2**63), -(2**70), 2**53, 1e300, 3.5, 5.0, float("inf")]
)
values = texts | numbers | st.booleans()
fields = st.sampled_from(["id", "brand", "category", "language", *sorted(WHOLE)])
bounds = st.none() | numbers | st.sampled_from([float("-inf"), float("nan")])
leaves = st.one_of(
    st.builds(Eq, fields, values),
    st.builds(In, fields, st.lists(values, max_size=4).map(tuple)),
    st.builds(HasAny, fields, st.lists(values, max_size=4).map(tuple)),
    st.builds(Range, st.sampled_from(sorted(WHOLE)), bounds, bounds),
)
filters = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(part, max_size=3).map(lambda parts: Or(tuple(parts))),
        part.map(Not),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters)
def test_mask_sql_and_plain_reading_keep_the_same_items(catalogue: Catalogue, where: Filter) -> None:
    plain = [n for n in range(len(ITEMS)) if n not in DELETED and holds(where, n)]

    assert np.flatnonzero(catalogue.mask(where)).tolist() == plain
    batches = catalogue._lake.items.scan(["number"], where=where)
    assert sorted(n for batch in batches for n in batch["number"].to_pylist()) == plain


@pytest.mark.parametrize(
    "where", [Eq("colour", "red"), Eq("nonsense", 1), Range("brand", 1, 2), Range("category")]
)
def test_sql_of_what_the_table_cannot_answer_is_refused(where: Filter) -> None:
    with pytest.raises(FilterError, match="was received"):
        to_sql(where)


def test_sql_of_empty_and_is_true_and_of_empty_or_is_false() -> None:
    assert to_sql(And(())) == "true"
    assert to_sql(Or(())) == "false"


def test_word_search_with_a_filter_keeps_its_items(catalogue: Catalogue) -> None:
    where = Eq("category", "it's")
    found = catalogue._lake.items.search_words("vases", 50, to_sql(where))["number"].to_pylist()

    assert found
    assert set(found) <= set(np.flatnonzero(catalogue.mask(where)).tolist())


@pytest.mark.parametrize(
    ("gte", "lt", "bounds"),
    [
        (1.5, 3, (2, 2)),
        (2, 2.5, (2, 2)),
        (3, 3, None),
        (None, float("-inf"), None),
        (float("inf"), None, None),
        (float("nan"), None, None),
        (None, None, (-(2**63) + 1, 2**63 - 1)),
        (-1e300, 1e300, (-(2**63) + 1, 2**63 - 1)),
    ],
)
def test_whole_bounds_are_the_whole_numbers_inside(
    gte: float | int | None, lt: float | int | None, bounds: tuple[int, int] | None
) -> None:
    assert whole_bounds(gte, lt) == bounds
