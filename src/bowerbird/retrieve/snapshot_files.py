"""This file is about snapshots on disk: written whole, checked whole, read through the page cache.

`<folder>/manifest.json` names one generation, a folder beside it; replacing the manifest is the only step
that counts, so a reader sees the old snapshot or the new one.
"""

import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.core.ids import new_id
from bowerbird.retrieve.filtered_search import Lists, Slack
from bowerbird.retrieve.inverted_lists import InvertedLists
from bowerbird.retrieve.recall_table import RecallTable
from bowerbird.retrieve.rows import rows_from
from bowerbird.retrieve.snapshot import Snapshot

_MANIFEST = "manifest.json"
_REBUILD = "rebuild it with `bowerbird retrieve build-index`"


class ListsManifest(BaseModel):
    """What was measured about the lists, in JSON."""

    # A slack is infinite where no list may be passed over; JSON has no number for that.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")

    ranks: tuple[int, ...]
    probes: tuple[int, ...]
    recall: tuple[tuple[float, ...], ...]
    mean: tuple[tuple[float, ...], ...]
    efforts: tuple[float, ...]
    slack: tuple[float, ...]
    trained_rows: int


class SnapshotManifest(BaseModel):
    """What a snapshot on disk says about itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[1] = 1
    stamp_text: str
    width: Annotated[int, Field(ge=1)]
    items: Annotated[int, Field(ge=0)]
    lake_version: int
    generation: Annotated[str, Field(pattern=r"^snap_[0-9a-z]+$")]
    sha256: dict[str, str]
    lists: ListsManifest | None


def save_snapshot(snapshot: Snapshot, folder: Path, *, stamp_text: str, lake_version: int) -> None:
    """Write a new generation, point the manifest at it, drop the older ones. One process at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".saving").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _save(snapshot, folder, stamp_text=stamp_text, lake_version=lake_version)


def read_manifest(folder: Path) -> SnapshotManifest:
    """What the snapshot in the folder says about itself.

    Raises:
        IncompatibleIndexError: there is none, or it cannot be read.
    """
    try:
        return SnapshotManifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise IncompatibleIndexError(f"no index in {folder}; needed is a built one; {_REBUILD}") from error
    except (OSError, ValidationError) as error:
        raise IncompatibleIndexError(
            f"the manifest of the index in {folder} cannot be read; needed is an undamaged one; {_REBUILD}"
        ) from error


def load_snapshot(folder: Path, *, width: int, stamp_text: str) -> tuple[Snapshot, int]:
    """The snapshot, memory-mapped, and the lake version it was saved with.

    Raises:
        IncompatibleIndexError: there is none, a file differs from its checksum, or it is of another space.
    """
    manifest = read_manifest(folder)
    if (manifest.stamp_text, manifest.width) != (stamp_text, width):
        raise IncompatibleIndexError(
            f"the index in {folder} holds {manifest.width}-wide vectors of {manifest.stamp_text!r}; "
            f"needed are {width}-wide ones of {stamp_text!r}; {_REBUILD}"
        )
    source = folder / manifest.generation
    for name, expected in manifest.sha256.items():
        file = source / name
        if Path(name).name != name or not file.is_file() or _sha256(file) != expected:
            raise IncompatibleIndexError(
                f"{name} of the index in {folder} is missing or damaged; "
                f"needed is the file as saved; {_REBUILD}"
            )
    try:
        return _read(source, manifest), manifest.lake_version
    except (OSError, ValueError, RuntimeError) as error:
        raise IncompatibleIndexError(
            f"the index in {folder} cannot be read ({error}); needed are files of this version; {_REBUILD}"
        ) from error


def _save(snapshot: Snapshot, folder: Path, *, stamp_text: str, lake_version: int) -> None:
    generation = new_id("snap")
    target = folder / generation
    target.mkdir()
    np.save(target / "numbers.npy", snapshot.rows.numbers)
    np.save(target / "vectors.npy", snapshot.rows.vectors)
    if snapshot.lists is not None:
        np.save(target / "list_of.npy", snapshot.lists.list_of)
        np.save(target / "radii.npy", snapshot.lists.radii)
        snapshot.lists.inverted.save(target / "lists.faiss")
    files = sorted(target.iterdir())
    for file in files:
        _sync(file)
    manifest = SnapshotManifest(
        stamp_text=stamp_text,
        width=snapshot.rows.vectors.shape[1],
        items=len(snapshot),
        lake_version=lake_version,
        generation=generation,
        sha256={file.name: _sha256(file) for file in files},
        lists=_lists_manifest(snapshot.lists),
    )
    written = folder / f".{generation}.json"
    written.write_text(manifest.model_dump_json(indent=1))
    _sync(written)
    _sync(target)
    written.replace(folder / _MANIFEST)
    _sync(folder)
    for older in folder.glob("snap_*"):
        if older.name != generation:
            # Memory maps of it stay good: the files live on until the last reader lets go.
            shutil.rmtree(older, ignore_errors=True)


def _read(source: Path, manifest: SnapshotManifest) -> Snapshot:
    numbers = np.load(source / "numbers.npy")
    vectors = np.asarray(np.load(source / "vectors.npy", mmap_mode="r"))
    if vectors.shape != (manifest.items, manifest.width) or len(numbers) != manifest.items:
        raise ValueError(f"vectors of shape {vectors.shape}, manifest says {manifest.items} items")
    lists = None
    if manifest.lists is not None:
        table = manifest.lists
        recall = RecallTable(table.ranks, table.probes, np.array(table.recall), np.array(table.mean))
        list_of = np.asarray(np.load(source / "list_of.npy", mmap_mode="r"))
        inverted = InvertedLists.load(source / "lists.faiss", manifest.width)
        sizes = np.bincount(list_of, minlength=len(inverted))
        slack = Slack(table.efforts, table.slack)
        radii = np.load(source / "radii.npy")
        lists = Lists(inverted, list_of, sizes, radii, recall, slack, table.trained_rows)
    return Snapshot(rows_from(numbers, vectors), lists)


def _lists_manifest(lists: Lists | None) -> ListsManifest | None:
    if lists is None:
        return None
    table = lists.recall
    return ListsManifest(
        ranks=table.ranks,
        probes=table.probes,
        recall=tuple(tuple(row) for row in table.recall.tolist()),
        mean=tuple(tuple(row) for row in table.mean.tolist()),
        efforts=lists.slack.efforts,
        slack=lists.slack.slack,
        trained_rows=lists.trained_rows,
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
