"""This file is about fitted retrievers that stay beside their run, and are taken from there later."""

import json
import shutil
from pathlib import Path

from bowerbird.encode.session import write_whole
from bowerbird.learn.types import FittedRetriever
from bowerbird.retrieve.learned import load_fitted

_FOLDER, _MARK = "model", "whole.json"


def keep_fitted(fitted: FittedRetriever, run: Path, seconds: float) -> None:
    """Saves it in the folder of its run; the mark last, so that what has a mark is whole.

    Args:
        run: a folder whose name holds everything that decides the model.
        seconds: how long fitting took.
    """
    folder = run / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fitted.save(folder)
    write_whole(folder / _MARK, json.dumps({"fit_seconds": seconds}).encode())


def kept_fitted(name: str, run: Path) -> tuple[FittedRetriever, float] | None:
    """What `keep_fitted` left there and how long it took to fit, or none."""
    mark = run / _FOLDER / _MARK
    if not mark.exists():
        return None
    return load_fitted(name, run / _FOLDER), float(json.loads(mark.read_text())["fit_seconds"])
