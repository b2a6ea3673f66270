"""Single values are read as shops write them, and money never loses a cent."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.lake.importing import shopping, values
from bowerbird.lake.importing.types import RowError


@pytest.mark.parametrize(
    ("written", "micros", "currency"),
    [
        ("12.50 EUR", 12_500_000, "EUR"), ("€12,50", 12_500_000, "EUR"), ("USD 5", 5_000_000, "USD"),
        ("1.299,00 €", 1_299_000_000, "EUR"), ("1,299.00", 1_299_000_000, None),
        ("1,299", 1_299_000_000, None), ("1.299 EUR", 1_299_000_000, "EUR"), ("1.299", 1_299_000, None),
        ("KWD 1.299", 1_299_000, "KWD"), ("0.999 EUR", 999_000, "EUR"), ("0,999", 999_000, None),
        ("12.345 €", 12_345_000_000, "EUR"), ("12.3456 EUR", 12_345_600, "EUR"),
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


@given(st.integers(0, 10**12))
def test_price_as_text_is_read_back(micros: int) -> None:
    assert values.price_of(values.price_text(micros, None)) == (micros, None)


NOW_MS = 1_795_370_400_000  # 2026-11-22T18:00Z


@pytest.mark.parametrize(
    ("sale", "period", "is_on", "changes"),
    [
        ("4 EUR", "", True, None), ("", "2026-11-01/2026-12-01", False, None), (None, None, False, None),
        ("4 EUR", "2026-11-22T00:00+0100/2026-11-22T19:30+0100", True, "2026-11-22T18:30"),
        ("4 EUR", "2026-11-23T00:00Z/2026-11-24T00:00Z", False, "2026-11-23"),
        ("4 EUR", "2026-11-20 / 2026-11-21", False, None),
    ],
)  # fmt: skip
def test_sale_counts_within_its_time(sale: object, period: object, is_on: bool, changes: str | None) -> None:
    found = shopping.sale_at(NOW_MS, sale, period)

    assert (found.is_on, found.changes_ms) == (is_on, values.time_ms_of(changes))


@pytest.mark.parametrize(
    ("price", "sale", "is_on", "costs", "attributes"),
    [
        ((5_000_000, "EUR"), "4 EUR", True, (4_000_000, "EUR"), {"list_price": "5.00 EUR"}),
        ((5_000_000, "EUR"), "4 EUR", False, (5_000_000, "EUR"), {"sale_price": "4.00 EUR"}),
        ((5_000_000, "EUR"), "6 EUR", True, (5_000_000, "EUR"), {"sale_price": "6.00 EUR"}),
        ((5_000_000, "EUR"), "4", True, (4_000_000, "EUR"), {"list_price": "5.00 EUR"}),
        ((None, None), "4 EUR", True, (4_000_000, "EUR"), {}),
        ((5_000_000, None), "", True, (5_000_000, None), {}),
    ],
)  # fmt: skip
def test_both_prices_are_kept(
    price: tuple[int | None, str | None], sale: str, is_on: bool, costs: object, attributes: object
) -> None:
    micros, currency, other = shopping.offered_price(price, sale, None, is_on=is_on)

    assert ((micros, currency), other) == (costs, attributes)


@pytest.mark.parametrize(
    "period", ["now", "2026-11-24", "2026-12-01/2026-11-01", "a/b", "2026-11-01/2026-12-01/x"]
)
def test_sale_without_a_time_that_can_be_read_is_refused(period: str) -> None:
    with pytest.raises(RowError) as refused:
        shopping.sale_at(NOW_MS, "4 EUR", period)

    assert (refused.value.field, refused.value.code) == ("sale_price_effective_date", "bad-time")


@pytest.mark.parametrize(
    ("said", "safety"), [("yes", "unsafe"), (True, "unsafe"), ("FALSE", "unknown"), ("", "unknown")]
)
def test_what_is_for_adults_is_unsafe(said: object, safety: str) -> None:
    assert shopping.safety_of(said) == safety


def test_what_may_be_for_adults_is_refused() -> None:
    with pytest.raises(RowError, match="yes or no"):
        shopping.safety_of("maybe")
