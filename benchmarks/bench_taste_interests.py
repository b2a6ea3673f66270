"""How well are a person's next interests told, and the interests of an item, on real ratings?

MovieLens latest-small, ratings from 4 as saves. Two trees: the genre that a film is listed under first, which every film
has; and tags that people gave to at least five films, which one film in twenty has: the others come in by their words.
A person's newest fifth of likes is held out at a moment of their own, and nothing at it or later is known, of others
neither. Told are the interests of the films liked then. Baselines, on the same labels: the shares of everybody before
that moment, the content of what the person liked (the nearest interests of the mean vector), and plain counting.
Items: the interest of films whose tags or genres took no part, by content vectors and by taste vectors, over twenty
divisions. Intervals over persons, and over divisions.

Run: python benchmarks/bench_taste_interests.py [--epochs N] [--out FILE]
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import catalogues
import numpy as np
import record
from bench_taste_vectors import films, progress

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.data import DataConfig, Interactions, read
from bowerbird.learn.data.movielens_tags import read_tags
from bowerbird.taste.config import TasteConfig
from bowerbird.taste.encoder.judging import interval
from bowerbird.taste.graph.marks import MARK
from bowerbird.taste.interest_tree.growing import from_categories
from bowerbird.taste.interest_tree.leaning import truest_leaning
from bowerbird.taste.interest_tree.profile import Done, Leaning, of_everybody, profile_of
from bowerbird.taste.interest_tree.scores import calibrated, chances, ece
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.space import SpaceConfig
from bowerbird.taste.space.held_out import held_out
from bowerbird.taste.space.train import train_space

FOLDER = catalogues.DATA / "movielens-latest-small"
LEAST_FILMS, LEAST_LIKES, HELD_SHARE, DIVISIONS = 5, 10, 0.2, 20
FOUND_AT = 3
FLOOR = 1e-4
"""The least chance that anything is given, before shares are made to add up; the same for all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One person at their moment: what they did before, newest first, and the leaves of what they liked after."""

    done: Done
    t_ms: int
    leaves: np.ndarray


def main() -> int:
    """Writes two lines a tree."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3, help="at most so many of each model of the space")
    made = parser.parse_args()
    if not FOLDER.is_dir():
        print("skipped: the shared data are not on this machine", file=sys.stderr)
        return 0
    record.write(lines(made.epochs), made.out)
    return 0


def lines(epochs: int) -> Iterator[dict[str, Any]]:
    """What is told of people, then of items."""
    columns = films()
    interactions = read(FOLDER, DataConfig(liked_from=4.0)).interactions
    content = columns.content
    trees = {"genres": tree_of_genres(interactions, content), "tags": tree_of_tags(interactions, content)}
    for name, tree in trees.items():
        yield _of_people(name, calibrated(tree, content)[0], interactions, content)
    config = SpaceConfig().with_epochs(epochs)
    with tempfile.TemporaryDirectory() as folder:
        held = held_out(columns, config, 0)
        space = train_space(held.known, config, seed=0, folder=Path(folder), tell=progress)
    taste = space.at(held.known, held.from_ms).vectors
    for name, tree in trees.items():
        yield _of_items(name, tree, content, taste)


def tree_of_genres(interactions: Interactions, content: np.ndarray) -> InterestTree:
    """A film belongs to the genre that it is listed under first."""
    genres = [
        attributes[0].split("|")[0] if attributes else "" for attributes in interactions.catalogue.attributes
    ]
    return from_categories([(genre,) if genre else () for genre in genres], content)


def tree_of_tags(interactions: Interactions, content: np.ndarray) -> InterestTree:
    """A film belongs to the tag that most people gave it, of those that were given to several films."""
    tags = read_tags(FOLDER)
    assert tags is not None
    number_of = {id_: number for number, id_ in enumerate(interactions.catalogue.ids)}
    given = Counter(
        (number_of[item], words.lower())
        for item, words in zip(tags.items, tags.words, strict=True)
        if item in number_of
    )
    films_of = Counter(words for _, words in given)
    paths: list[tuple[str, ...]] = [()] * len(number_of)
    most: dict[int, int] = {}
    for (item, words), count in sorted(
        given.items(), key=lambda each: (each[0][0], films_of[each[0][1]], each[0][1])
    ):
        if films_of[words] >= LEAST_FILMS and count > most.get(item, 0):
            paths[item], most[item] = (words,), count
    return from_categories(paths, content)


def asked_of(tree: InterestTree, interactions: Interactions) -> list[Asked]:
    """Everybody with likes enough, some of them later than the rest, and of a known interest."""
    asked = []
    liked = interactions.weights > 0
    for person in range(interactions.person_count):
        rows = np.flatnonzero((interactions.persons == person) & liked)
        if len(rows) < LEAST_LIKES:
            continue
        t_ms = int(interactions.at_ms[rows[int(len(rows) * (1 - HELD_SHARE))]])
        before, after = (
            rows[keep] for keep in (interactions.at_ms[rows] < t_ms, interactions.at_ms[rows] >= t_ms)
        )
        leaves = tree.leaf_of[interactions.items[after]]
        leaves = leaves[leaves >= 0]
        if len(before) and len(leaves):
            newest = before[::-1]
            saves = np.full(len(newest), ACTION_CODES[Action.SAVE], np.int8)
            done = Done(interactions.items[newest].astype(np.int64), saves, interactions.at_ms[newest])
            asked.append(Asked(done, t_ms, leaves))
    return asked


def told_of(
    tree: InterestTree, interactions: Interactions, content: np.ndarray
) -> dict[str, Callable[[Asked], np.ndarray]]:
    """float64 [I] of each way to tell a person's next interests."""
    liked = interactions.weights > 0
    config = TasteConfig()
    leaning = truest_leaning(
        tree, _marks_before(tree, interactions), lambda items: content[items], config, otherwise=Leaning()
    )
    progress(
        f"profiles lean on what everybody likes by {leaning.prior:.1f} saves, fitted on {leaning.people} people"
    )

    def everybody(asked: Asked) -> np.ndarray:
        before = liked & (interactions.at_ms < asked.t_ms)
        return of_everybody(
            tree, np.bincount(interactions.items[before], minlength=len(content)).astype(float)
        )

    def by_content(asked: Asked) -> np.ndarray:
        return chances(tree, content[asked.done.items].mean(axis=0, keepdims=True))[0]

    def counted(asked: Asked) -> np.ndarray:
        leaves = tree.leaf_of[asked.done.items]
        counts = np.bincount(leaves[leaves >= 0], minlength=len(tree)).astype(float)
        return counts / max(counts.sum(), 1)

    def profile(asked: Asked) -> np.ndarray:
        found = profile_of(
            tree, asked.done, lambda items: content[items], (), asked.t_ms, config,
            everybody=everybody(asked), leaning=leaning,
        )  # fmt: skip
        return found.shares

    return {"everybody": everybody, "content alone": by_content, "counting": counted, "profile": profile}


def _marks_before(tree: InterestTree, interactions: Interactions) -> np.ndarray:
    """`MARK` rows of what everybody did before their own moment: the held-out likes take no part in fitting."""
    parts = [np.zeros(0, MARK)]
    for person, asked in enumerate(asked_of(tree, interactions)):
        part = np.zeros(len(asked.done.items), MARK)
        part["source"], part["target"], part["at_ms"] = person, asked.done.items, asked.done.at_ms
        part["weight"], part["action"] = 1.0, asked.done.actions
        parts.append(part)
    return np.concatenate(parts)


def _of_people(
    name: str, tree: InterestTree, interactions: Interactions, content: np.ndarray
) -> dict[str, Any]:
    asked = asked_of(tree, interactions)
    groups = np.repeat(np.arange(len(asked)), [len(each.leaves) for each in asked])
    hits: dict[str, np.ndarray] = {}
    metrics: dict[str, Any] = {}
    for way, tell in told_of(tree, interactions, content).items():
        shares = [_shares(tell(each), tree.leaves) for each in asked]
        places = [np.searchsorted(tree.leaves, each.leaves) for each in asked]
        hits[way] = np.concatenate(
            [np.isin(place, _first(share, FOUND_AT)) for share, place in zip(shares, places, strict=True)]
        ).astype(float)
        chance = np.concatenate([share[place] for share, place in zip(shares, places, strict=True)])
        metrics[f"{way}, recall@{FOUND_AT}"] = _three(interval(hits[way], groups))
        metrics[f"{way}, log loss"] = _three(interval(-np.log(chance), groups))
        metrics[f"{way}, ECE"] = round(_ece_of(shares, places), 4)
    best = _three(interval(hits["profile"], groups))
    return record.line(
        f"taste-interests-people-{name}",
        f"MovieLens, recall@{FOUND_AT} of the interests of a person's next likes, {name} as {len(tree.leaves)} interests",
        best[0], "share", better="higher", baseline="content alone",
        ratio=best[0] / max(float(hits["content alone"].mean()), 1e-9),
        interval={"low": best[1], "high": best[2],
                  "gain on content alone": _three(interval(hits["profile"] - hits["content alone"], groups)),
                  "gain on counting": _three(interval(hits["profile"] - hits["counting"], groups))},
        metrics=metrics, persons=len(asked), labels=len(groups),
    )  # fmt: skip


def _of_items(name: str, tree: InterestTree, content: np.ndarray, taste: np.ndarray) -> dict[str, Any]:
    found = {
        sort: [calibrated(_roomy(tree, vectors), vectors, seed)[1] for seed in range(DIVISIONS)]
        for sort, vectors in (("content", content), ("taste", taste))
    }
    rates = {sort: np.array([each.hit_rate for each in told]) for sort, told in found.items()}
    metrics = {f"{sort}, hit rate": _range(rate) for sort, rate in rates.items()}
    metrics |= {f"{sort}, ECE": _range(np.array([each.ece for each in told])) for sort, told in found.items()}
    most = np.bincount(tree.leaf_of[tree.leaf_of >= 0])
    return record.line(
        f"taste-interests-items-{name}",
        f"MovieLens, hit rate of the likeliest interest of films that took no part, {name}, by taste vectors",
        float(rates["taste"].mean()), "share", better="higher", baseline="content vectors",
        ratio=float(rates["taste"].mean() / rates["content"].mean()),
        interval={"gain": _range(rates["taste"] - rates["content"])},
        metrics=metrics | {"commonest interest": round(float(most.max() / most.sum()), 4)},
        items=found["taste"][0].items,
    )  # fmt: skip


def _roomy(tree: InterestTree, vectors: np.ndarray) -> InterestTree:
    """The same tree for vectors of another width: its middles are made anew of these."""
    return replace(tree, centres=np.zeros((len(tree), vectors.shape[1]), np.float32))


def _shares(told: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """Chances of the leaves, none of them nought, that add up to one."""
    raised = told[leaves] + FLOOR
    shares: np.ndarray = raised / raised.sum()
    return shares


def _first(shares: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(-shares, kind="stable")[:count]


def _ece_of(shares: Sequence[np.ndarray], places: Sequence[np.ndarray]) -> float:
    """Of the likeliest interest of each person, over all of their later likes."""
    said = np.repeat([share.max() for share in shares], [len(place) for place in places])
    is_right = np.concatenate([place == share.argmax() for share, place in zip(shares, places, strict=True)])
    return ece(said, is_right)


def _range(values: np.ndarray) -> list[float]:
    """Mean, and the middle 95 % of the divisions."""
    low, high = np.quantile(values, [0.025, 0.975])
    return [round(float(each), 4) for each in (values.mean(), low, high)]


def _three(found: dict[str, float]) -> list[float]:
    return [round(found[name], 4) for name in ("mean", "low", "high")]


if __name__ == "__main__":
    sys.exit(main())
