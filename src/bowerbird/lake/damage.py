"""This file is about damage: what a power cut or a lying disk can leave of a table's files, and how it shows.

Only what such an accident leaves counts: a file that is gone, too short or without its end mark. Anything
else that stops us from opening (no memory, no file handles, no rights) must not cost a good version.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lance

from bowerbird.core.errors import TableDamagedError
from bowerbird.lake.schemas import TableSpec

VERSIONS = "_versions"
_MAGIC = b"LANC"  # the last bytes of a whole manifest, and of a whole data file
_HIGHEST = 2**64 - 1
# Blobs beside their rows: which file, from where, how much. Checked for the fragments written last.
_FRAGMENTS_WITH_BLOBS_CHECKED = 4
_PACKED, _DEDICATED = 1, 2


@dataclass(frozen=True, slots=True)
class Head:
    """The manifest of one version."""

    path: Path
    version: int


def heads_newest_first(root: Path) -> list[Head]:
    """The manifests of a table."""
    # Lance names manifests by 2^64 - 1 - version, so that the newest sorts first.
    found = [
        Head(path, _HIGHEST - int(path.stem))
        for path in (root / VERSIONS).glob("*.manifest")
        if path.stem.isdigit()
    ]
    return sorted(found, key=lambda head: -head.version)


def damage_of(root: Path, head: Head, *, blob: str | None = None) -> str | None:
    """What is wrong with a version, or None; `blob` names the column whose content lies beside the rows."""
    size = _size(head.path)
    if not _has_end_mark(head.path, size):
        return f"manifest of {size} bytes without its end mark"
    opened = open_version(root, head.version)
    fragments = opened.get_fragments()
    for fragment in fragments:
        damage = _damage_of_fragment(root, fragment)
        if damage is not None:
            return damage
    if blob is not None:
        return _damage_of_blobs(root, opened, blob)
    return None


def open_version(root: Path, version: int | None = None) -> lance.LanceDataset:
    """A version of the table, the newest by default.

    Raises:
        TableDamagedError: it cannot be opened.
    """
    try:
        return lance.dataset(str(root), version=version)
    except (OSError, ValueError, RuntimeError) as error:
        raise TableDamagedError(
            f"table {root.name} has a whole manifest but cannot be opened: {error}; needed is a readable "
            "folder; check rights, free memory and that `pylance` has the pinned version"
        ) from error


def damaged_indexes(root: Path, head: lance.LanceDataset, spec: TableSpec) -> list[str]:
    """Columns whose index is not there or not whole."""
    wanted = [spec.key] if spec.words is None else [spec.key, spec.words]
    described = {index.field_names[0]: index for index in head.describe_indices()}
    found = []
    for column in wanted:
        index = described.get(column)
        if index is None or any(_is_broken(root, segment) for segment in index.segments):
            found.append(column)
    return found


def _is_broken(root: Path, segment: object) -> bool:
    folder = root / "_indices" / str(segment.uuid)  # type: ignore[attr-defined]
    needed = segment.size_bytes  # type: ignore[attr-defined]
    files = [(path, _size(path)) for path in folder.iterdir()] if folder.is_dir() else []
    if not files or (needed and sum(size for _, size in files) != needed):
        return True
    return not all(_has_end_mark(path, size) for path, size in files)


def _damage_of_fragment(root: Path, fragment: lance.LanceFragment) -> str | None:
    for data_file in fragment.data_files():
        path = root / "data" / data_file.path
        there, needed = _size(path), data_file.file_size_bytes
        if there == 0 or (needed and there != needed):
            return f"data file {data_file.path} has {there} bytes"
        if not _has_end_mark(path, there):
            return f"data file {data_file.path} is without its end mark"
    deletions = fragment.deletion_file()
    if deletions is not None and not _is_readable(fragment):
        return f"deletion file {deletions} cannot be read"
    return None


def _is_readable(fragment: lance.LanceFragment) -> bool:
    """Whether the deletion file is whole: it is read, and leaves as many rows as the manifest says."""
    left = fragment.physical_rows - fragment.num_deletions
    try:
        return bool(fragment.scanner(columns=[], with_row_id=True).to_table().num_rows == left)
    except (OSError, ValueError, RuntimeError):
        return False


def _damage_of_blobs(root: Path, head: lance.LanceDataset, blob: str) -> str | None:
    newest = sorted(head.get_fragments(), key=lambda fragment: -fragment.fragment_id)
    for fragment in newest[:_FRAGMENTS_WITH_BLOBS_CHECKED]:
        beside = root / "data" / fragment.data_files()[0].path.removesuffix(".lance")
        for name, needed in blob_files(fragment, blob):
            there = _size(beside / name)
            if there < needed:
                return f"blob file {beside.name}/{name} has {there} bytes of {needed}"
    return None


def blob_files(fragment: lance.LanceFragment, blob: str) -> Iterator[tuple[str, int]]:
    """Names of files of blobs, and the bytes that each must have at least."""
    places = fragment.scanner(columns=[blob], blob_handling="blobs_descriptions").to_table()[blob]
    needed: dict[int, int] = {}
    for place in places.to_pylist():
        if place and place["kind"] in (_PACKED, _DEDICATED):
            end = place["position"] + place["size"]
            needed[place["blob_id"]] = max(needed.get(place["blob_id"], 0), end)
    for blob_id, size in needed.items():
        yield f"{blob_id:032b}"[::-1] + ".blob", size


def _has_end_mark(path: Path, size: int) -> bool:
    try:
        with path.open("rb") as file:
            return os.pread(file.fileno(), len(_MAGIC), max(size - len(_MAGIC), 0)) == _MAGIC
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
