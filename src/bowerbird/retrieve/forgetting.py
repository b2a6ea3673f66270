"""This file is about forgetting in what is derived: fitted spaces, index snapshots, the file of cards."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.encode.forgetting import forget_space, forget_unsaid_words, generation_folders
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.forgetting.purging import purge, settled
from bowerbird.lake.forgetting.types import Remains
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.index_making import FRAMES, LOOK, WORDS
from bowerbird.retrieve.snapshot_files import read_manifest

log = logging.getLogger(__name__)

_INDEX, _CARDS = "index", "cards.*"


def forget_derived(lake: Lake, numbers: Sequence[int]) -> dict[str, int]:
    """No derived file of any generation holds these items any more; gives what was done, counted.

    An index is written anew, with its lists trained on what is left: the centre of a list of one item is
    that item. Where the space itself was fitted on one of them, it goes, and so do the indexes of its
    vectors; both are made again at the next start.
    """
    words, spaces, indexes = forget_unsaid_words(lake), 0, 0
    for folder in generation_folders(lake):
        is_dropped = forget_space(folder, numbers)
        spaces += is_dropped
        for snapshot in _snapshots(folder / _INDEX):
            if is_dropped:
                shutil.rmtree(snapshot, ignore_errors=True)
            else:
                rebuild_without(snapshot, numbers)
                indexes += 1
        # Its table of places keeps the names of frames that are gone; it is made again when it is missing.
        shutil.rmtree(folder / _INDEX / FRAMES, ignore_errors=True)
    for path in (lake.path / _INDEX).glob(_CARDS):
        path.unlink(missing_ok=True)
    return {
        "embeddings of words that nobody says": words,
        "fitted spaces, with their indexes": spaces,
        "indexes built anew": indexes,
    }


def maintained(lake: Lake) -> tuple[dict[str, TableDebt], tuple[Remains, ...]]:
    """What was forgotten leaves all files but those of older versions, then tables are tidied.

    Gives the debt left by table, and what remains of what was forgotten. Whoever maintains a lake calls this.
    """
    purge(lake, [forget_derived])
    return lake.maintain(), settled(lake)


def rebuild_without(snapshot: Path, numbers: Sequence[int]) -> None:
    """The snapshot in the folder is one of the other items, in lists that were trained on those alone."""
    try:
        manifest = read_manifest(snapshot)
        config = IndexConfig(merge_in_background=False)
        held, version = FaissIndex.load(
            snapshot, width=manifest.width, stamp_text=manifest.stamp_text, config=config
        )
    except IncompatibleIndexError as error:
        log.info("index not usable, dropped", extra={"reason": str(error)})
        shutil.rmtree(snapshot, ignore_errors=True)
        return
    kept = np.setdiff1d(held.numbers(), np.asarray(numbers, np.int64))
    made = FaissIndex.build(kept, held.vectors(kept), stamp_text=manifest.stamp_text, config=config)
    made.save(snapshot, lake_version=version)


def _snapshots(index: Path) -> Iterator[Path]:
    yield from (index / name for name in (LOOK, WORDS) if (index / name).is_dir())
