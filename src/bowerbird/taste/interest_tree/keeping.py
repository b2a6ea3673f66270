"""This file is about keeping the tree of interests: in one file beside the indexes, put in place whole."""

import io
import json
import logging
import zipfile
from pathlib import Path

import numpy as np

from bowerbird.taste.interest_tree.types import InterestTree

log = logging.getLogger(__name__)

FILE = Path("index") / "interests.zip"
LAYOUT = 1
_FACTS, _COLUMNS = "facts", ("parents", "leaf_of", "centres")


def save_tree(tree: InterestTree, lake_path: Path) -> None:
    """The tree lies in the lake, or the one before still does."""
    path = lake_path / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    facts = {"layout": LAYOUT, "ids": tree.ids, "names": tree.names, "sharpness": tree.sharpness}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        file.writestr(_FACTS, json.dumps(facts, ensure_ascii=False))
        for name in _COLUMNS:
            buffer = io.BytesIO()
            np.save(buffer, getattr(tree, name), allow_pickle=False)
            file.writestr(name, buffer.getvalue())
    part.replace(path)


def load_tree(lake_path: Path) -> InterestTree | None:
    """The tree that was kept; None where none was, or where it cannot be read (which is told in the log)."""
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
    return InterestTree(tuple(facts["ids"]), tuple(facts["names"]), sharpness=facts["sharpness"], **columns)
