"""This file is about the words on boards: names and descriptions, checked before they are stored."""

from bowerbird.core.errors import InputError, TooLargeError


def checked_name(name: str, *, what: str, max_chars: int) -> str:
    """The name without space around it.

    Raises:
        InputError: nothing is left, or it holds control characters.
        TooLargeError: it is too long.
    """
    kept = " ".join(name.split())
    if not kept or not kept.isprintable():
        raise InputError(
            f"{what} name {name[:40]!r} was received; needed is 1 to {max_chars} characters to read; "
            "give it another name"
        )
    return _not_too_long(kept, what=f"{what} name", max_chars=max_chars)


def checked_description(description: str, *, max_chars: int) -> str:
    """The description without space around it.

    Raises:
        TooLargeError: it is too long.
    """
    return _not_too_long(description.strip(), what="board description", max_chars=max_chars)


def _not_too_long(text: str, *, what: str, max_chars: int) -> str:
    if len(text) > max_chars:
        raise TooLargeError(
            f"a {what} of {len(text):,} characters was received; at most {max_chars:,} are kept; shorten it"
        )
    return text
