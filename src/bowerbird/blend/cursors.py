"""This file is about cursors: where a person is in a list, sealed so that nobody else can write or use it."""

import base64
import binascii
import hashlib
import hmac
import zlib
from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import CursorError

MAX_CURSOR_CHARS = 16_000
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class CursorSigner:
    """Seals and opens cursors with one secret key.

    Attributes:
        key: at least 16 random bytes; with another key all older cursors are refused.
    """

    key: bytes

    def seal(self, kind: str, person_id: str, body: bytes) -> str:
        """A cursor that only `open` with the same kind and person reads."""
        return base64.urlsafe_b64encode(self._mac(kind, person_id, body) + body).rstrip(b"=").decode()

    def open(self, kind: str, person_id: str, cursor: str) -> bytes:
        """The body that was sealed.

        Raises:
            CursorError: damaged, made by another key, for another kind of list, or for another person.
        """
        if len(cursor) > MAX_CURSOR_CHARS:
            raise CursorError(
                f"a cursor of {len(cursor):,} characters was received; ours have at most "
                f"{MAX_CURSOR_CHARS:,}; ask again without a cursor"
            )
        try:
            sealed = base64.b64decode(
                cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except (UnicodeEncodeError, binascii.Error):
            sealed = b""
        mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(kind, person_id, body)):
            shown = cursor[:24] + ("…" if len(cursor) > 24 else "")
            raise CursorError(
                f"cursor {shown!r} is not one of ours for this list and person; needed is the cursor of "
                "the page before, unchanged; ask again without a cursor"
            )
        return body

    def _mac(self, kind: str, person_id: str, body: bytes) -> bytes:
        head = f"{len(kind)}:{kind}:{len(person_id)}:{person_id}:".encode()
        return hmac.new(self.key, head + body, hashlib.sha256).digest()[:_MAC_BYTES]


def pack_numbers(numbers: np.ndarray) -> bytes:
    """A set of item numbers as few bytes: about 1.5 each when a hundredth of the items is in it.

    Args:
        numbers: int64 [n], each at least 0; order and repeats are lost.
    """
    steps = np.diff(np.unique(numbers), prepend=0).astype("<u4")
    return zlib.compress(steps.tobytes(), level=3)


def unpack_numbers(packed: bytes) -> np.ndarray:
    """int64 [n] the sorted numbers that `pack_numbers` packed."""
    steps = np.frombuffer(zlib.decompress(packed), dtype="<u4")
    return np.cumsum(steps.astype(np.int64))
