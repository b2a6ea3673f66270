"""What do content, graph and both find of what people did later, and how fast is a space trained?

MovieLens latest-small: ratings from 4 as saves to a person's board, tags as queries, the newest tenth held out; new
and known, most met and other items apart. Clothing photos: their senders as boards, whole senders held out, so that no
item that is looked for was ever on a board: what is learned is which pictures one person puts together. Baseline, in
the same run and on the same labels: content vectors as they are, boards and people as means; intervals over persons,
boards and queries.

Run: python benchmarks/bench_taste_vectors.py [--epochs N] [--only movielens|clothing] [--out FILE]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catalogues
import numpy as np
import record

from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.learn.data import DataConfig, read
from bowerbird.learn.data.movielens_tags import read_tags
from bowerbird.taste.boards import BoardSets
from bowerbird.taste.encoder import LinkColumns, TasteColumns
from bowerbird.taste.encoder.judging import Judged, interval, ranked
from bowerbird.taste.encoder.types import NEVER_MS, no_links
from bowerbird.taste.people.checking import found_of, later_of
from bowerbird.taste.space import SpaceConfig, TasteSpace
from bowerbird.taste.space.ablation import RAW, AblationRow, ablated
from bowerbird.taste.space.columns import asked_of, columns_of
from bowerbird.taste.space.held_out import Answers, ContentAnswers, HeldOut, held_out
from bowerbird.taste.space.train import train_space

METRIC = "recall@10"
FOLDS, LEAST_PHOTOS = 3, 4
GIVEN = (0, 1, 2, 3, 10)
"""Actions of new people that are known."""


def main() -> int:
    """Writes one line a task."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, help="at most so many of each model (default: its own)")
    parser.add_argument("--only", choices=["movielens", "clothing"])
    made = parser.parse_args()
    if not (catalogues.DATA / "movielens-latest-small").is_dir():
        print("skipped: the shared data are not on this machine", file=sys.stderr)
        return 0
    for name, lines in (("movielens", of_films), ("clothing", of_clothes)):
        if made.only in (None, name):
            record.write(lines(made), made.out)
    return 0


def config_of(made: argparse.Namespace) -> SpaceConfig:
    return SpaceConfig() if made.epochs is None else SpaceConfig().with_epochs(made.epochs)


def films() -> TasteColumns:
    """MovieLens latest-small; a film's content is what MiniLM makes of its title and genres."""
    folder = catalogues.DATA / "movielens-latest-small"
    interactions = read(folder, DataConfig(liked_from=4.0)).interactions
    encoder = MiniLmEncoder()
    vectors = encoder.encode_words(interactions.catalogue.words())
    interactions = replace(interactions, catalogue=interactions.catalogue.with_vectors(vectors))
    tags = read_tags(folder)
    asked = asked_of(tags, interactions, encoder.encode_words, encoder.width) if tags else None
    return columns_of(interactions, asked)


def of_films(made: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One line a task, and one for the time."""
    config, columns = config_of(made), films()
    held = held_out(columns, config, 0)
    seconds: dict[str, float] = {}
    spaces: dict[str, TasteSpace] = {}

    def fit(name: str, own: SpaceConfig) -> TasteSpace:
        started_s = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            space = train_space(held.known, own, seed=0, folder=Path(folder), tell=progress)
        seconds[name] = time.perf_counter() - started_s
        spaces[name] = space
        return space

    rows = ablated(held, config, fit)
    for task in dict.fromkeys(row.task for row in rows):
        yield _line_of(task, [row for row in rows if row.task == task])
    yield _few(spaces["both"].at(held.known, held.from_ms), held, columns, config)
    best = next(
        row
        for row in rows
        if (row.model, row.task, row.slice, row.metric) == ("both", "person", "all", METRIC)
    )
    actions = len(held.known.acted.sources)
    yield record.line(
        "taste-vectors-train", f"train a space on {actions:,} actions, {held.known.items:,} items", seconds["both"], "s",
        baseline="content alone", ratio=seconds["both"] / seconds["content"],
        quality={f"person {METRIC}": round(best.mean, 4)},
    )  # fmt: skip


def _few(answers: Answers, held: HeldOut, columns: TasteColumns, config: SpaceConfig) -> dict[str, Any]:
    """People who came after the moment, when they had done so many things."""
    raw = ContentAnswers(held.known.content)
    metrics: dict[str, Any] = {}
    for given in GIVEN:
        later = later_of(columns.acted, held.from_ms, config.people, 0, given=given)
        if not len(later.targets):
            continue
        found, plain = (
            found_of(each.people(later.past).vectors, later, each.vectors).values()[METRIC]
            for each in (answers, raw)
        )
        groups = later.persons[later.rows]
        metrics[f"after {given}"] = [*_three(interval(found, groups)), len(later.persons)]
        metrics[f"after {given}, less content"] = _three(interval(found - plain, groups))
    told = metrics.get(f"after {GIVEN[1]}", [0.0])
    return record.line(
        "taste-vectors-few", f"MovieLens, {METRIC} of the next actions of new people, after {GIVEN[1]} action", told[0],
        "share", better="higher", baseline=RAW, metrics=metrics,
    )  # fmt: skip


def _line_of(task: str, rows: list[AblationRow]) -> dict[str, Any]:
    of = {(row.model, row.slice): row for row in rows if row.metric == METRIC}
    both, raw = of["both", "all"], of[RAW, "all"]
    metrics: dict[str, Any] = {
        f"{model} {slice_}": [round(row.mean, 4), round(row.low, 4), round(row.high, 4), row.labels]
        for (model, slice_), row in of.items()
    }
    return record.line(
        f"taste-vectors-{task}", f"MovieLens, {METRIC} of what came later, by the vector of one {task}", both.mean, "share",
        better="higher", baseline="raw content", ratio=both.mean / raw.mean if raw.mean else None,
        interval={"low": round(both.low, 4), "high": round(both.high, 4),
                  "gain": [round(both.gain, 4), round(both.gain_low, 4), round(both.gain_high, 4)]},
        metrics=metrics,
    )  # fmt: skip


def of_clothes(made: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One line a sort of content: by the pictures, by the words of their labels, by both."""
    shelf = catalogues.load("clothing-photos")
    pictures = _units(shelf.pictures)
    texts = [f"{row['label']}{' for children' if row['kids'] == 'True' else ''}" for row in shelf.rows]
    words = _units(catalogues.encoders().words.encode_words(texts))
    sorts = {"": pictures, "-words": words, "-both": _units(np.concatenate([pictures, words], axis=1))}
    for name, content in sorts.items():
        yield _of_clothes(made, shelf, name, content)


def _of_clothes(
    made: argparse.Namespace, shelf: catalogues.Shelf, name: str, content: np.ndarray
) -> dict[str, Any]:
    """Half of each held-out sender's photos are given, the others are looked for."""
    senders, boards = np.unique(shelf.column("sender_id"), return_inverse=True)
    sizes = np.bincount(boards)
    chosen = np.flatnonzero(sizes >= LEAST_PHOTOS)
    rng = np.random.default_rng(0)
    fold_of = np.full(len(senders), -1)
    fold_of[rng.permutation(chosen)] = np.arange(len(chosen)) % FOLDS
    found: dict[str, list[Judged]] = {RAW: [], "space": [], "space, means": []}
    for fold in range(FOLDS):
        columns = _saved_by(boards, fold_of != fold, content, len(senders), rng)
        with tempfile.TemporaryDirectory() as folder:
            space = train_space(columns, config_of(made), seed=0, folder=Path(folder), tell=progress)
        at = space.at(columns, NEVER_MS)
        given, targets, groups = _halves(
            boards, np.flatnonzero(fold_of == fold), shelf, space_items(space), rng
        )
        for way, answers in ((RAW, ContentAnswers(content)), ("space", at)):
            found[way].append(_judged(answers, given, targets, groups))
        means = ContentAnswers(at.vectors)
        found["space, means"].append(_judged(means, given, targets, groups))
    whole = {way: _joined(parts) for way, parts in found.items()}
    values = {way: each.values()[METRIC] for way, each in whole.items()}
    told = {way: interval(each, whole[way].groups) for way, each in values.items()}
    gain = interval(values["space"] - values[RAW], whole[RAW].groups)
    learnt = interval(values["space"] - values["space, means"], whole[RAW].groups)
    sort = {"": "pictures", "-words": "words of labels", "-both": "pictures and words"}[name]
    return record.line(
        f"taste-vectors-clothing{name}", f"clothing photos by {sort}, {METRIC} of a held-out sender's other photos", told["space"]["mean"],
        "share", better="higher", baseline=RAW, ratio=told["space"]["mean"] / max(told[RAW]["mean"], 1e-9),
        interval={"low": round(told["space"]["low"], 4), "high": round(told["space"]["high"], 4),
                  "gain": _three(gain), "learnt set less mean": _three(learnt)},
        metrics={way: _three(each) for way, each in told.items()},
        labels=len(whole[RAW].ranks), senders=len(chosen),
    )  # fmt: skip


def space_items(space: TasteSpace) -> int:
    """How many items of a board the space looks at."""
    return space.boards.most_items if space.boards is not None else 32


def _saved_by(
    boards: np.ndarray, is_known: np.ndarray, content: np.ndarray, count: int, rng: np.random.Generator
) -> TasteColumns:
    """Photos of known senders on their boards; nobody tells when they came, so that their order is drawn."""
    items = np.flatnonzero(is_known[boards])
    saved = LinkColumns.of(items, boards[items], rng.permutation(len(items)))
    nobody, words = np.zeros((0, 8), np.float32), np.zeros((count, 8), np.float32)
    return TasteColumns(content, count, 0, 0, saved, no_links(), no_links(), nobody, words)


def _halves(
    boards: np.ndarray, senders: np.ndarray, shelf: catalogues.Shelf, most: int, rng: np.random.Generator
) -> tuple[BoardSets, list[np.ndarray], np.ndarray]:
    """Of each sender photos that are given, and others that are looked for and are copies of none of them."""
    given = np.full((len(senders), most), -1, dtype=np.int64)
    targets = []
    for row, sender in enumerate(senders):
        own = rng.permutation(np.flatnonzero(boards == sender))
        half = own[: len(own) // 2][:most]
        given[row, : len(half)] = half
        rest = own[len(own) // 2 :]
        targets.append(rest[catalogues.without_twins(shelf.take(rest), shelf.take(half))])
    return BoardSets(senders, given, (given >= 0).sum(axis=1)), targets, senders


def _judged(answers: Answers, given: BoardSets, targets: list[np.ndarray], senders: np.ndarray) -> Judged:
    rows = np.repeat(np.arange(len(senders)), [len(each) for each in targets])
    asks = answers.boards(given, None).vectors
    return ranked(asks[rows], answers.vectors, np.concatenate(targets), senders[rows], given.items[rows])


def _joined(parts: list[Judged]) -> Judged:
    return Judged(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("ranks", "groups", "targets"))
    )


def _units(rows: np.ndarray) -> np.ndarray:
    units: np.ndarray = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(
        np.float32
    )
    return units


def _three(found: dict[str, float]) -> list[float]:
    return [round(found[name], 4) for name in ("mean", "low", "high")]


def progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
