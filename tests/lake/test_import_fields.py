"""Columns become fields by their names, the rest becomes attributes."""

import pytest

from bowerbird.core.errors import ConfigError
from bowerbird.lake.importing.fields import FieldMaps
from bowerbird.lake.importing.types import RowError
from bowerbird.lake.types import ItemFields


def item_of(row: dict[str, object], **given: str) -> ItemFields:
    field_map = FieldMaps(given, ()).of(row)
    return field_map.item(row, id_=field_map.id_of(row) or "made")


def test_common_column_names_are_known() -> None:
    item = item_of(
        {
            "SKU": "b-1", "Product Name": "Boots", "body": "<b>Warm</b>", "image_link": "b.jpg",
            "price": "12.50 EUR",
            "manufacturer": "Oak", "product_type": "Shoes > Boots", "tags": "warm|winter", "locale": "en_GB",
            "country": "de", "g:availability": "out of stock", "url": "https://shop.example/b-1",
        }
    )  # fmt: skip

    assert item == ItemFields(
        id="b-1", title="Boots", description="Warm", link="https://shop.example/b-1", price_micros=12_500_000,
        currency="EUR", brand="Oak",
        category=("Shoes", "Boots"), keywords=("warm", "winter"), language="en-GB",
        country="DE", availability="out_of_stock",
    )  # fmt: skip


def test_unknown_columns_become_attributes_and_describing_ones_also_keywords() -> None:
    item = item_of({"id": "1", "title": "T", "baseColour": "Navy Blue", "year": "2011", "empty": ""})

    assert item.attributes == {"baseColour": "Navy Blue", "year": "2011"}
    assert item.keywords == ("Navy Blue",)


def test_category_columns_join_to_one_path() -> None:
    by_level = item_of(
        {"id": "1", "masterCategory": "Apparel", "subCategory": "Topwear", "articleType": "Shirts"}
    )
    repeated = item_of({"id": "1", "category": "animals", "subcategory": "animals/amphibians"})

    assert by_level.category == ("Apparel", "Topwear", "Shirts")
    assert repeated.category == ("animals", "amphibians")


def test_row_without_title_is_called_by_its_category() -> None:
    assert item_of({"id": "1", "label": "Hoodie"}).title == "Hoodie"


def test_given_column_goes_before_the_guess() -> None:
    item = item_of({"id": "1", "title": "Code 7", "shop_title": "Warm boots"}, title="shop_title")

    assert item.title == "Warm boots"
    assert item.attributes == {"title": "Code 7"}


@pytest.mark.parametrize("given", [{"colour": "c"}, {"title": "nowhere"}])
def test_mapping_to_what_is_not_there_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="map one of these"):
        FieldMaps(given, ("c", "d"))


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ({"id": "x" * 300}, "id", "bad-id"),
        ({"id": "a\x00b"}, "id", "bad-id"),
        ({"id": "1", "title": "t" * 2_000}, "title", "too-long"),
        ({"id": "1", "price": "cheap"}, "price", "bad-price"),
        ({"id": "1", "price": "5", "currency": "gold"}, "currency", "bad-currency"),
        ({"id": "1", "country": "Germany"}, "country", "too-long"),
        ({"id": "1", "availability": "maybe"}, "availability", "bad-availability"),
    ],
)
def test_field_that_cannot_be_used_is_named_with_its_code(
    row: dict[str, object], field: str, code: str
) -> None:
    with pytest.raises(RowError) as refused:
        item_of(row)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert refused.value.hint


def test_rows_with_other_keys_get_their_own_map() -> None:
    maps = FieldMaps({}, ())

    assert maps.of({"id": "1", "name": "A"}).item({"id": "1", "name": "A"}, id_="1").title == "A"
    assert maps.of({"id": "1", "text": "B"}).item({"id": "1", "text": "B"}, id_="1").title == "B"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1.jpg, 2.jpg|3.jpg", ["1.jpg", "2.jpg", "3.jpg"]),
        ("https://e.example/w_1,h_2/b.jpg", ["https://e.example/w_1,h_2/b.jpg"]),
        (
            "https://e.example/w_1,h_2/b.jpg?a=1;b=2, HTTP://e.example/c|d.jpg",
            ["https://e.example/w_1,h_2/b.jpg?a=1;b=2", "HTTP://e.example/c|d.jpg"],
        ),
    ],
)
def test_list_of_pictures_is_split_between_them_and_not_inside_addresses(text: str, names: list[str]) -> None:
    row = {"id": "a", "additional_image_link": text}

    assert FieldMaps({}, ()).of(row).picture_names(row) == names
