"""This file is about `bowerbird taste train` and `ablate`: vectors of items, queries, boards and people."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.taste_columns import read_columns

if TYPE_CHECKING:
    from bowerbird.taste.encoder import TasteColumns
    from bowerbird.taste.space import SpaceConfig, TasteSpace
    from bowerbird.taste.space.held_out import HeldOut


def add_train_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `taste train` and `taste ablate`."""
    text = "train the space of items, queries, boards and people, and keep it with its card"
    train = verbs.add_parser("train", help=text, description=text)
    text = "train it by content alone, by the graph alone and by both, and compare on what came later"
    ablate = verbs.add_parser("ablate", help=text, description=text)
    for verb, run in ((train, run_train), (ablate, run_ablate)):
        source = verb.add_mutually_exclusive_group(required=True)
        source.add_argument("--lake", type=Path, help="folder of a lake")
        source.add_argument("--data", type=Path, help="MovieLens' ratings or RecBole's .inter, with times")
        verb.add_argument("--liked-from", type=float, default=4.0, help="of ratings (default: 4)")
        verb.add_argument("--out", type=Path, help="folder (default: models/taste in the lake, or ./taste)")
        verb.add_argument("--seed", type=int, default=0)
        verb.add_argument("--epochs", type=int, help="at most so many of each model (default: its own)")
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        verb.set_defaults(run=run)


def add_space_command(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `taste space`."""
    text = "say which trained space a lake has in use, or choose: servers go over to it within seconds"
    space = verbs.add_parser("space", help=text, description=text)
    space.add_argument("--lake", type=Path, required=True, help="folder of a lake")
    choice = space.add_mutually_exclusive_group()
    choice.add_argument("--use", metavar="ID", help="of a space that was trained here")
    choice.add_argument("--off", action="store_true", help="use none; all stay")
    space.add_argument("--json", action="store_true", help="print one JSON object")
    space.set_defaults(run=run_space)


def run_space(args: argparse.Namespace) -> int:
    """Says, or chooses and says."""
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.taste.space.keeping import MODEL, taste_folder

    registry = ModelRegistry(taste_folder(args.lake))
    if args.use:
        registry.activate(MODEL, args.use)
    if args.off:
        registry.deactivate(MODEL)
    active = registry.active(MODEL)
    in_use = "" if active is None else active[0].id
    cards = [
        {"id": card.id, "in_use": card.id == in_use, "made_ms": card.made_ms, "data": card.data}
        for card in registry.cards(MODEL)
    ]
    lines = [f"{MODEL} {card['id']}{'  in use' if card['in_use'] else ''}" for card in cards]
    print(json.dumps({"spaces": cards}) if args.json else "\n".join(lines) or "no space was trained yet")
    return 0


def run_train(args: argparse.Namespace) -> int:
    """Trains and keeps; the same words after a kill go on where it struck."""
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.taste.space.keeping import Learned, keep

    with shown_progress(args.json) as progress:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        columns, data = read_columns(args, _folder(args), tell)
        config, held = _config_and_held_out(args, columns)
        space = _fitted(args, held, config, "taste", tell)
        tell("judging")
        card = keep(Learned(space, held, config, args.seed, data), ModelRegistry(_folder(args)))
    found = {name.split()[0]: each for name, each in card.metrics.items() if name.endswith("all recall@10")
             and not name.startswith("content")}  # fmt: skip
    told = ", ".join(f"{task} {each['mean']:.4f}" for task, each in found.items()) or "nothing held out"
    sentence = f"kept taste {card.id}, version {space.version}; recall@10 of what came later: {told}"
    print(card.model_dump_json() if args.json else sentence)
    return 0


def run_ablate(args: argparse.Namespace) -> int:
    """Compares; finished parts are trained again only up to where a kill struck."""
    from bowerbird.taste.space.ablation import ablated, table_of

    with shown_progress(args.json) as progress:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        columns, _ = read_columns(args, _folder(args), tell)
        config, held = _config_and_held_out(args, columns)
        rows = ablated(held, config, lambda name, own: _fitted(args, held, own, name, tell))
    report = [dataclasses.asdict(row) for row in rows]
    _folder(args).mkdir(parents=True, exist_ok=True)
    (_folder(args) / "ablation.json").write_text(json.dumps(report, indent=1))
    print(json.dumps({"rows": report}) if args.json else table_of(rows))
    return 0


def _config_and_held_out(args: argparse.Namespace, columns: "TasteColumns") -> "tuple[SpaceConfig, HeldOut]":
    from bowerbird.taste.space.config import SpaceConfig
    from bowerbird.taste.space.held_out import held_out

    config = SpaceConfig() if args.epochs is None else SpaceConfig().with_epochs(args.epochs)
    return config, held_out(columns, config, args.seed)


def _fitted(
    args: argparse.Namespace, held: "HeldOut", config: "SpaceConfig", name: str, tell: Callable[[str], None]
) -> "TasteSpace":
    from bowerbird.taste.space.train import checkpoints_of, train_space

    work = _folder(args) / ".training" / f"{name}-{checkpoints_of(held.known, config, args.seed)}"
    return train_space(held.known, config, seed=args.seed, folder=work, tell=tell)


def _folder(args: argparse.Namespace) -> Path:
    from bowerbird.taste.space.keeping import taste_folder

    chosen: Path | None = args.out or (taste_folder(args.lake) if args.lake else None)
    return chosen or Path("taste")
