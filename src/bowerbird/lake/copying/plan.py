"""This file is about which files make up a lake at one moment, while others write to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bowerbird.core.errors import TableDamagedError
from bowerbird.lake.place_files import PlaceFile
from bowerbird.lake.places import Place
from bowerbird.lake.table_files import files_of
from bowerbird.lake.tags import COPYING, LakeTag, list_tags, pin, pinning_order, unpin


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table at its pinned version, and at those that tags stand for.

    Attributes:
        files: named as in the lake; a manifest comes after all that it names.
    """

    name: str
    version: int
    files: tuple[PlaceFile, ...]


@dataclass(frozen=True, slots=True)
class LakePlan:
    """All tables at versions that fit each other, and the tags."""

    tables: tuple[TablePlan, ...]
    tags: tuple[LakeTag, ...]

    @property
    def versions(self) -> dict[str, int]:
        """The version of each table."""
        return {table.name: table.version for table in self.tables}

    @property
    def files(self) -> list[PlaceFile]:
        """Every file of every table."""
        return [file for table in self.tables for file in table.files]


@contextmanager
def planned(place: Place, label: str) -> Iterator[LakePlan]:
    """What to copy; clean-up leaves these files alone in the block.

    `label` tells one copy from another that runs at the same time.
    """
    label = f"{COPYING}{label}"
    try:
        tags = tuple(list_tags(place))
        versions = pin(place, label, pinning_order(place))
        yield LakePlan(tuple(_table(place, name, at, tags) for name, at in versions.items()), tags)
    finally:
        unpin(place, label)


def _table(place: Place, name: str, version: int, tags: Sequence[LakeTag]) -> TablePlan:
    root = f"tables/{name}.lance"
    head = files_of(place.within(root)).open()
    tagged = {tag.name: tag.tables[name] for tag in tags if name in tag.tables}
    wanted = {version, *tagged.values()}
    rows = head.tracked_files(min_version=min(wanted)).read_all().to_pylist()
    named = {row["path"] for row in rows if row["version"] in wanted}
    named |= {f"_refs/tags/{tag}.json" for tag in tagged}
    # Blobs lie beside their data file, in a folder of the same name; Lance does not list them.
    stems = {Path(path).stem for path in named if path.startswith("data/")}
    there = {file.path.removeprefix(f"{root}/"): file for file in place.files(root)}
    missing = sorted(named - set(there))
    if missing:
        raise TableDamagedError(
            f"table {name} of {place.address} lacks {missing[0]} and {len(missing) - 1} other files; needed "
            "are all of them; see what is wrong with `bowerbird lake verify`"
        )
    files = [file for path, file in there.items() if path in named or _is_blob_of(path, stems)]
    return TablePlan(name, version, tuple(sorted(files, key=_commits_last)))


def _is_blob_of(path: str, stems: set[str]) -> bool:
    parts = PurePosixPath(path).parts
    return len(parts) > 2 and parts[0] == "data" and parts[1] in stems


def _commits_last(file: PlaceFile) -> tuple[bool, bool, str]:
    return ("/_refs/" in file.path, "/_versions/" in file.path, file.path)
