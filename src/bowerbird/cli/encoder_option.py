"""This file is about `--encoder`: of a lake that was encoded before, it may only name the one that serves."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bowerbird.encode import EncodeConfig, Encoders
    from bowerbird.lake.lake import Lake

ENCODERS = "lite0, lite0-float32, or kind:folder such as hf:/models/siglip2"


def add_encoder_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--encoder`."""
    parser.add_argument(
        "--encoder",
        help=f"{ENCODERS} (default: the one that serves the lake; another one comes by `encode switch`)",
    )


def encoders_of(args: argparse.Namespace, lake: "Lake", config: "EncodeConfig | None" = None) -> "Encoders":
    """The encoders that serve the lake."""
    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.serving import serving_encoders

    return serving_encoders(lake, config or EncodeConfig(), args.encoder)
