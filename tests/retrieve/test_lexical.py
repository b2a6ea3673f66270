from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bowerbird.core.errors import FilterError, InputError
from bowerbird.core.filters import And, Eq, In, Not, Range
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.lexical import LanceLexicalIndex
from bowerbird.retrieve.types import LexicalIndex

TITLES = {
    "velvet-chair": ("Blue velvet armchair", "Oak"),
    "linen-chair": ("Grey linen armchair", "Ash"),
    "lamp": ("Red lamps for kids", "Oak"),
    "brass": ("Brass lamp with velvet shade", "Ash"),
    "isu": ("青い椅子 と 赤いランプ", ""),
    "kreslo": ("Синее бархатное кресло", ""),
    "lampara": ("Lámpara de mesa", ""),
    "kursi": ("เก้าอี้ไม้สีแดง", ""),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(tmp_path_factory.mktemp("words") / "lake", create=True) as made:
        rows = [ItemFields(id=id_, title=title, brand=brand) for id_, (title, brand) in TITLES.items()]
        put_items(made, [StoredItem(fields) for fields in rows])
        made.maintain()  # mistyped words are mended from the index, which takes new rows in at upkeep
        yield made


@pytest.fixture(scope="module")
def catalogue(lake: Lake) -> Catalogue:
    return Catalogue.open(lake)


@pytest.fixture(scope="module")
def lexical(lake: Lake, catalogue: Catalogue) -> LanceLexicalIndex:
    return LanceLexicalIndex(lake.items, catalogue)


def ids(catalogue: Catalogue, numbers: np.ndarray) -> list[str]:
    return catalogue.ids_of(numbers[numbers >= 0])


def test_items_with_every_word_come_before_items_with_some(
    lexical: LanceLexicalIndex, catalogue: Catalogue
) -> None:
    found = lexical.find("velvet armchair", 9)

    assert ids(catalogue, found.numbers)[0] == "velvet-chair"
    assert set(ids(catalogue, found.numbers)) == {"velvet-chair", "linen-chair", "brass"}
    assert found.has_all.tolist() == [True, False, False]
    assert found.edits == 0


def test_other_forms_of_a_word_are_found(lexical: LanceLexicalIndex, catalogue: Catalogue) -> None:
    assert set(ids(catalogue, lexical.find("lamp", 9).numbers)) == {"lamp", "brass"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("velvt armchair", "velvet-chair"), ("blue velvet armchiar", "velvet-chair"), ("bras lamp", "brass")],
)
def test_mistyped_words_find_what_was_meant(
    lexical: LanceLexicalIndex, catalogue: Catalogue, typed: str, meant: str
) -> None:
    found = lexical.find(typed, 9)

    assert ids(catalogue, found.numbers)[0] == meant
    assert found.edits > 0
    assert found.has_all[0]


def test_short_words_are_not_guessed_at(lexical: LanceLexicalIndex) -> None:
    assert len(lexical.find("rad", 9)) == 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("椅子", "isu"),
        ("ランプ", "isu"),
        ("кресло", "kreslo"),
        ("lampara", "lampara"),
        ("LÁMPARA", "lampara"),
        ("ไม้", "kursi"),
    ],
)
def test_words_of_any_script_are_found(
    lexical: LanceLexicalIndex, catalogue: Catalogue, typed: str, meant: str
) -> None:
    assert ids(catalogue, lexical.find(typed, 9).numbers) == [meant]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "🪑❤️",
        "'; DROP TABLE item; --",
        '"',
        "(((",
        "AND OR",
        "*",
        "\\",
        "a:b^2~",
        "\x00",
        "x" * 10_000,
    ],
)
def test_any_text_is_answered(lexical: LanceLexicalIndex, typed: str) -> None:
    hits = lexical.search(typed, 5)

    assert hits.numbers.shape == hits.scores.shape
    assert len(hits.numbers) == 1


def test_operators_are_only_signs(lexical: LanceLexicalIndex, catalogue: Catalogue) -> None:
    assert ids(catalogue, lexical.find('"velvet" AND (armchair)*', 1).numbers) == ["velvet-chair"]


def test_word_that_nobody_used_finds_nothing(lexical: LanceLexicalIndex) -> None:
    assert lexical.search("xylophone", 5).numbers.shape == (1, 0)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (Eq("brand", "Oak"), {"velvet-chair"}),
        (Not(Eq("brand", "Oak")), {"linen-chair"}),
        (And((Eq("brand", "Ash"), In("id", ("linen-chair", "lamp")))), {"linen-chair"}),
        (Eq("colour", "blue"), set()),
        (Range("price_micros", gte=1), set()),
    ],
)
def test_filter_is_kept(
    lexical: LanceLexicalIndex, catalogue: Catalogue, where: object, found: set[str]
) -> None:
    assert set(ids(catalogue, lexical.find("armchair", 9, where).numbers)) == found


def test_unknown_field_is_refused(lexical: LanceLexicalIndex) -> None:
    with pytest.raises(FilterError, match="shoe_size"):
        lexical.find("lamp", 3, Eq("shoe_size", 3))


def test_limit_is_honoured_and_below_one_is_refused(lexical: LanceLexicalIndex) -> None:
    assert len(lexical.find("armchair lamp velvet", 2)) == 2
    with pytest.raises(InputError, match="at least 1"):
        lexical.find("lamp", 0)


def test_lexical_index_fills_its_protocol(lexical: LanceLexicalIndex) -> None:
    assert isinstance(lexical, LexicalIndex)


def test_new_items_are_found_and_deleted_ones_gone_at_once(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        catalogue = Catalogue.open(lake)
        lexical = LanceLexicalIndex(lake.items, catalogue)

        put_items(lake, [StoredItem(ItemFields(id="new", title="walnut desk"))])
        assert len(lexical.find("walnut", 3)) == 1

        delete_items(lake, ["new"])
        assert len(lexical.find("walnut", 3)) == 0


def test_filter_that_only_the_catalogue_knows_still_finds_k_items(tmp_path: Path) -> None:
    class Even:
        """Keeps even numbers under every filter, as a colour would."""

        version = 1

        def mask(self, where: object) -> np.ndarray:
            return np.arange(3_000) % 2 == 0

    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id=f"i{n}", title="cup")) for n in range(3_000)])
        lexical = LanceLexicalIndex(lake.items, Even())

        found = lexical.find("cup", 900, Eq("colour", "red"))

    assert len(found) == 900
    assert (found.numbers % 2 == 0).all()
