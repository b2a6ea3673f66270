"""This file is about the words that name what taste is learned from, and its columns."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.checked import checked

if TYPE_CHECKING:
    from bowerbird.taste.encoder import TasteColumns


def read_columns(
    args: argparse.Namespace, cache: Path, tell: Callable[[str], None]
) -> "tuple[TasteColumns, dict[str, Any]]":
    """Columns, and name and version of their source for the card.

    Args:
        cache: folder for the vectors of the items' words.
    """
    return _of_lake(args.lake, tell) if args.lake else _of_files(args, cache, tell)


def _of_lake(path: Path, tell: Callable[[str], None]) -> "tuple[TasteColumns, dict[str, Any]]":
    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.serving import serving_encoders
    from bowerbird.lake.lake import Lake
    from bowerbird.taste.space.lake_columns import columns_of_lake, encoders_text

    with Lake.open(path) as lake:
        encoders = serving_encoders(lake, EncodeConfig())
        read = columns_of_lake(lake, encoders, tell)
    data = {"name": path.resolve().name, "form": "lake", "version": read.version}
    return read.columns, {**data, "encoders": encoders_text(encoders)}


def _of_files(
    args: argparse.Namespace, cache: Path, tell: Callable[[str], None]
) -> "tuple[TasteColumns, dict[str, Any]]":
    from bowerbird.encode.minilm import MiniLmEncoder
    from bowerbird.learn.data import DataConfig, read
    from bowerbird.learn.data.movielens_tags import read_tags
    from bowerbird.retrieve.counting.content import words_vectors
    from bowerbird.taste.space.columns import asked_of, columns_of

    reading = read(args.data, checked(DataConfig, liked_from=args.liked_from))
    tell(f"{len(reading.interactions):,} interactions read")
    encoder = MiniLmEncoder()
    interactions = reading.interactions
    vectors = words_vectors(interactions.catalogue, encoder, cache, tell)
    if vectors is not None:
        interactions = replace(interactions, catalogue=interactions.catalogue.with_vectors(vectors))
    tags = read_tags(args.data if args.data.is_dir() else args.data.parent)
    asked = asked_of(tags, interactions, encoder.encode_words, encoder.width) if tags else None
    return columns_of(interactions, asked), {"name": reading.name, "form": reading.form, "version": ""}
