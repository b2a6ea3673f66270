"""This file is about whether stored pictures and videos are what their names, which are hashes, say."""

import hashlib
import random
from collections.abc import Iterator

import lance
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table
from bowerbird.lake.verifying.types import RESTORE, Finding, some_of

_PIECE_BYTES = 4 * 2**20


def check_contents(lake: Lake, *, sample: int | None) -> Iterator[Finding]:
    """Findings about contents; `sample` of them, drawn anew each time, or with None all."""
    shas = [sha for batch in lake.blobs.scan(["id"]) for sha in batch["id"].to_pylist()]
    if sample is not None and sample < len(shas):
        shas = random.SystemRandom().sample(shas, sample)
    wrong = [sha for sha in shas if not _is_whole(lake, sha)]
    if wrong:
        what = f"of {len(shas):,} contents looked at, {some_of(wrong)} are damaged"
        yield Finding("contents", True, what, RESTORE)


def check_sizes(lake: Lake) -> Iterator[Finding]:
    """Findings about contents that are longer or shorter than the media table says."""
    blobs = _sizes(lake.blobs)
    wrong = []
    for batch in lake.media.scan(["id", "size_bytes"]):
        for row in pa.Table.from_batches([batch]).to_pylist():
            size = blobs.get(row["id"])
            if size is not None and row["size_bytes"] is not None and size != row["size_bytes"]:
                wrong.append(row["id"])
    if wrong:
        yield Finding("contents", True, f"contents of another size than noted: {some_of(wrong)}", RESTORE)


def _sizes(blobs: Table) -> dict[str, int]:
    head = lance.dataset(blobs.files.uri, storage_options=blobs.files.options)
    column = str(blobs.spec.blob)
    found: dict[str, int] = {}
    for batch in head.scanner(columns=["id", column], blob_handling="blobs_descriptions").to_batches():
        sizes = pc.struct_field(batch[column], "size").to_pylist()
        found.update(zip(batch["id"].to_pylist(), sizes, strict=True))
    return found


def _is_whole(lake: Lake, sha: str) -> bool:
    try:
        opened = lake.blobs.open_blob(sha)
        if opened is None:
            return False
        digest = hashlib.sha256()
        with opened:
            while piece := opened.read(_PIECE_BYTES):
                digest.update(piece)
    except (OSError, ValueError, RuntimeError):  # Lance's words for a file that is gone or too short
        return False
    return digest.hexdigest() == sha
