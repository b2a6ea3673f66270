"""This file is about the scans of a JPEG: each passes over the whole picture, and a file may hold thousands.

A worker would be stopped in time; whoever makes the display sizes later would not.
"""

import re

from bowerbird.core.errors import PictureError

MOST_SCANS = 100
"""Encoders write at most some ten."""
_SCAN = b"\xff\xda"
# In pixels, 0xFF is followed by 0 or a restart mark; all else is the next segment.
_SEGMENT = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
_END = b"\xd9"
_LENGTH_BYTES = 2


def refuse_many_scans(content: bytes) -> None:
    """Nothing, for a JPEG that can be decoded in a sensible time.

    Raises:
        PictureError: it has more than `MOST_SCANS` scans.
    """
    # What lies behind the picture, a film of the same moment say, has these two bytes by chance.
    if content.count(_SCAN) > MOST_SCANS and scans_of(content) > MOST_SCANS:
        raise PictureError(
            f"a JPEG of more than {MOST_SCANS} passes over its pixels was received",
            code="too-many-scans",
            hint="save it again",
        )


def scans_of(content: bytes) -> int:
    """How many scans there are up to the end of the picture."""
    scans, at = 0, 2
    while (found := _SEGMENT.search(content, at)) is not None and found[1] != _END:
        scans += found[0] == _SCAN
        length = int.from_bytes(content[found.end() : found.end() + _LENGTH_BYTES], "big")
        at = found.end() + max(length, _LENGTH_BYTES)
    return scans
