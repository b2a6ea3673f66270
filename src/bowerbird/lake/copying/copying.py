"""This file is about copying a lake from anywhere to anywhere while others write to it."""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bowerbird.lake.copying.home_files import gathered
from bowerbird.lake.copying.plan import LakePlan, planned
from bowerbird.lake.copying.targets import Target
from bowerbird.lake.copying.types import CopyProgress, CopyReport, Tell
from bowerbird.lake.format import new_format, read_format
from bowerbird.lake.lake import Lake
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.migrations import STEPS
from bowerbird.lake.place_files import PlaceFile
from bowerbird.lake.places import Address, Place

_THREADS = 4
_LABEL_LETTERS = 12


def copy_lake(source: Lake, target: Address, tell: Tell, *, home: Path | None = None) -> CopyReport:
    """A lake of its own at the target, with all that is not derived as it was when the copy began.

    A copy that was cut off goes on where it was: files that are there whole are not copied again.

    Raises:
        ConflictError: something else is at the target.
    """
    started_s = time.monotonic()
    said = read_format(source.place) or new_format(len(STEPS), source.clock)
    filled = Target(target, home, origin=said.id)
    with planned(source.place, label_of(filled.place.address)) as plan:
        written = _copy_files(source.place, filled.place, plan.files, tell)
        _remove_leftovers(filled.place, plan)
        for tag in plan.tags:
            filled.place.write(f"tags/{tag.name}.json", tag.model_dump_json(indent=1).encode())
        with gathered(source.path) as folder:
            rest = list(LocalPlace(folder).files())
            written += _copy_files(LocalPlace(folder), filled.home_place, rest, tell, is_fresh=True)
    filled.finish(new_format(said.format, source.clock))
    every = [*plan.files, *rest]
    size = sum(file.size_bytes for file in every)
    return CopyReport("", plan.versions, len(every), size, written, time.monotonic() - started_s)


def label_of(address: str) -> str:
    """A short name for a copy to this address."""
    return hashlib.sha256(address.encode()).hexdigest()[:_LABEL_LETTERS]


def _copy_files(
    source: Place, target: Place, files: Sequence[PlaceFile], tell: Tell, *, is_fresh: bool = False
) -> int:
    """Copies in order of the tables' commits; gives the bytes that were not there."""
    there = {} if is_fresh else {file.path: file.size_bytes for file in target.files("tables")}
    lacking = [file for file in files if there.get(file.path) != file.size_bytes]
    all_bytes = sum(file.size_bytes for file in files)
    written = sum(file.size_bytes for file in lacking)
    done, skipped = 0, all_bytes - written
    for is_commit in (False, True):  # manifests only when all that they name is there
        part = [file for file in lacking if _is_commit(file) == is_commit]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="bowerbird-copy") as pool:
            for file in pool.map(lambda file: _copy_file(source, target, file), part):
                done += file.size_bytes
                tell(CopyProgress(len(part), len(files), skipped + done, all_bytes))
    return written


def _copy_file(source: Place, target: Place, file: PlaceFile) -> PlaceFile:
    target.write(file.path, source.stream(file.path))
    return file


def _remove_leftovers(target: Place, plan: LakePlan) -> None:
    """Files of an earlier try that are no part of this one, newer versions above all, are gone."""
    named = {file.path for file in plan.files}
    for file in list(target.files("tables")):
        if file.path not in named:
            target.delete(file.path)


def _is_commit(file: PlaceFile) -> bool:
    return "/_versions/" in file.path or "/_refs/" in file.path
