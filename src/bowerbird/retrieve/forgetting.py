"""This file is about forgetting in what is derived: fitted spaces, index snapshots, the file of cards."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.encode.forgetting import forget_in_spaces, forget_unsaid_words
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.snapshot_files import read_manifest

log = logging.getLogger(__name__)

_NO_INDEXES = ("tables", "display", "imports")
_CARDS = "cards.*"


def forget_derived(lake: Lake, numbers: Sequence[int]) -> dict[str, int]:
    """No derived file holds these items any more; gives what was done, counted.

    An index is written anew, with its lists trained on what is left: the centre of a list of one item is
    that item. Where the space itself was fitted on one of them, it goes, and so do the indexes of its
    vectors; both are made again at the next start.
    """
    done = {"embeddings of words that nobody says": forget_unsaid_words(lake)}
    spaces = forget_in_spaces(lake, numbers)
    for folder in snapshot_folders(lake):
        if spaces:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            rebuild_without(folder, numbers)
    done["fitted spaces, with their indexes"] = spaces
    for path in (lake.path / "index").glob(_CARDS):
        path.unlink(missing_ok=True)
    return done


def rebuild_without(folder: Path, numbers: Sequence[int]) -> None:
    """The snapshot in the folder is one of the other items, in lists that were trained on those alone."""
    try:
        manifest = read_manifest(folder)
        config = IndexConfig(merge_in_background=False)
        held, version = FaissIndex.load(
            folder, width=manifest.width, stamp_text=manifest.stamp_text, config=config
        )
    except IncompatibleIndexError as error:
        log.info("index not usable, dropped", extra={"reason": str(error)})
        shutil.rmtree(folder, ignore_errors=True)
        return
    kept = np.setdiff1d(held.numbers(), np.asarray(numbers, np.int64))
    made = FaissIndex.build(kept, held.vectors(kept), stamp_text=manifest.stamp_text, config=config)
    made.save(folder, lake_version=version)


def snapshot_folders(lake: Lake) -> list[Path]:
    """Where indexes are saved, those of encoders that are not in use among them."""
    folders = [path for path in lake.path.iterdir() if path.is_dir() and path.name not in _NO_INDEXES]
    return sorted({found.parent for folder in folders for found in folder.rglob("manifest.json")})
