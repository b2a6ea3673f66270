"""This file is about `bowerbird rank train`: a ranker from pages that people saw, and which one serves."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.import_told import shown_progress

if TYPE_CHECKING:
    from bowerbird.learn.registry import ModelRegistry


def add_train_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `rank train`, `rank models`, `rank activate` and `rank retire`."""
    text = "train a ranker on impressions and what followed, judge it on the newest, keep it with its card"
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
    import numpy as np

    from bowerbird.cli.retrievers import needs_torch
    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.serving import serving_encoders
    from bowerbird.lake.lake import Lake
    from bowerbird.rank.ranker import ItemSide, RankerConfig
    from bowerbird.rank.ranker.keeping import keep
    from bowerbird.rank.ranker.requests import acts_of_lake
    from bowerbird.retrieve.ready import ready_indexes
    from bowerbird.surfaces.feed import FeedConfig
    from bowerbird.surfaces.feed.ground import Ground
    from bowerbird.surfaces.feed.types import stamp_of

    needs_torch("a ranker")
    from bowerbird.rank.ranker.train import train_ranker

    config = RankerConfig()
    if args.epochs is not None:
        training = config.training.model_copy(update={"epochs": max(args.epochs, 1)})
        config = config.model_copy(update={"training": training})
    registry = _registry(args)
    with shown_progress(args.json) as progress, Lake.open(args.lake) as lake:
        task = progress.add_task("reading")

        def tell(sentence: str) -> None:
            progress.update(task, description=sentence)

        ready = ready_indexes(lake, serving_encoders(lake, EncodeConfig()))
        catalogue, feed = ready.catalogue, FeedConfig()
        ground = Ground(
            catalogue, ready.indexes, look_share=feed.taste.look_share, fresh_days=feed.fresh_days
        )
        raw = ground.taste_of_live(np.arange(catalogue.size))
        nothing = np.zeros((catalogue.size, 0), np.float32)
        items = ItemSide(
            nothing, catalogue.created_ms, catalogue.codes("category") - 1, catalogue.codes("owner") - 1
        )
        acts = acts_of_lake(lake, catalogue.numbers_of, tell)
        data = {
            "name": args.lake.resolve().name, "form": "lake",
            "version": f"items@{lake.items.version},events@{lake.events.last_offset()}",
        }  # fmt: skip
        work = _folder(args) / ".training" / f"{config.training.epochs}-{args.seed}-{data['version']}"
        work.mkdir(parents=True, exist_ok=True)
        trained = train_ranker(
            acts, raw, items, config, space=stamp_of(ready.indexes), seed=args.seed, folder=work, tell=tell
        )
        card = keep(trained.ranker, trained.report, registry, config=config, seed=args.seed, data=data)
    if args.activate:
        registry.activate(card.name, card.id)
    print(
        card.model_dump_json() if args.json else f"kept ranker {card.id}\n{_told(card.metrics, card.facts)}"
    )
    return 0


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
    return "\n".join(lines)


def _folder(args: argparse.Namespace) -> Path:
    from bowerbird.rank.ranker.keeping import rankers_folder

    return rankers_folder(args.lake)


def _registry(args: argparse.Namespace) -> "ModelRegistry":
    from bowerbird.learn.registry import ModelRegistry

    return ModelRegistry(_folder(args))
