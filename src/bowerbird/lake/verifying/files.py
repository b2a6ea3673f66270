"""This file is about whether every file of every table is there, with the size that it should have."""

from collections.abc import Iterator
from pathlib import Path

import lance

from bowerbird.lake.damage import blob_files
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table
from bowerbird.lake.tags import list_tags
from bowerbird.lake.verifying.types import RESTORE, Finding, some_of

_CHECK = "files"


def check_files(lake: Lake) -> Iterator[Finding]:
    """Findings about the files of all tables, their older versions among them, and about tags."""
    versions: dict[str, set[int]] = {}
    for name, table in lake.tables().items():
        versions[name] = {entry.version for entry in table.versions()}
        yield from _check_table(lake, name, table)
    for tag in list_tags(lake.place):
        lost = [name for name, at in tag.tables.items() if at not in versions.get(name, {at})]
        if lost:
            yield Finding(
                _CHECK,
                True,
                f"tag {tag.name} names versions of {some_of(lost)} that are not there",
                f"take it away with `bowerbird lake untag {tag.name}`, or {RESTORE}",
            )


def _check_table(lake: Lake, name: str, table: Table) -> Iterator[Finding]:
    root = f"tables/{name}.lance"
    there = {file.path.removeprefix(f"{root}/"): file.size_bytes for file in lake.place.files(root)}
    head = lance.dataset(table.files.uri, storage_options=table.files.options)
    named: dict[str, set[int]] = {}
    for row in head.tracked_files().read_all().to_pylist():
        named.setdefault(row["path"], set()).add(row["version"])
    lost = sorted(path for path in named if not there.get(path))
    newest = [path for path in lost if head.version in named[path]]
    newest += _short_files(head, table, there) + _broken_indexes(head, there)
    older = [path for path in lost if head.version not in named[path] and not path.startswith("_trans")]
    if newest:
        yield Finding(
            _CHECK, True, f"table {name} lacks {some_of(newest)}, or has only a part of it", RESTORE
        )
    if older:
        yield Finding(
            _CHECK,
            False,
            f"older versions of table {name} lack {some_of(older)}",
            "as-of cannot reach them; `bowerbird work maintain` lets go of them when they are old enough",
        )


def _short_files(head: lance.LanceDataset, table: Table, there: dict[str, int]) -> list[str]:
    found = []
    for fragment in head.get_fragments():
        for file in fragment.data_files():
            needed = file.file_size_bytes
            if needed and there.get(f"data/{file.path}", needed) != needed:
                found.append(f"data/{file.path}")
        if table.spec.blob is not None:
            beside = f"data/{Path(fragment.data_files()[0].path).stem}"
            found += [
                f"{beside}/{name}"
                for name, needed in blob_files(fragment, table.spec.blob)
                if there.get(f"{beside}/{name}", 0) < needed
            ]
    return found


def _broken_indexes(head: lance.LanceDataset, there: dict[str, int]) -> list[str]:
    """Folders of indexes that are not whole; Lance names only those files of them that it finds."""
    found = []
    for index in head.describe_indices():
        for segment in index.segments:
            folder = f"_indices/{segment.uuid}/"
            size = sum(bytes_ for path, bytes_ in there.items() if path.startswith(folder))
            if segment.size_bytes and size != segment.size_bytes:
                found.append(folder)
    return found
