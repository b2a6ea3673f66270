"""This file is about the encoders that a lake is served with: the lake says which, not the settings."""

from bowerbird.core.errors import ConfigError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.fitting import load_space
from bowerbird.encode.generations import note_first, read_generations
from bowerbird.encode.registry import Encoders, load_encoders
from bowerbird.encode.stored import table_names
from bowerbird.lake.lake import Lake


def serving_encoders(lake: Lake, config: EncodeConfig, asked: str | None = None) -> Encoders:
    """The encoders that serve the lake, opened.

    A lake that was never encoded is served with `asked`, or as `config` says, from then on.

    Raises:
        ConfigError: `asked` is another encoder than the one that serves, or there is no such kind.
        IncompatibleEmbeddingError: an older lake, in which none is noted, was fitted with another encoder.
        MissingModelError: a model is not there.
    """
    kept = read_generations(lake.path)
    encoder = kept.active.encoder if kept else asked or config.encoder
    if asked and asked != encoder:
        raise ConfigError(
            f"encoder {asked} was asked for, and the lake is served with {encoder}; "
            f"leave --encoder out, or run `bowerbird encode switch {asked}`"
        )
    encoders = load_encoders(config.model_copy(update={"encoder": encoder}))
    if kept is None:
        load_space(lake, encoders)
        note_first(lake.path, encoder, table_names(encoders), lake.clock.now_ms())
    return encoders
