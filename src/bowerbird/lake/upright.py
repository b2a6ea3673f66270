"""This file is about which way is up: cameras store it as a number beside the pixels."""

import struct

from PIL import Image

_BAD_METADATA = (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, EOFError, struct.error)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_of(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where it is missing or damaged. From 5 on, width and height swap."""
    try:
        turn = picture.getexif().get(274, 1)
    except _BAD_METADATA:
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def turned(picture: Image.Image, turn: int) -> Image.Image:
    """The picture as it is to be seen."""
    return picture if turn == 1 else picture.transpose(_TURNS[turn])
