"""This file is about names of things: stable strings outside, dense integers inside."""

import os
import re
import time

from bowerbird.core.errors import InputError

MAX_ID_CHARS = 256
SIMULATED_PREFIX = "sim-"
"""Begins the id of every person whom a program made up; pages say that there are some."""
_ALLOWED = re.compile(r"[^\x00-\x1f\x7f]+")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """A fresh id such as `board_0q4r…`: sorts by time of making, 80 random bits.

    Source: the ULID layout (48 bits of milliseconds, then 80 random bits) in lower-case base 32.
    """
    value = ((time.time_ns() // 1_000_000) << 80) | int.from_bytes(os.urandom(10), "big")
    letters = []
    for _ in range(26):
        letters.append(_ALPHABET[value & 31])
        value >>= 5
    return f"{prefix}_{''.join(reversed(letters))}"


def checked_id(value: str, *, what: str = "id") -> str:
    """`value`, if it can be an id.

    Raises:
        InputError: empty, too long, or with control characters.
    """
    if not value or len(value) > MAX_ID_CHARS or not _ALLOWED.fullmatch(value):
        shown = value[:40] + ("…" if len(value) > 40 else "")
        raise InputError(
            f"{what} {shown!r} cannot be used; an id has 1 to {MAX_ID_CHARS} characters and no "
            "control characters; give another one"
        )
    return value
