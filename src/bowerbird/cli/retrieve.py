"""This file is about `bowerbird retrieve`: build the indexes, look at them, ask them."""

import argparse
import dataclasses
import time
from typing import TYPE_CHECKING, Any

from bowerbird.cli.encoder_option import add_encoder_option, encoders_of
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.cli.retrieve_search import add_search_commands

if TYPE_CHECKING:
    from bowerbird.encode import Encoders
    from bowerbird.lake.lake import Lake


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `retrieve build-index`, `status`, `search-words` and `search-picture`."""
    retrieve = commands.add_parser("retrieve", help="build the indexes, look at them, ask them")
    verbs = retrieve.add_subparsers(title="commands", metavar="COMMAND", required=True)
    build = add_leaf(verbs, "build-index", run_build_index, "build the vector indexes anew")
    add_leaf(verbs, "status", run_status, "what the saved indexes hold, and how far they are behind")
    add_encoder_option(build)
    add_search_commands(verbs)


def run_build_index(args: argparse.Namespace) -> int:
    """Builds look and words index from everything in the lake."""
    from bowerbird.retrieve.ready import ready_indexes

    started_s = time.perf_counter()
    with opened(args) as lake:
        report = ready_indexes(lake, encoders_of(args, lake), is_new=True).indexes.report()
    facts = {name: dataclasses.asdict(each) for name, each in report.items()}
    seconds = time.perf_counter() - started_s
    held = max(each.items for each in report.values())
    say(args, {**facts, "seconds": round(seconds, 2)}, f"indexed {held:,} items in {seconds:.1f} s")
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Says what is saved; loads no model."""
    from bowerbird.core.errors import IncompatibleIndexError
    from bowerbird.encode.generations import serving_folder
    from bowerbird.retrieve.snapshot_files import read_manifest

    facts: dict[str, Any] = {}
    lines = []
    with opened(args) as lake:
        for name in ("look", "words"):
            try:
                saved = read_manifest(serving_folder(lake.path) / "index" / name)
            except IncompatibleIndexError as error:
                facts[name] = None
                lines.append(f"{name}: {error}")
                continue
            behind = lake.items.version - saved.lake_version
            facts[name] = {**saved.model_dump(exclude={"sha256", "lists"}), "versions_behind": behind}
            lines.append(f"{name}: {saved.items:,} items, {saved.width} wide, {behind} versions behind")
        facts["items"] = lake.items.count()
    say(args, facts, "\n".join([*lines, f"lake: {facts['items']:,} items"]))
    return 0


def index_lake(lake: "Lake", encoders: "Encoders") -> str:
    """Brings the saved indexes up to date with the lake; gives a sentence."""
    from bowerbird.retrieve.ready import ready_indexes

    started_s = time.perf_counter()
    indexes = ready_indexes(lake, encoders).indexes
    indexes.close()
    lake.items.maintain()  # misspelt words are mended from the index of words
    return f"indexed {len(indexes.words):,} items in {time.perf_counter() - started_s:.1f} s"
