"""This file is about what places know of their files, and which names they take."""

from dataclasses import dataclass

from bowerbird.core.errors import PlaceError


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """A file of a place.

    Attributes:
        path: its name, relative to the place, with `/` between folders.
        size_bytes: how long it is.
        mark: changes whenever the file does.
    """

    path: str
    size_bytes: int
    mark: str


def checked_path(path: str) -> str:
    """The name, if it stays inside of its place whatever that is.

    Raises:
        PlaceError: it is empty, absolute, has a backslash or a control character, or steps out with `..`.
    """
    parts = path.split("/")
    is_odd = "\\" in path or any(ord(letter) < 32 for letter in path)
    if is_odd or any(part in ("", ".", "..") for part in parts):
        raise PlaceError(
            f"file name {path[:200]!r} was received; needed is a relative one such as tables/a.txt; rename it"
        )
    return path
