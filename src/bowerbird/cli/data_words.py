"""This file is about the words that name interactions on the command line, and how they are split."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.checked import checked

if TYPE_CHECKING:
    from bowerbird.learn.data import DataConfig, Interactions, Reading
    from bowerbird.learn.splits import Split


def add_data_words(parser: argparse.ArgumentParser) -> None:
    """Adds `--data` or `--lake`, and everything about reading and splitting."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--data", type=Path, help="sequences.txt, RecBole's .inter, MovieLens' ratings: a folder or file"
    )
    source.add_argument("--lake", type=Path, help="folder of a lake")
    parser.add_argument("--as-of", help="version, time or tag of the lake (default: now)")
    parser.add_argument(
        "--split",
        choices=["loo", "time"],
        default="loo",
        help="hold out each person's last interaction, or everything after a moment (default: loo)",
    )
    parser.add_argument(
        "--time-ties",
        choices=["file", "shuffled"],
        default="file",
        help="interactions of one person and moment: the source's order, or a drawn one (default: file)",
    )
    parser.add_argument(
        "--content",
        choices=["words", "none"],
        default="words",
        help="vectors for `content` and for diversity: of the items' words (default), or none",
    )
    parser.add_argument("--least-rating", type=float, help="leave out ratings below this")
    parser.add_argument(
        "--liked-from", type=float, help="ratings from here up count as saves, lower ones as close-ups"
    )
    parser.add_argument(
        "--repeats",
        choices=["keep", "first", "last"],
        default="keep",
        help="the same item again (default: keep)",
    )


def read_and_split(
    args: argparse.Namespace, tell: Callable[[str], None], *, cache: Path
) -> "tuple[Reading, Split, DataConfig]":
    """What the words name, read and divided, with the settings it was read with.

    Args:
        cache: folder for the vectors of the items' words.
    """
    from bowerbird.learn.data import DataConfig, read
    from bowerbird.learn.splits import SplitConfig, split

    words = ("time_ties", "least_rating", "liked_from", "repeats")
    config = checked(DataConfig, **{word: getattr(args, word) for word in words})
    reading = read(args.data or args.lake, config, as_of=args.as_of)
    tell(f"{len(reading.interactions):,} interactions read")
    interactions = reading.interactions
    if args.content == "words":
        interactions = _with_vectors(interactions, cache, tell)
    return reading, split(interactions, SplitConfig(kind=args.split)), config


def _with_vectors(interactions: "Interactions", cache: Path, tell: Callable[[str], None]) -> "Interactions":
    from bowerbird.encode.minilm import MiniLmEncoder
    from bowerbird.retrieve.counting.content import words_vectors

    vectors = words_vectors(interactions.catalogue, MiniLmEncoder(), cache, tell)
    if vectors is None:
        return interactions
    return replace(interactions, catalogue=interactions.catalogue.with_vectors(vectors))
