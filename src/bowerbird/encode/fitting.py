"""This file is about the joint space of a lake: fitted on a sample, kept in its `models` folder."""

import logging
from pathlib import Path

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.background import load_background
from bowerbird.encode.calibrate import calibrated
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.forgetting import save_fitted_on
from bowerbird.encode.generations import serving_folder
from bowerbird.encode.registry import Encoders
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.space_fit import Sample, fit_parts
from bowerbird.encode.space_parts import load_parts, save_parts
from bowerbird.encode.stored import RawItems, raw_items
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.lake import Lake

log = logging.getLogger(__name__)

MOST_ITEMS = 6_000
"""Items of the sample that the space is fitted on."""
OUTGROWN = 2
"""A lake whose sample is so many times the one the space was fitted on gets a new space."""


def encoders_stamp(encoders: Encoders) -> str:
    """Both encoders as one word."""
    return f"{encoders.pictures.stamp.text}+{encoders.words.stamp.text}"


def space_path(lake: Lake, folder: Path | None = None) -> Path:
    """Where a generation keeps its fitted space: the one in `folder`, or the one that serves."""
    return (folder or serving_folder(lake.path)) / "models" / "joint_space.npz"


def fit_space(lake: Lake, encoders: Encoders, folder: Path | None = None) -> BridgeSpace:
    """A space fitted on the embeddings that the lake holds now, saved in place of the one before.

    It belongs to the generation in `folder`, or to the one that serves.

    With the same items it is the same to the last bit on the same machine; with other items its stamp changes
    and every index has to be built anew.
    """
    models_dir = encoders.models_dir or EncodeConfig().models_folder
    save_fitted_on(space_path(lake, folder), sample_numbers(lake))
    sample = sample_items(lake, encoders)
    background = load_background(encoders.words, models_dir)
    stamp = encoders_stamp(encoders)
    classifier = getattr(encoders.pictures, "classifier", None)
    parts = fit_parts(sample, background, classifier, share_space=encoders.share_space)
    parts = calibrated(parts, sample, background, encoders.words)
    save_parts(space_path(lake, folder), parts, stamp)
    log.info("joint space fitted", extra={"items": len(sample.texts), "version": parts.version})
    return BridgeSpace(parts, stamp)


def load_space(lake: Lake, encoders: Encoders, folder: Path | None = None) -> BridgeSpace | None:
    """The space fitted last for the generation in `folder` or the one that serves; None without a whole one.

    Raises:
        IncompatibleEmbeddingError: it was fitted on vectors of other encoders.
    """
    path = space_path(lake, folder)
    if not path.is_file():
        return None
    stamp = encoders_stamp(encoders)
    parts = load_parts(path, stamp)
    return None if parts is None else BridgeSpace(parts, stamp)


def fit_if_due(lake: Lake, encoders: Encoders, folder: Path | None = None) -> BridgeSpace:
    """The space of a generation, fitted now if there is none for these encoders or the lake has outgrown it.

    A space fitted on a handful of items knows little; one fitted on half of them or more is kept, since a new
    one means a new index.
    """
    try:
        space = load_space(lake, encoders, folder)
    except IncompatibleEmbeddingError:
        space = None  # of the encoders before; derived, so it is fitted again
    if space is None or _sample_step(lake)[1] >= OUTGROWN * max(int(space.parts.fitted_on[0]), 1):
        return fit_space(lake, encoders, folder)
    return space


def sample_numbers(lake: Lake) -> np.ndarray:
    """[n] int64 numbers of the items that a space fitted now would be fitted on."""
    step, _ = _sample_step(lake)
    numbers = lake.items.read(["number"])["number"].to_numpy()
    return np.sort(numbers[numbers % step == 0]).astype(np.int64)


def sample_items(lake: Lake, encoders: Encoders) -> Sample:
    """At most `MOST_ITEMS` items, spread evenly over the lake, in order of their numbers."""
    step, _ = _sample_step(lake)
    kept = [_every(raw, step) for raw in raw_items(lake, encoders)]
    if not kept:
        widths = (encoders.pictures.width, encoders.words.width, len(NAMED_COLOURS))
        empty = [np.zeros((0, width), dtype=np.float32) for width in widths]
        return Sample(empty[0], empty[1], empty[2], ())
    order = np.argsort(np.concatenate([raw.numbers for raw in kept]), kind="stable")
    texts = [text for raw in kept for text in raw.texts]
    return Sample(
        pictures=np.concatenate([raw.pictures for raw in kept])[order],
        words=np.concatenate([raw.words for raw in kept])[order],
        colours=np.concatenate([raw.colours for raw in kept])[order],
        texts=[texts[row] for row in order],
    )


def _sample_step(lake: Lake) -> tuple[int, int]:
    """Every how many items one is taken, and how many that makes."""
    count = lake.items.count()
    step = max(1, -(-count // MOST_ITEMS))
    return step, -(-count // step)


def _every(raw: RawItems, step: int) -> RawItems:
    """Only the rows whose item number is a multiple of `step`."""
    rows = np.flatnonzero(raw.numbers % step == 0)
    return RawItems(
        raw.numbers[rows],
        raw.pictures[rows],
        raw.words[rows],
        raw.colours[rows],
        tuple(raw.texts[row] for row in rows),
    )
