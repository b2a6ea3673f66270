"""This file is about tables that are made, or found with other columns than needed."""

import lance

from bowerbird.core.errors import LakeError
from bowerbird.lake.merging import as_stored
from bowerbird.lake.places import Place
from bowerbird.lake.schemas import TableSpec
from bowerbird.lake.table_files import TableFiles, files_of
from bowerbird.lake.upkeep import build_indexes

# 2.2 is the first file format with blob columns that are stored beside the rows.
_FILE_FORMAT = "2.2"


def make_table(files: TableFiles, spec: TableSpec) -> None:
    """There is a table with indexes, made by us or by another process that was first.

    Raises:
        LakeError: it cannot be written.
    """
    # Of two processes that create at once, Lance lets the second overwrite what the first has made.
    with files.alone("making"):
        if files.has_versions():
            return
        try:
            made = lance.write_dataset(
                as_stored(spec.schema.empty_table(), spec),
                files.uri,
                mode="create",
                enable_stable_row_ids=True,
                data_storage_version=_FILE_FORMAT,
                storage_options=files.options,
            )
        except OSError as error:
            raise LakeError(f"table {spec.name} cannot be made in {files.uri}: {error}") from error
        build_indexes(made, spec)
        files.sync()


def check_columns(head: lance.LanceDataset, spec: TableSpec) -> None:
    """Every column that is needed is there.

    Raises:
        LakeError: one is not.
    """
    missing = [field.name for field in spec.schema if field.name not in head.schema.names]
    if missing:
        raise LakeError(
            f"table {spec.name} has no column {', '.join(missing)}; another version wrote it; "
            "use that version, or import into a new lake"
        )


def width_of(place: Place) -> int:
    """D, the width of the vectors in a table of embeddings."""
    return int(files_of(place).open().schema.field("vector").type.list_size)
