"""This file is about what shops say besides the item itself: when a sale counts, and who may see it."""

import re
from dataclasses import dataclass

from bowerbird.lake.importing import values
from bowerbird.lake.importing.types import Cell, RowError

_YES = frozenset({"yes", "true", "1", "y"})
_NO = frozenset({"", "no", "false", "0", "n"})


@dataclass(frozen=True, slots=True)
class Sale:
    """Whether a sale price counts now.

    Attributes:
        changes_ms: when that will be otherwise; None where it stays so.
    """

    is_on: bool
    changes_ms: int | None = None


NO_SALE = Sale(is_on=False)


def sale_at(now_ms: int, price: Cell, period: Cell) -> Sale:
    """The sale of a row with this `sale_price` and `sale_price_effective_date`: without a period, it is on.

    Raises:
        RowError: the period is none.
    """
    if price is None or not str(price).strip():
        return NO_SALE
    text = "" if period is None else str(period).strip()
    if not text:
        return Sale(is_on=True)
    start_ms, end_ms = _period_ms(text)
    if now_ms < start_ms:
        return Sale(is_on=False, changes_ms=start_ms)
    return Sale(is_on=True, changes_ms=end_ms) if now_ms < end_ms else NO_SALE


def offered_price(
    price: tuple[int | None, str | None], sale: Cell, currency: Cell, *, is_on: bool
) -> tuple[int | None, str | None, dict[str, str]]:
    """What the item costs now, its currency, and the other price as an attribute.

    A sale price that is not below the price is none.

    Raises:
        RowError: the sale price is no amount, or in another currency than the price.
    """
    micros, named = price
    if sale is None or not str(sale).strip():
        return micros, named, {}
    sale_micros, sale_named = _sale_price(sale, currency or named)
    if sale_micros is None:
        return micros, named, {}
    if named and sale_named and named != sale_named:
        raise RowError(
            f"the sale price is in {sale_named}, the price in {named}",
            field="sale_price",
            code="bad-currency",
            hint="write both in one currency",
            received=sale,
        )
    is_lower = micros is None or sale_micros < micros
    if not (is_on and is_lower):
        return micros, named, {"sale_price": values.price_text(sale_micros, sale_named)}
    listed = {} if micros is None else {"list_price": values.price_text(micros, named)}
    return sale_micros, sale_named or named, listed


def safety_of(adult: Cell, hidden: Cell = None) -> str:
    """`unsafe` for what is for adults, `hidden` for what is not to be shown, else `unknown`.

    Raises:
        RowError: neither yes nor no: rather refused than shown to children.
    """
    if _is_yes("adult", adult):
        return "unsafe"
    return "hidden" if _is_yes("hidden", hidden) else "unknown"


def _is_yes(field: str, value: Cell) -> bool:
    word = values.text_of(value).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise RowError(
        f"whether the item is {'for adults' if field == 'adult' else 'hidden'} is neither yes nor no",
        field=field,
        code="bad-adult" if field == "adult" else "bad-hidden",
        hint="write yes or no",
        received=value,
    )


def _sale_price(sale: Cell, currency: Cell) -> tuple[int | None, str | None]:
    try:
        return values.price_of(sale, currency)
    except RowError as error:
        raise RowError(
            "the sale price is no amount of money",
            field="sale_price",
            code=error.code,
            hint=error.hint,
            received=sale,
        ) from error


def _period_ms(text: str) -> tuple[int, int]:
    start, _, end = text.partition("/")
    try:
        start_ms, end_ms = (values.time_ms_of(re.sub(r"\s+", "T", part.strip())) for part in (start, end))
    except RowError as error:
        raise _bad_period(text) from error
    if start_ms is None or end_ms is None or end_ms < start_ms:
        raise _bad_period(text)
    return start_ms, end_ms


def _bad_period(text: str) -> RowError:
    return RowError(
        "the time of the sale cannot be read",
        field="sale_price_effective_date",
        code="bad-time",
        hint="write it like 2026-11-24T00:00+0100/2026-12-01T23:59+0100",
        received=text,
    )
