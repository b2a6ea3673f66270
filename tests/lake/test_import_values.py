"""Single values are read as shops write them, and money never loses a cent."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.lake.importing import values
from bowerbird.lake.importing.types import RowError


@pytest.mark.parametrize(
    ("written", "micros", "currency"),
    [
        ("12.50 EUR", 12_500_000, "EUR"), ("€12,50", 12_500_000, "EUR"), ("USD 5", 5_000_000, "USD"),
        ("1.299,00 €", 1_299_000_000, "EUR"), ("1,299.00", 1_299_000_000, None),
        ("1,299", 1_299_000_000, None),
        ("12,5", 12_500_000, None), ("1 299,95 zł", 1_299_950_000, "PLN"), ("$.99", 990_000, "USD"),
        (0, 0, None),
        (12.1, 12_100_000, None), (Decimal("0.1"), 100_000, None), ("1.234.567", 1_234_567_000_000, None),
        ("CHF 1'299.50", 1_299_500_000, "CHF"), ("19.99", 19_990_000, None), ("1e3", 1_000_000_000, None),
        ("", None, None), (None, None, None), ("12.", 12_000_000, None), ("usd 3", 3_000_000, "USD"),
    ],
)  # fmt: skip
def test_price_is_read_to_the_micro(written: object, micros: int | None, currency: str | None) -> None:
    assert values.price_of(written) == (micros, currency)


@given(st.decimals(min_value=0, max_value=1_000_000, places=2))
def test_price_with_cents_survives_exactly(amount: Decimal) -> None:
    assert values.price_of(f"{amount} EUR") == (int(amount * 1_000_000), "EUR")


@pytest.mark.parametrize("written", ["free", "-5 EUR", "EUR", "99999999999999", "- 3"])
def test_price_that_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(RowError) as refused:
        values.price_of(written)

    assert refused.value.code == "bad-price"


def test_currency_that_is_none_is_refused() -> None:
    with pytest.raises(RowError) as refused:
        values.price_of("12 pebbles")

    assert refused.value.code == "bad-currency"


def test_currency_may_stand_in_its_own_column() -> None:
    assert values.price_of("12.5", "eur") == (12_500_000, "EUR")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("in stock", "in_stock"), ("In_Stock", "in_stock"), ("https://schema.org/OutOfStock", "out_of_stock"),
        ("", "in_stock"), (None, "in_stock"), ("pre-order", "preorder"),
        (14, "in_stock"), (False, "out_of_stock"),
    ],
)  # fmt: skip
def test_availability_is_one_of_four_words(written: object, read: str) -> None:
    assert values.availability_of(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-22T18:00:00Z", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("2026-11-22 18:00:00", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("2026-11-22T18:00:00+02:00", datetime(2026, 11, 22, 16, tzinfo=UTC)),
        (date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)),
        (1_795_370_400, datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("1795370400000", datetime(2026, 11, 22, 18, tzinfo=UTC)),
    ],
)
def test_time_is_utc(written: object, read: datetime) -> None:
    assert values.time_ms_of(written) == int(read.timestamp() * 1000)


@pytest.mark.parametrize("written", ["yesterday", "1815-01-01", "2026-13-45", "12"])
def test_time_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(RowError):
        values.time_ms_of(written)


@pytest.mark.parametrize(
    "written", ["javascript:alert(1)", "data:text/html,x", "ftp://a/b", "https://a b", "/x"]
)
def test_link_with_another_scheme_is_refused(written: str) -> None:
    with pytest.raises(RowError) as refused:
        values.link_of(written)

    assert refused.value.code == "bad-link"


def test_text_loses_markup_and_control_characters() -> None:
    assert values.text_of("<p>Warm &amp; dry\x00</p>\n<b>boots</b>") == "Warm & dry boots"
    assert values.text_of("size < 40 > 30") == "size < 40 > 30"


def test_paths_and_lists_are_split_at_their_marks() -> None:
    assert values.path_of("Shoes > Boots / Winter|Snow") == ("Shoes", "Boots", "Winter", "Snow")
    assert values.list_of("red|warm; wool, red") == ("red", "warm", "wool")
    assert values.list_of(["a, b", "c"]) == ("a, b", "c")
