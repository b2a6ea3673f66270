"""This file is about single values: prices, dates, lists: what every shop writes in its own way.

Prices are read digit by digit as decimals; no binary fraction touches money.
"""

import html
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

from bowerbird.lake.importing.types import Cell, RowError

_MICROS = Decimal(1_000_000)
_CENTS = Decimal("0.01")
_WITH_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_SIGNS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY",
    "zł": "PLN", "US$": "USD", "C$": "CAD", "A$": "AUD", "R$": "BRL", "₴": "UAH", "₫": "VND", "฿": "THB",
    "₪": "ILS",
}  # fmt: skip
_AMOUNT = re.compile(r"[0-9][0-9.,'’\s]*|[.,][0-9]+")
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,1000}>")
_LIST_SPLIT = re.compile(r"\s*[|;,]\s*")
_PATH_SPLIT = re.compile(r"\s*[>|/»]\s*")
_AVAILABILITY = {
    "in_stock": "in_stock", "instock": "in_stock", "available": "in_stock", "true": "in_stock",
    "yes": "in_stock", "out_of_stock": "out_of_stock", "outofstock": "out_of_stock",
    "sold_out": "out_of_stock", "false": "out_of_stock", "no": "out_of_stock", "0": "out_of_stock",
    "unavailable": "out_of_stock",
    "preorder": "preorder", "pre_order": "preorder", "backorder": "preorder", "discontinued": "discontinued",
}  # fmt: skip


def text_of(value: Cell) -> str:
    """Plain text: without markup, control characters and runs of blanks; empty for nothing."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub(" ", text))
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def whole(text: str) -> str:
    """The text without half letters, which no table takes: JSON and names of files can hold them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def list_of(value: Cell) -> tuple[str, ...]:
    """Words of a list, or of a text split at `|`, `;` and `,`; each once."""
    if value is None:
        return ()
    parts = value if isinstance(value, list | tuple) else _LIST_SPLIT.split(text_of(value))
    return tuple(dict.fromkeys(part for part in map(text_of, parts) if part))


def path_of(value: Cell) -> tuple[str, ...]:
    """Levels of a category path: a list, or a text split at `>`, `/` and `|`; of several paths the first."""
    if value is None:
        return ()
    if isinstance(value, list | tuple) and any(">" in str(part) for part in value):
        value = value[0]
    parts = value if isinstance(value, list | tuple) else _PATH_SPLIT.split(text_of(value))
    return tuple(part for part in map(text_of, parts) if part)


def price_of(value: Cell, currency: Cell = None) -> tuple[int | None, str | None]:
    """Micros (millionths) and currency of `12.50 EUR`, `€ 1.299,00` or a number; (None, None) of nothing.

    `1.299 EUR` is 1,299: with its currency a person wrote it, and euros have no thousandths. A bare `1.299`
    comes from a machine, whose dot is a decimal one.

    Raises:
        RowError: it is no amount, or negative, or a currency is named that is none.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return None, None
    found = _AMOUNT.search(text)
    if found is None or "-" in text[: found.start()]:
        raise _bad_price(value)
    around = (text[: found.start()] + " " + text[found.end() :]).strip()
    scale = re.fullmatch(r"[eE]([+-]?[0-9]{1,2})", around)
    named = "" if scale else _currency(around)
    try:
        amount = Decimal(_plain_number(found.group(), named or ""))
        if scale:
            amount = amount.scaleb(int(scale.group(1)))
        micros = int((amount * _MICROS).to_integral_value())
    except (InvalidOperation, OverflowError) as error:
        raise _bad_price(value) from error
    if micros > 2**53:
        raise _bad_price(value)
    return micros, named or _currency(text_of(currency))


def price_text(micros: int, currency: str | None) -> str:
    """An amount as `price_of` reads it, such as `12.50 EUR`."""
    amount = Decimal(micros) / _MICROS
    digits = f"{amount:.2f}" if amount == amount.quantize(_CENTS) else f"{amount.normalize():f}"
    return f"{digits} {currency}" if currency else digits


def micros_of(value: Cell) -> int:
    """A whole number of micros.

    Raises:
        RowError: it is none.
    """
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,16}(\.0*)?", text):
        raise _bad_price(value)
    return int(text.split(".")[0])


def availability_of(value: Cell) -> str:
    """One of the four words for it; `in_stock` for nothing.

    Raises:
        RowError: some other word.
    """
    key = re.sub(r"[\s_-]+", "_", text_of(value).lower())
    key = key.removeprefix("https://schema.org/").removeprefix("http://schema.org/")
    if not key or (key.isdigit() and int(key) > 0):
        return "in_stock"  # nothing said, or a count of pieces
    if key not in _AVAILABILITY:
        raise RowError(
            f"availability {key[:40]!r} is not known",
            field="availability",
            code="bad-availability",
            hint="write in_stock, out_of_stock, preorder or discontinued",
            received=value,
        )
    return _AVAILABILITY[key]


def time_ms_of(value: Cell) -> int | None:
    """UTC milliseconds of an ISO 8601 text (UTC if it names no zone), a date, or a count since 1970.

    Raises:
        RowError: something else.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
        elif re.fullmatch(r"[0-9]{9,13}(\.[0-9]+)?", str(value)):
            number = Decimal(str(value))
            return int(number if number >= 10**11 else number * 1000)
        elif re.match(r"[A-Za-z]{3}, [0-9]", str(value)):
            moment = parsedate_to_datetime(str(value))  # as RSS writes it
        else:
            moment = datetime.fromisoformat(str(value).strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since_ms = int(moment.timestamp() * 1000)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise _bad_time(value) from error
    if since_ms < 0:
        raise _bad_time(value)
    return since_ms


def link_of(value: Cell) -> str:
    """An http or https address; empty for nothing.

    Raises:
        RowError: any other scheme; a `javascript:` link must never reach a page.
    """
    text = "" if value is None else str(value).strip()
    if text and not re.fullmatch(r"https?://[^\s<>\"'\x00-\x1f\ud800-\udfff]+", text, re.IGNORECASE):
        raise RowError(
            "the link is no web address",
            field="link",
            code="bad-link",
            hint="write an address that begins with https:// or http://",
            received=value,
        )
    return text


def _plain_number(text: str, currency: str) -> str:
    """Digits with at most one dot. Of two marks the last is the decimal one; `1,299` is a thousand.

    So is `1.299`, if a currency is named whose amounts cannot have three decimals.
    """
    text = re.sub(r"[\s'’]", "", text).rstrip(".,")
    comma, dot = text.rfind(","), text.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
        return text.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    mark = "," if comma >= 0 else "."
    is_thousand = re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", text) is not None
    can_be_decimal = mark == "." and (not currency or currency in _WITH_THOUSANDTHS)
    if text.count(mark) > 1 or (is_thousand and not can_be_decimal):
        return text.replace(mark, "")
    return text.replace(mark, ".")


def _currency(text: str) -> str | None:
    text = text.strip().strip(".")
    if not text:
        return None
    if text in _SIGNS:
        return _SIGNS[text]
    if re.fullmatch(r"[A-Za-z]{3}", text):
        return text.upper()
    raise RowError(
        f"currency {text[:20]!r} is not known",
        field="currency",
        code="bad-currency",
        hint="write its three letters, such as EUR",
        received=text,
    )


def _bad_price(value: Cell) -> RowError:
    return RowError(
        "the price is no amount of money",
        field="price",
        code="bad-price",
        hint="write it like 12.50 EUR",
        received=value,
    )


def _bad_time(value: Cell) -> RowError:
    return RowError(
        "the time cannot be read",
        field="created_ms",
        code="bad-time",
        hint="write it like 2026-11-22T18:00:00Z",
        received=value,
    )
