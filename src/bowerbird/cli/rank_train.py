"""This file is about `bowerbird rank train`: a ranker from pages that people saw, and which one serves."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress

if TYPE_CHECKING:
    from bowerbird.learn.registry import ModelRegistry
    from bowerbird.rank.prerank import PrerankConfig
    from bowerbird.rank.ranker import RankerConfig


def add_train_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `rank train`, `rank models`, `rank activate` and `rank retire`."""
    text = "train a ranker and its pre-ranker on impressions and what followed; judge them on the newest"
    train = verbs.add_parser("train", help=text, description=text)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--epochs", type=int, help="at most so many (default: its own)")
    train.add_argument("--activate", action="store_true", help="let it serve from now on")
    train.set_defaults(run=run_train)
    models = verbs.add_parser("models", help="the rankers that are kept, how good they are, and which serves")
    models.set_defaults(run=run_models)
    text = "let this ranker serve from now on: the feed of a running server asks it within seconds"
    activate = verbs.add_parser("activate", help=text, description=text)
    activate.add_argument("id", metavar="ID", help="as `rank models` prints it")
    activate.set_defaults(run=run_activate)
    text = "let the plain ranker serve again; the trained ones are kept"
    verbs.add_parser("retire", help=text, description=text).set_defaults(run=run_retire)
    for verb in (train, models, activate, verbs.choices["retire"]):
        verb.add_argument("--lake", type=Path, required=True, help="folder of a lake")
        verb.add_argument("--json", action="store_true", help="print one JSON object")


def run_train(args: argparse.Namespace) -> int:
    """Trains and keeps; the same words after a kill go on where it struck."""
    from bowerbird.cli.rank_data import ranker_data
    from bowerbird.cli.retrievers import needs_torch
    from bowerbird.lake.lake import Lake
    from bowerbird.rank.ranker.keeping import keep

    needs_torch("a ranker")
    from bowerbird.rank.prerank.train import train_prerank
    from bowerbird.rank.ranker.train import train_ranker

    config, registry = ranker_config(args.epochs), _registry(args)
    with shown_progress(args.json) as progress, Lake.open(args.lake) as lake:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        read = ranker_data(lake, tell)
        data = {"name": args.lake.resolve().name, "form": "lake", "version": read.version}
        work = _folder(args) / ".training" / f"{config.training.epochs}-{args.seed}-{read.version}"
        work.mkdir(parents=True, exist_ok=True)
        trained = train_ranker(
            read.acts, read.raw, read.items, config, space=read.space, seed=args.seed, folder=work, tell=tell
        )
        light = train_prerank(
            trained.ranker, read.acts, read.raw, read.items, prerank_config(args.epochs),
            seed=args.seed, folder=work / "prerank", weighed_since=read.weighed_since, tell=tell,
        )  # fmt: skip
        card = keep(
            trained.ranker, trained.report, registry, config=config, seed=args.seed, data=data,
            beside=light.prerank, facts={"prerank": light.report}, weights=trained.weights,
        )  # fmt: skip
    if args.activate:
        registry.activate(card.name, card.id)
    print(
        card.model_dump_json() if args.json else f"kept ranker {card.id}\n{_told(card.metrics, card.facts)}"
    )
    return 0


def ranker_config(epochs: int | None) -> "RankerConfig":
    """The settings, with at most so many epochs."""
    from bowerbird.rank.ranker import RankerConfig

    config = RankerConfig()
    if epochs is None:
        return config
    training = config.training.model_copy(update={"epochs": max(epochs, 1)})
    return config.model_copy(update={"training": training})


def prerank_config(epochs: int | None) -> "PrerankConfig":
    """The settings of the pre-ranker that is trained with it, with at most so many epochs."""
    from bowerbird.rank.prerank import PrerankConfig

    config = PrerankConfig()
    if epochs is None:
        return config
    training = config.training.model_copy(update={"epochs": max(epochs, 1)})
    return config.model_copy(update={"training": training})


def run_models(args: argparse.Namespace) -> int:
    """Lists what is kept."""
    from bowerbird.rank.ranker.keeping import MODEL

    registry = _registry(args)
    active = registry.active(MODEL)
    rows = [
        {"id": card.id, "serves": active is not None and active[0].id == card.id, "made_ms": card.made_ms,
         "metrics": card.metrics, "data": card.data}
        for card in registry.cards(MODEL)
    ]  # fmt: skip
    lines = [
        f"{row['id']}{'  serves' if row['serves'] else ''}\n{_told(card.metrics, card.facts)}"
        for row, card in zip(rows, registry.cards(MODEL), strict=True)
    ]
    print(json.dumps({"rankers": rows}) if args.json else "\n".join(lines) or "no ranker was trained yet")
    return 0


def run_activate(args: argparse.Namespace) -> int:
    """Chooses the one that serves."""
    from bowerbird.rank.ranker.keeping import MODEL

    _registry(args).activate(MODEL, args.id)
    print(json.dumps({"serving": args.id}) if args.json else f"ranker {args.id} serves")
    return 0


def run_retire(args: argparse.Namespace) -> int:
    """The plain ranker serves again."""
    from bowerbird.rank.ranker.keeping import MODEL

    _registry(args).deactivate(MODEL)
    print(json.dumps({"serving": None}) if args.json else "the plain ranker serves now")
    return 0


def _told(metrics: dict[str, Any], facts: dict[str, Any]) -> str:
    lines = [f"  {'action':12} {'auc in page':24} {'said / was':>10} {'ece':>7} {'events':>8}"]
    for name, auc in metrics.items():
        head = name.removesuffix(" auc")
        true = facts["calibration"][head]["all"]
        order = (
            f"{auc['mean']:.3f} [{auc['low']:.3f}, {auc['high']:.3f}]"
            if auc["pages"]
            else "none on these pages"
        )
        ratio = "" if true["ratio"] is None else f"{true['ratio']:.2f}"
        lines.append(f"  {head:12} {order:24} {ratio:>10} {true['ece']:7.4f} {true['events']:8,}")
    if light := facts.get("prerank"):
        found = light["recall"]["ours"]["mean"]
        lines.append(
            f"  before it: {found:.1%} of its first {light['first']} are among the {light['kept']:,} kept of "
            f"{light['candidates']:,}"
        )
    return "\n".join(lines)


def _folder(args: argparse.Namespace) -> Path:
    from bowerbird.rank.ranker.keeping import rankers_folder

    return rankers_folder(args.lake)


def _registry(args: argparse.Namespace) -> "ModelRegistry":
    from bowerbird.learn.registry import ModelRegistry

    return ModelRegistry(_folder(args))
