"""This file is about `bowerbird retrieve search-words` and `search-picture`: what the indexes say."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.encoder_option import add_encoder_option, encoders_of
from bowerbird.cli.lake_leaf import add_leaf, opened, say

if TYPE_CHECKING:
    from bowerbird.lake.catalogue import Catalogue
    from bowerbird.lake.lake import Lake
    from bowerbird.retrieve.answers import Answer
    from bowerbird.retrieve.ready import Ready


def add_search_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `retrieve` command."""
    words = add_leaf(verbs, "search-words", run_search_words, "ask by words")
    words.add_argument("text")
    picture = add_leaf(verbs, "search-picture", run_search_picture, "ask by a picture")
    picture.add_argument("file", type=Path)
    for verb in (words, picture):
        verb.add_argument("--limit", type=int, default=10, help="most hits to show (default: 10)")
        add_encoder_option(verb)


def run_search_words(args: argparse.Namespace) -> int:
    """Asks by words."""
    from bowerbird.retrieve.answers import answer_words

    with opened(args) as lake:
        ready = _ready(lake, args)
        answer = answer_words(ready.indexes, ready.encoders, ready.space, args.text, args.limit)
        return _show(args, answer, ready.catalogue)


def run_search_picture(args: argparse.Namespace) -> int:
    """Asks by a picture in a file."""
    from bowerbird.core.errors import InputError
    from bowerbird.lake.pictures import decode_picture, thumb_pixels
    from bowerbird.retrieve.answers import answer_picture

    if not args.file.is_file():
        raise InputError(f"{args.file} was received; needed is a picture file; check the path")
    pixels = thumb_pixels(decode_picture(args.file.read_bytes()).thumb_jpeg)
    with opened(args) as lake:
        ready = _ready(lake, args)
        answer = answer_picture(ready.indexes, ready.encoders, ready.space, pixels, args.limit)
        return _show(args, answer, ready.catalogue)


def _ready(lake: "Lake", args: argparse.Namespace) -> "Ready":
    from bowerbird.retrieve.ready import ready_indexes

    return ready_indexes(lake, encoders_of(args, lake))


def _show(args: argparse.Namespace, answer: "Answer", catalogue: "Catalogue") -> int:
    found, ending = answer.candidates, answer.ending
    ids = catalogue.ids_of(found.numbers)
    columns = (ids, found.numbers.tolist(), ending.probabilities.tolist(), ending.keep, found.sources)
    hits: list[dict[str, Any]] = [
        {
            "id": id_,
            "title": catalogue.title(number),
            "probability": round(chance, 4),
            "source": found.source_names[source],
            "is_kept": bool(keep),
        }
        for id_, number, chance, keep, source in zip(*columns, strict=True)
    ]
    lines = [f"{ending.verdict}: {ending.count} hits"]
    lines += [
        f"{hit['probability']:.2f} {hit['source']:8} {hit['id']}  {hit['title']}"
        for hit in hits
        if hit["is_kept"]
    ]
    say(args, {"verdict": ending.verdict, "hits": hits}, "\n".join(lines))
    return 0
