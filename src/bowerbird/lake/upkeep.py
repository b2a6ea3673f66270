"""This file is about upkeep: bounded compaction, fresh indexes, old versions let go, and the debt of it."""

import logging
from datetime import timedelta
from pathlib import Path

import lance

from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.schemas import TableSpec

log = logging.getLogger(__name__)

_COMPACTION_TRIES = 3
_PREEMPTED = "commit conflict"
_MS_PER_S = 1_000
_DELETED_PART = 0.1  # from which on Lance writes a file anew without its deleted rows


def index_name(column: str) -> str:
    """What the index on a column is called."""
    return f"{column}_index"


def debt_of(head: lance.LanceDataset, spec: TableSpec) -> TableDebt:
    """The debt of a table."""
    fragments = head.get_fragments()
    versions = head.versions()
    tagged = set(tags_of(head).values())
    loose = [entry for entry in versions if entry["version"] not in tagged] or versions
    return TableDebt(
        rows=head.count_rows(),
        fragments=len(fragments),
        deleted_rows=sum(fragment.num_deletions for fragment in fragments),
        unindexed_rows=0 if spec.words is None else _unindexed(head, spec.words),
        versions=len(versions),
        oldest_ms=int(loose[0]["timestamp"].timestamp() * _MS_PER_S),
        unkeyed_rows=_unindexed(head, spec.key),
    )


def build_indexes(target: lance.LanceDataset, spec: TableSpec) -> None:
    """The indexes of a table that has just been made."""
    for column in (spec.key, spec.words):
        if column is not None:
            build_index(target, spec, column)


def build_index(target: lance.LanceDataset, spec: TableSpec, column: str) -> None:
    """The index on the key or on the words, in place of one that may be there."""
    if column == spec.key:
        target.create_scalar_index(column, "BTREE", name=index_name(column))
        return
    target.create_scalar_index(
        column,
        "INVERTED",
        name=index_name(column),
        # Splits Chinese, Japanese and Thai into words too, which are written without spaces.
        base_tokenizer="icu",
        with_position=False,
        stem=True,
        ascii_folding=True,
        remove_stop_words=False,
    )


def index_fresh_rows(target: lance.LanceDataset) -> None:
    """Rows that no index covers get small indexes of their own: quick, for `tidy` to merge later."""
    target.optimize.optimize_indices(num_indices_to_merge=0)


def tidy(
    target: lance.LanceDataset,
    sizes: dict[str, int],
    config: LakeConfig,
    *,
    is_thorough: bool,
    max_files: int | None = None,
) -> None:
    """Small files become large ones, within bounds, and every row is in an index.

    A thorough job merges all parts of an index into one, which takes ten seconds for a million items; the
    other leaves the oldest, largest part alone.

    Args:
        target: moves to the new version.
        sizes: the bytes of each file below `data`.
        config: how large files become.
        is_thorough: as said.
        max_files: that one step takes in; None for all.
    """
    rows = rows_per_fragment(target, sizes, config.fragment_bytes)
    left_alone = [] if max_files is None else _beyond(target, rows, max_files)
    _compact(target, rows, left_alone)
    parts = max(len(index.segments) for index in target.describe_indices())
    target.optimize.optimize_indices(num_indices_to_merge=parts if is_thorough else parts - 1)


def _unindexed(head: lance.LanceDataset, column: str) -> int:
    return int(head.stats.index_stats(index_name(column)).get("num_unindexed_rows", 0))


def _compact(target: lance.LanceDataset, rows: int, left_alone: list[int]) -> None:
    """Small files become large ones, unless writers change them faster than they are rewritten."""
    for _ in range(_COMPACTION_TRIES):
        try:
            target.optimize.compact_files(target_rows_per_fragment=rows, excluded_fragment_ids=left_alone)
            return
        except OSError as error:
            # The rows of a file that was rewritten have changed meanwhile; no writer may fail for that.
            if _PREEMPTED not in str(error):
                raise
            target.checkout_latest()
    log.info("compaction left for later", extra={"tries": _COMPACTION_TRIES})


def let_go(target: lance.LanceDataset, spec: TableSpec, config: LakeConfig) -> None:
    """Old versions are gone, and the files that only they used."""
    hours = keep_hours_of(spec, config)
    target.cleanup_old_versions(older_than=timedelta(hours=hours), error_if_tagged_old_versions=False)


def reclaimable_bytes(head: lance.LanceDataset, spec: TableSpec, config: LakeConfig) -> int:
    """What `let_go` would free now."""
    said = head.explain_cleanup_old_versions(
        older_than=timedelta(hours=keep_hours_of(spec, config)), error_if_tagged_old_versions=False
    )
    return int(said.stats.bytes_removed)


def keep_hours_of(spec: TableSpec, config: LakeConfig) -> float:
    """How long older versions of a table are kept."""
    if spec.is_content_addressed:
        # Its rows never change, so old versions tell nothing; after compaction they would double the disk.
        return min(config.keep_versions_hours, 1.0)
    return config.keep_versions_hours


def rewrite(target: lance.LanceDataset, sizes: dict[str, int], spec: TableSpec, config: LakeConfig) -> None:
    """Deleted and replaced rows are in no file of the newest version any more, nor in its indexes."""
    target.optimize.compact_files(
        target_rows_per_fragment=rows_per_fragment(target, sizes, config.fragment_bytes),
        materialize_deletions=True,
        materialize_deletions_threshold=0.0,
    )
    # A merged index may keep words of rows that are gone; a new one cannot know them.
    build_indexes(target, spec)


def drop_older(target: lance.LanceDataset, *, is_alone: bool) -> int:
    """Every version but the newest and tagged ones is gone, with its files; gives the bytes freed.

    With `is_alone`, files that belong to no version go too: Lance could not tell those of a writer that is at
    work from those of one that died, and keeps them for a week otherwise.
    """
    stats = target.cleanup_old_versions(
        older_than=timedelta(0), delete_unverified=is_alone, error_if_tagged_old_versions=False
    )
    return int(stats.bytes_removed)


def tags_of(head: lance.LanceDataset) -> dict[str, int]:
    """Tag → the version that it holds on to."""
    return {str(name): int(entry["version"]) for name, entry in head.tags.list().items()}


def _beyond(head: lance.LanceDataset, rows: int, max_files: int) -> list[int]:
    """All fragments but the oldest few that are small or have many deleted rows."""
    fragments = head.get_fragments()
    wanted = [
        fragment.fragment_id
        for fragment in fragments
        if fragment.physical_rows < rows or fragment.num_deletions > fragment.physical_rows * _DELETED_PART
    ]
    taken_in = set(wanted[:max_files])
    return [fragment.fragment_id for fragment in fragments if fragment.fragment_id not in taken_in]


def rows_per_fragment(head: lance.LanceDataset, sizes: dict[str, int], fragment_bytes: int) -> int:
    """Rows that fill one fragment of `fragment_bytes`, from the bytes that rows take; at least 1.

    Without this bound compaction would rewrite, and hold in memory, a million rows whatever their size.
    """
    fragments = head.get_fragments()
    rows = sum(fragment.physical_rows for fragment in fragments)
    # Blobs lie beside their data file, in a folder of the same name.
    named = {Path(file.path).stem for fragment in fragments for file in fragment.data_files()}
    total = sum(size for name, size in sizes.items() if name.split("/")[0].removesuffix(".lance") in named)
    return max(int(fragment_bytes / max(total / rows, 1.0)), 1) if rows else fragment_bytes
