"""This file is about telling what a database file says about itself: damaged, or not to be had just now."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.core.errors import DatabaseDamagedError, LakeError

_PRIMARY = 0xFF  # the low byte of an extended result code
# SQLITE_ERROR is among them: our statements are right, so "no such column" means that the schema is not ours.
_DAMAGED = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """In the block, what SQLite says about the file is said as an error of ours.

    Raises:
        DatabaseDamagedError: its content is not what was written.
        LakeError: it is busy, full, or may not be used.
    """
    try:
        yield
    except sqlite3.Error as error:
        if (told := plain_error(path, error)) is None:
            raise
        raise told from error


def plain_error(path: Path, error: sqlite3.Error) -> LakeError | None:
    """The same in our words; None for what callers deal with, such as a broken constraint."""
    if is_damage(error):
        return DatabaseDamagedError(
            f"{path} is damaged ({error}); needed is the file as it was written; bring the lake back from a "
            "backup with `bowerbird lake restore`, and keep the damaged file, of which more may be readable"
        )
    if isinstance(error, sqlite3.OperationalError):
        return LakeError(
            f"{path} cannot be used ({error}); needed is a file that this process may write, on a disk with "
            "room; look at its rights, at the disk, and at who else uses it"
        )
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the content of the file is wrong, and not only out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # text that is no UTF-8 is found by the driver, which has no code for it
        return "UTF-8" in str(error)
    return (code & _PRIMARY) in _DAMAGED
