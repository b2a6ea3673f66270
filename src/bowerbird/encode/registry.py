"""This file is about choosing encoders: one setting, a word or `kind:folder`, becomes two encoders."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, TypeAlias

from bowerbird.core.errors import ConfigError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.lite0 import Lite0Encoder
from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.encode.types import PictureEncoder, WordsEncoder

ENTRY_POINTS = "bowerbird.encoders"
"""Packages announce further kinds here: a callable from a folder and the models folder to `Encoders`."""
BUILT_IN: dict[str, Literal["int8", "float32"]] = {"lite0": "int8", "lite0-float32": "float32"}
"""Encoders that need no further package; int8 is several times as fast and about as good."""


@dataclass(frozen=True, slots=True)
class Encoders:
    """The pair that a catalogue is encoded with.

    Attributes:
        share_space: true where raw pictures and words can be compared as they are (CLIP, SigLIP);
            false where a catalogue's joint space has to be learnt.
        models_dir: where derived models are kept; None: as the settings say.
    """

    pictures: PictureEncoder
    words: WordsEncoder
    share_space: bool = False
    models_dir: Path | None = None


EncoderLoader: TypeAlias = Callable[[Path, Path], Encoders]


def load_encoders(config: EncodeConfig, models_dir: Path | None = None) -> Encoders:
    """The encoders that `config.encoder` names.

    Args:
        config: one of `BUILT_IN`, or `kind:folder` for a kind that a package announces (`hf` is ours).
        models_dir: where converted models are kept; by default as the config says.

    Raises:
        ConfigError: no such kind.
        MissingModelError: a model file or package is not there or not the pinned one.
    """
    folder = models_dir or config.models_folder
    if precision := BUILT_IN.get(config.encoder):
        return Encoders(Lite0Encoder(folder, precision=precision), MiniLmEncoder(), models_dir=folder)
    kind, _, checkpoint = config.encoder.partition(":")
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind not in found:
        raise ConfigError(
            f"encoder {config.encoder!r} was received; needed is {' or '.join(BUILT_IN)}, or one of the "
            f"kinds {sorted(found)} followed by a colon and a folder; correct `encoder` in bowerbird.toml"
        )
    loader: EncoderLoader = found[kind].load()
    return loader(Path(checkpoint), folder)
