"""This file is about `bowerbird encode`: embeddings for what is in the lake, and the space they meet in."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from bowerbird.cli.encode_switch import add_switch_commands
from bowerbird.cli.encoder_option import add_encoder_option, encoders_of
from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_lake_option, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from bowerbird.encode import EncodeConfig, Encoders
    from bowerbird.encode.job import EncodeReport
    from bowerbird.lake.lake import Lake


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `encode run`, `fit`, `words`, `status`, and the commands over generations."""
    encode = commands.add_parser("encode", help="turn pictures and words into embeddings")
    verbs = encode.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = verbs.add_parser("run", help="encode every picture and text that has no embedding yet")
    fit = verbs.add_parser("fit", help="fit the joint space anew to what the lake holds")
    status = verbs.add_parser("status", help="what is encoded, and by what")
    words = verbs.add_parser("words", help="the embedding of a text")
    words.add_argument("text")
    for verb, action in ((run, run_run), (fit, run_fit), (status, run_status)):
        add_lake_option(verb)
        verb.set_defaults(run=action)
    for verb in (run, fit, status, words):
        add_encoder_option(verb)
        verb.add_argument("--json", action="store_true")
    words.set_defaults(run=run_words)
    add_switch_commands(verbs)


def run_run(args: argparse.Namespace) -> int:
    """Encodes what is missing."""
    from bowerbird.encode.job import encode_missing

    with opened(args) as lake, shown_progress(args.json) as progress:
        report = encode_missing(lake, encoders_of(args, lake), counted(progress))
    sentence = (
        f"encoded {_seen(report)} and {report.words:,} texts in {report.seconds:.1f} s "
        f"({report.pictures_per_second:.0f} pictures/s), {report.skipped:,} skipped"
    )
    print(json.dumps(asdict(report)) if args.json else sentence)
    return 0


def run_fit(args: argparse.Namespace) -> int:
    """Fits the joint space."""
    from bowerbird.encode.job import fit_space

    with opened(args) as lake:
        space = fit_space(lake, encoders_of(args, lake))
    pairs = len(space.parts.pair_features)
    facts = {"space": space.stamp_text, "pairs": pairs, "look": space.look_width, "words": space.words_width}
    sentence = (
        f"fitted {space.stamp_text} on {pairs:,} pairs; "
        "rebuild the index with `bowerbird retrieve build-index`"
    )
    print(json.dumps(facts) if args.json else sentence)
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Counts what is encoded."""
    from bowerbird.encode.job import load_space
    from bowerbird.encode.stored import picture_table, words_table

    with opened(args) as lake:
        encoders = encoders_of(args, lake)
        space = load_space(lake, encoders)
        facts = {
            "pictures": lake.media.count() + lake.frames.count(),  # frames of videos are encoded like them
            "pictures_encoded": picture_table(lake, encoders).count(),
            "texts_encoded": words_table(lake, encoders).count(),
            "space": space.stamp_text if space else None,
        }
    sentence = (
        f"{facts['pictures_encoded']:,} of {facts['pictures']:,} pictures and {facts['texts_encoded']:,} "
        f"distinct texts are encoded; joint space: {facts['space'] or 'not fitted yet'}"
    )
    print(json.dumps(facts) if args.json else sentence)
    return 0


def run_words(args: argparse.Namespace) -> int:
    """Encodes one text."""
    from bowerbird.encode import EncodeConfig, load_encoders
    from bowerbird.encode.colour_words import split_words

    config = EncodeConfig() if args.encoder is None else EncodeConfig(encoder=args.encoder)
    encoder = load_encoders(config).words
    (vector,) = encoder.encode_words([args.text])
    colours = split_words(args.text).colours
    facts = {"stamp": encoder.stamp.text, "colours": colours, "vector": [round(float(x), 5) for x in vector]}
    sentence = f"{encoder.width} numbers of {encoder.stamp.text}; colours: {', '.join(colours) or 'none'}"
    print(json.dumps(facts) if args.json else sentence)
    return 0


def encode_lake(lake: "Lake", encoders: "Encoders", config: "EncodeConfig", *, encoded: int = 0) -> str:
    """Encodes what is missing, fits the space where that is due; gives a sentence.

    `encoded` pictures were encoded on their way in.
    """
    from bowerbird.encode.fitting import fit_if_due
    from bowerbird.encode.job import encode_missing

    with shown_progress(is_hidden=False) as progress:
        report = encode_missing(lake, encoders, counted(progress), config)
    space = fit_if_due(lake, encoders)
    return (
        f"encoded {_seen(report, encoded)} and {report.words:,} texts; "
        f"joint space {space.stamp_text.rsplit('.', 1)[-1]}"
    )


def _seen(report: "EncodeReport", encoded_before: int = 0) -> str:
    frames = f", {report.frames:,} frames of videos" if report.frames else ""
    return f"{encoded_before + report.pictures:,} pictures{frames}"


def counted(progress: "Progress") -> "Callable[[str, int], None]":
    """What keeps a line of progress up to date."""
    task = progress.add_task("encoding")

    def tell(kind: str, done: int) -> None:
        progress.update(task, description=f"{done:,} {kind} encoded")

    return tell
