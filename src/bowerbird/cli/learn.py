"""This file is about `bowerbird learn`: train a model and keep it, list the kept, choose which one serves."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.data_words import add_data_words, read_and_split
from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.learn_off_policy import add_off_policy
from bowerbird.cli.learn_table import add_table_command
from bowerbird.cli.retrievers import MODELS, retrievers_of

if TYPE_CHECKING:
    from bowerbird.learn.registry import ModelRegistry


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `learn train`, `models`, `activate`, `retire`, `table` and `off-policy`."""
    learn = commands.add_parser("learn", help="train models from what people did")
    verbs = learn.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "train one model, judge it on the test part, keep it with its card"
    train = verbs.add_parser("train", help=text, description=text)
    add_data_words(train)
    train.add_argument("--model", required=True, choices=MODELS)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--precision",
        choices=["fp32", "int8"],
        default="fp32",
        help="bits of the products when it answers; the card says how int8 differs (default: fp32)",
    )
    train.add_argument("--activate", action="store_true", help="let it serve from now on")
    add_off_policy(verbs)
    models = verbs.add_parser("models", help="the models that are kept, and which are in use")
    text = "let this model serve from now on: the feed of a running server asks it within seconds"
    activate = verbs.add_parser("activate", help=text, description=text)
    activate.add_argument("--model", required=True, choices=MODELS)
    activate.add_argument("id")
    retire = verbs.add_parser("retire", help="let no model serve from now on; all are kept")
    for verb, run in (
        (train, run_train),
        (models, run_models),
        (activate, run_activate),
        (retire, run_retire),
    ):
        verb.add_argument(
            "--out", type=Path, help="folder of models (default: models/retrievers in the lake, or ./models)"
        )
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        verb.set_defaults(run=run)
    for verb in (models, activate, retire):
        verb.add_argument("--lake", type=Path, help="folder of a lake")
    add_table_command(verbs)


def run_train(args: argparse.Namespace) -> int:
    """Trains; the same words after a kill go on where it struck."""
    from bowerbird.retrieve.semantic.health import told_in_words
    from bowerbird.surfaces.measure.precision import told_in_words as eight_bits_told
    from bowerbird.surfaces.measure.single import train_one

    (retriever,) = retrievers_of(args.model)
    registry = _registry(args)
    with shown_progress(args.json) as progress:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        reading, split, _ = read_and_split(args, tell, cache=_folder(args))
        card = train_one(
            retriever, reading, split, args.seed, registry, _folder(args), tell, precision=args.precision
        )
    if args.activate:
        registry.activate(card.name, card.id)
    told = {
        name: round(card.metrics[name]["mean"], 4)
        for name in ("recall@10", "ndcg@10")
        if name in card.metrics
    }
    sentence = f"kept {card.name} {card.id}: " + ", ".join(f"{name} {value}" for name, value in told.items())
    if "ids" in card.facts:
        sentence += f"\n{told_in_words(card.facts['ids'])}"
    if "int8" in card.facts:
        sentence += f"\n{eight_bits_told(card.facts['int8'])}"
    print(card.model_dump_json() if args.json else sentence)
    return 0


def run_models(args: argparse.Namespace) -> int:
    """Lists what is kept."""
    registry = _registry(args)
    rows = []
    serving = registry.serving()
    for name in registry.names():
        in_use = registry.active(name)
        rows += [
            {"name": name, "id": card.id, "in_use": in_use is not None and in_use[0].id == card.id,
             "serves": serving is not None and serving[0].id == card.id,
             "recall@10": card.metrics.get("recall@10", {}).get("mean"), "data": card.data}
            for card in registry.cards(name)
        ]  # fmt: skip
    lines = [f"{row['name']:14} {row['id']}{_state(row)}" for row in rows]
    print(json.dumps({"models": rows}) if args.json else "\n".join(lines) or "no models yet")
    return 0


def run_activate(args: argparse.Namespace) -> int:
    """Chooses the one that answers."""
    _registry(args).activate(args.model, args.id)
    print(json.dumps({"name": args.model, "id": args.id}) if args.json else f"{args.model} {args.id} serves")
    return 0


def run_retire(args: argparse.Namespace) -> int:
    """The feed asks no model any more."""
    _registry(args).retire()
    print(json.dumps({"serving": None}) if args.json else "no model serves now")
    return 0


def _state(row: dict[str, Any]) -> str:
    return "  serves" if row["serves"] else "  in use" if row["in_use"] else ""


def _folder(args: argparse.Namespace) -> Path:
    chosen: Path | None = args.out or (args.lake / "models" / "retrievers" if args.lake else None)
    return chosen or Path("models")


def _registry(args: argparse.Namespace) -> "ModelRegistry":
    from bowerbird.learn.registry import ModelRegistry

    return ModelRegistry(_folder(args))
