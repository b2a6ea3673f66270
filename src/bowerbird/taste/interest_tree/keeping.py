"""This file is about keeping the tree of interests: its shape in one file, its names in another.

Names hold words of items, so that forgetting an item deletes that file. The tree is then made anew; the shape
is enough for its interests to keep their ids.
"""

import io
import json
import logging
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from bowerbird.lake.lake import INTEREST_NAMES
from bowerbird.taste.interest_tree.naming import unnamed
from bowerbird.taste.interest_tree.types import InterestTree

log = logging.getLogger(__name__)

FILE = Path("index") / "interests.zip"
LAYOUT = 1
_FACTS, _COLUMNS = "facts", ("parents", "leaf_of", "centres")


def save_tree(tree: InterestTree, lake_path: Path) -> None:
    """The tree lies in the lake; after a kill the one before does, or its shape alone."""
    path, names = lake_path / FILE, lake_path / INTEREST_NAMES
    path.parent.mkdir(parents=True, exist_ok=True)
    names.unlink(missing_ok=True)  # never those of one tree beside the shape of another
    facts = {"layout": LAYOUT, "ids": tree.ids, "sharpness": tree.sharpness}
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        file.writestr(_FACTS, json.dumps(facts))
        for name in _COLUMNS:
            buffer = io.BytesIO()
            np.save(buffer, getattr(tree, name), allow_pickle=False)
            file.writestr(name, buffer.getvalue())
    part.replace(path)
    part = names.with_suffix(".part")
    part.write_text(json.dumps(tree.names, ensure_ascii=False))
    part.replace(names)


def load_tree(lake_path: Path) -> InterestTree | None:
    """The tree that was kept; None where it has to be made: anew, or for its names."""
    shape = load_shape(lake_path)
    if shape is None:
        return None
    try:
        names = tuple(map(str, json.loads((lake_path / INTEREST_NAMES).read_text())))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("names of interests are damaged and found anew", extra={"why": str(error)})
        return None
    return replace(shape, names=names) if len(names) == len(shape) else None


def load_shape(lake_path: Path) -> InterestTree | None:
    """The same without names; None where none was kept, or it cannot be read (which is told in the log)."""
    try:
        with zipfile.ZipFile(lake_path / FILE) as file:
            facts = json.loads(file.read(_FACTS))
            if facts["layout"] != LAYOUT:
                return None
            columns = {name: np.load(io.BytesIO(file.read(name)), allow_pickle=False) for name in _COLUMNS}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("the tree of interests is damaged and made anew", extra={"why": str(error)})
        return None
    ids = tuple(facts["ids"])
    return InterestTree(ids, tuple(map(unnamed, range(len(ids)))), sharpness=facts["sharpness"], **columns)
