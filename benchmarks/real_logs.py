"""This file is about logs of real people, as the ranker reads them: films with candidates, and clicks on a shop's pages."""

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

import catalogues
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.learn.data import DataConfig, Histories, Interactions, read
from bowerbird.learn.data.histories import bounds_of, entries_of
from bowerbird.rank.ranker import HEADS, ItemSide
from bowerbird.rank.ranker.heads import IMPRESSION_CODE
from bowerbird.rank.ranker.requests import Acts, Requests
from bowerbird.retrieve.counting.item_knn import ItemKnnConfig, fit_item_knn

DAY_MS = 86_400_000
FILMS, BANDIT = catalogues.DATA / "movielens-latest-small", catalogues.DATA / "open-bandit-small"
PARTS, CANDIDATES, BLOCK, TOGETHER = 10, 100, 10, 64
SAVE, CLOSEUP = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.CLOSEUP]


@dataclass(frozen=True, slots=True)
class Film:
    """Pages of films with candidates.

    Attributes:
        saved: int64 [Q] saves that each page asks for, those that were not retrieved among them.
        histories: int64 [Q] ratings of the person before.
    """

    acts: Acts
    raw: np.ndarray
    items: ItemSide
    pages: Requests
    saved: np.ndarray
    histories: np.ndarray


def films() -> Film:
    """Acts, content and pages with candidates of MovieLens."""
    rows = read(FILMS, DataConfig(liked_from=4.0)).interactions
    count = rows.item_count
    half_ms = int(np.median(rows.at_ms))
    words = MiniLmEncoder().encode_words(rows.catalogue.words())
    raw = np.concatenate([words, together(rows.where(rows.at_ms < half_ms))], axis=1).astype(np.float32)
    first_ms = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first_ms, rows.items, rows.at_ms)
    genres: dict[str, int] = {}
    codes = [genres.setdefault(each[0], len(genres) + 1) if each else 0 for each in rows.catalogue.attributes]
    nothing = np.zeros((count, 0), np.float32)
    items = ItemSide(nothing, first_ms, np.array(codes, np.int32), np.zeros(count, np.int32))
    none = np.full(len(rows), -1)
    acts = Acts.of(rows.persons, rows.items, rows.actions, rows.at_ms, none, none)
    return _with_pages(rows, acts, raw, items, half_ms)


def together(rows: Interactions) -> np.ndarray:
    """float32 [N, 64] of length 1: films that the same people rated are alike; zeros for those that nobody did."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    held = rows.item_counts()
    shape = rows.person_count, rows.item_count
    met = csr_matrix((1 / np.sqrt(held[rows.items]), (rows.persons, rows.items)), shape=shape)
    _, strengths, directions = svds(met, TOGETHER, random_state=0)
    found = (directions.T * np.sqrt(strengths)).astype(np.float32)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9) * (held > 1)[:, None]


def _with_pages(rows: Interactions, acts: Acts, raw: np.ndarray, items: ItemSide, half_ms: int) -> Film:
    starts, stops = blocks_of(rows, half_ms)
    order = np.argsort(rows.at_ms[starts], kind="stable")
    starts, stops = starts[order], stops[order]
    at_ms, owner = rows.at_ms[starts], rows.bounds()[rows.persons[starts]]
    lengths = starts - owner
    held = entries_of(owner, lengths)
    asked = Histories(
        rows.persons[starts], bounds_of(lengths), rows.items[held], rows.at_ms[held], rows.actions[held],
        rows.weights[held], np.full(len(starts), -1),
    )  # fmt: skip
    parts = []
    for some in np.array_split(np.arange(len(starts)), PARTS):
        knn = fit_item_knn(rows.where(rows.at_ms < at_ms[some[0]]), ItemKnnConfig(), 0)
        histories = asked.rows(int(some[0]), int(some[-1]) + 1)
        parts.append(knn.top(histories, CANDIDATES, histories).items)
        tell(f"candidates of {len(some)} pages")
    found = np.concatenate(parts).astype(np.int64)
    labels = np.zeros((*found.shape, len(HEADS)), bool)
    saved = np.zeros(len(found), np.int64)
    for page, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        inside = np.arange(start, stop)
        inside = inside[rows.at_ms[inside] - at_ms[page] <= DAY_MS]
        for action, code in ((Action.SAVE, SAVE), (Action.CLOSEUP, CLOSEUP)):
            labels[page, :, HEADS.index(action)] = np.isin(
                found[page], rows.items[inside[rows.actions[inside] == code]]
            )
        saved[page] = np.count_nonzero(rows.actions[inside] == SAVE)
    is_there = found >= 0
    places = np.broadcast_to(np.arange(found.shape[1]), found.shape)
    pages = Requests(
        rows.persons[starts].astype(np.int64), at_ms, bounds_of(is_there.sum(axis=1)), found[is_there],
        places[is_there], labels[is_there],
    )  # fmt: skip
    return Film(acts, raw, items, pages, saved, lengths)


def blocks_of(rows: Interactions, from_ms: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last-but-one entries of blocks of about ten ratings of one person; moments are not torn apart."""
    starts, stops, bounds = [], [], rows.bounds()
    for person in range(rows.person_count):
        first, last = int(bounds[person]), int(bounds[person + 1])
        first += int(np.searchsorted(rows.at_ms[first:last], from_ms))
        while first < last:
            stop = min(first + BLOCK, last)
            while stop < last and rows.at_ms[stop] == rows.at_ms[stop - 1]:
                stop += 1
            starts.append(first)
            stops.append(stop)
            first = stop
    return np.array(starts), np.array(stops)


def clicks() -> tuple[Acts, np.ndarray, ItemSide, np.ndarray]:
    """Acts of all six logs, content of the items (what is told of them, and which one it is), campaigns."""
    persons: dict[tuple[str, ...], int] = {}
    words: list[tuple[str, ...]] = []
    campaigns: list[int] = []
    parts: list[tuple[np.ndarray, ...]] = []
    rows_before = 0
    for campaign in ("all", "men", "women"):
        first = len(words)
        told = table_at(BANDIT / f"bts_{campaign}_items.csv.gz")
        columns = [told[f"item_feature_{number}"].to_pylist() for number in range(4)]
        words += [
            (f"{campaign} {item}", f"{cost:.1f}", *rest)
            for item, (cost, *rest) in enumerate(zip(*columns, strict=True))
        ]
        campaigns += [len(parts)] * len(told)
        for policy in ("random", "bts"):
            table = table_at(BANDIT / f"{policy}_{campaign}.csv.gz")
            features = zip(*(table[f"user_feature_{number}"].to_pylist() for number in range(4)), strict=True)
            who = np.array([persons.setdefault(each, len(persons)) for each in features])
            at_ms = table["timestamp"].to_numpy().astype("datetime64[ms]").astype(np.int64)
            item, place = first + table["item_id"].to_numpy(), table["position"].to_numpy() - 1
            request, did = rows_before + np.arange(len(who)), table["click"].to_numpy() > 0
            rows_before += len(who)
            parts.append((who, item, np.full(len(who), IMPRESSION_CODE), at_ms, place, request))
            parts.append(
                (who[did], item[did], np.full(did.sum(), SAVE), at_ms[did] + 1, place[did], request[did])
            )
    acts = Acts.of(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    places = {
        word: number for number, word in enumerate(dict.fromkeys(word for each in words for word in each))
    }
    raw = np.zeros((len(words), len(places)), np.float32)
    for item, each in enumerate(words):
        raw[item, [places[word] for word in each]] = 1.0
    unknown = np.full(len(words), -1)
    items = ItemSide(np.zeros((len(words), 0), np.float32), unknown, unknown, unknown)
    return acts, raw, items, np.array(campaigns)


def table_at(file: Path) -> pa.Table:
    with gzip.open(file) as opened:
        return pacsv.read_csv(opened)


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
