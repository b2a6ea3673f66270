"""This file is about catalogues in several files: a folder of shards, or a pattern that names them."""

import re
from collections.abc import Iterator
from pathlib import Path

from bowerbird.core.errors import InputError

_MOST_SHARDS = 100_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)")


def is_pattern(place: str) -> bool:
    """Whether a place names several files, as `data-{0000..0009}.tar` does."""
    return _BRACES.search(place) is not None or "*" in place


def files_of_pattern(pattern: str) -> list[Path]:
    """The files that a pattern names, in its order.

    Raises:
        InputError: one of them is not there, or there are none, or far too many.
    """
    files: list[Path] = []
    for name in _expanded(pattern):
        found = sorted(Path(name).parent.glob(Path(name).name)) if "*" in name else [Path(name)]
        files.extend(found)
        if len(files) > _MOST_SHARDS:
            raise InputError(f"{pattern} names more than {_MOST_SHARDS:,} files; import them in parts")
    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        raise InputError(
            f"{pattern} was received; needed are files, and {missing[0] if missing else 'none'} "
            f"{'is not there' if missing else 'fits'}; check the pattern"
        )
    return files


def files_of_folder(folder: Path, *endings: str) -> list[Path]:
    """The files with one of these endings in a folder and the folders below it, in order of their paths."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.name.lower().endswith(endings))


def _expanded(pattern: str) -> Iterator[str]:
    braces = _BRACES.search(pattern)
    if braces is None:
        yield pattern
        return
    for choice in _choices(braces.group(1)):
        yield from _expanded(f"{pattern[: braces.start()]}{choice}{pattern[braces.end() :]}")


def _choices(text: str) -> Iterator[str]:
    bounds = _RANGE.fullmatch(text)
    if bounds is None:
        yield from text.split(",")
        return
    first, last = bounds.groups()
    if int(last) - int(first) > _MOST_SHARDS:
        raise InputError(f"{{{text}}} names more than {_MOST_SHARDS:,} files; import them in parts")
    for number in range(int(first), int(last) + 1):
        yield f"{number:0{len(first)}d}"
