"""This file is about JSON files of any size: the objects of an array, or of one line each, as they come."""

import json
from collections.abc import Iterator
from decimal import Decimal
from io import TextIOBase
from pathlib import Path
from typing import Any

from bowerbird.lake.importing.files import BROKEN_FILE, cut_off, opened_text

_PIECE_CHARS = 256 * 1024
_LONGEST = 64 * 2**20
_BETWEEN = " \t\r\n,"


def objects_of(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a top-level array, or those that stand one after the other; other values are left out.

    Raises:
        RowError: `broken-file`: it cannot be read any further.
    """
    decoder = json.JSONDecoder(parse_float=Decimal)
    try:
        with opened_text(path, "utf-8-sig") as file:
            for value in _values(file, decoder):
                if isinstance(value, dict):
                    yield value
    except (*BROKEN_FILE, ValueError, RecursionError) as error:
        raise cut_off(error) from error


def _values(file: TextIOBase, decoder: json.JSONDecoder) -> Iterator[object]:
    text, piece, at = file.read(_PIECE_CHARS), _PIECE_CHARS, 0
    is_array = False
    while True:
        while at < len(text) and text[at] in _BETWEEN:
            at += 1
        if at < len(text) and text[at] == "[" and not is_array:
            is_array, at = True, at + 1
            continue
        if at < len(text) and text[at] == "]" and is_array:
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            # Most likely the rest of it has not been read yet; more is read each time, so that it ends.
            more = file.read(piece)
            if not more:
                if is_array or at < len(text):
                    raise
                return
            text, at, piece = text[at:] + more, 0, min(piece * 2, _LONGEST)
            if len(text) > _LONGEST:
                raise ValueError(f"one object has more than {_LONGEST:,} letters") from None
            continue
        piece = _PIECE_CHARS
        yield value


def pages_of(path: Path, *names: str) -> Iterator[dict[str, Any]]:
    """The objects of a file that holds pages of an API: what stands under `names`, else the object itself.

    Raises:
        RowError: as `objects_of`.
    """
    for value in objects_of(path):
        inner: Any = value
        for name in names:
            if isinstance(inner, dict) and name in inner:
                inner = inner[name]
        if isinstance(inner, list):
            yield from (each for each in inner if isinstance(each, dict))
        else:
            yield value
