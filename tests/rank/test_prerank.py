"""A pre-ranker keeps what its ranker would put first, and answers as it was trained to."""

from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_pages import ITEMS, SAVE, TASTES
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.rank.prerank import ItemRows, PrerankConfig, ServedPrerank, load_funnel, rows_kept
from bowerbird.rank.prerank.inputs import newest_likes, pooled
from bowerbird.rank.prerank.model import Prerank
from bowerbird.rank.prerank.train import TrainedPrerank, train_prerank
from bowerbird.rank.ranker import HEADS, ItemSide, PersonSide
from bowerbird.rank.ranker.calibration import Calibrated
from bowerbird.rank.ranker.inputs import as_vectors, person_arrays
from bowerbird.rank.ranker.requests import Acts
from bowerbird.rank.ranker.train import Trained
from bowerbird.rank.utility import UtilityConfig, utility, weights_of

CONFIG = PrerankConfig(
    item_width=6, near_width=8, near_likes=8, slots=6, inner=16, candidates=40, judged_candidates=80,
    training=TrainingConfig(epochs=8, learning_rate=0.01, patience=3),
)  # fmt: skip
WORTH = weights_of(UtilityConfig())


@pytest.fixture(scope="session")
def light(
    trained: Trained, world: tuple[Acts, np.ndarray, ItemSide], tmp_path_factory: pytest.TempPathFactory
) -> TrainedPrerank:
    acts, raw, items = world
    folder = tmp_path_factory.mktemp("prerank")
    return train_prerank(trained.ranker, acts, raw, items, CONFIG, seed=0, folder=folder)


def someone(taste: int, likes: int, left: int) -> PersonSide:
    """Rows of the vectors: likes of one taste, then what was left alone."""
    items = np.arange(likes) * TASTES + taste
    alone = np.arange(left) * TASTES + (taste + 1) % TASTES
    return PersonSide(
        items, np.full(likes, SAVE, np.int8), 1_000 * np.arange(likes), alone, 1_000 * np.arange(left), alone
    )


def test_it_keeps_what_its_ranker_puts_first_and_far_more_of_it_than_plain_ways(
    light: TrainedPrerank,
) -> None:
    report = light.report
    assert (report["candidates"], report["kept"], report["first"]) == (80, 16, 20)
    ours, near, chance = (report["recall"][name] for name in ("ours", "nearest like", "chance"))
    assert chance["low"] < 0.2 < chance["high"]
    # 16 are kept and 20 are asked for: four fifths are all that can be there.
    assert ours["mean"] > 0.6
    assert ours["low"] > near["high"]


def test_likes_of_a_taste_put_it_first_and_nobody_gets_an_answer_too(
    light: TrainedPrerank, trained: Trained, world: tuple[Acts, np.ndarray, ItemSide]
) -> None:
    vectors = trained.ranker.content(world[1])
    rows, features = light.prerank.item_rows(vectors), np.zeros((ITEMS, 8), np.float32)
    for likes in (0, 8):
        asking = light.prerank.asking_of(someone(1, likes, 0), vectors, 10_000, trained.ranker)
        chances = light.prerank.chances(asking, rows, features)
        assert chances.shape == (ITEMS, len(HEADS))
        assert ((chances > 0) & (chances < 1)).all()
    own = np.arange(ITEMS) % TASTES == 1
    best = np.argsort(-utility(chances, WORTH))[: own.sum()]
    assert own[best].mean() > 0.8


@given(st.integers(0, 12), st.integers(0, 5), st.integers(1, 30), st.integers(0, 1_000))
def test_numpy_answers_as_torch_does(trained: Trained, likes: int, left: int, count: int, seed: int) -> None:
    torch.manual_seed(seed)
    ranking = trained.ranker.config
    model = Prerank(CONFIG, ranking.basis).eval()
    served = ServedPrerank(model.weights(), CONFIG, trained.ranker.version, {})
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(ITEMS, ranking.basis)).astype(np.float32)
    content = rng.normal(size=(count, ranking.basis)).astype(np.float32)
    features = rng.random((count, 8), dtype=np.float32)
    people = [someone(0, 3, 1), someone(2, likes, left)]
    person = as_vectors(person_arrays(people, [10**6] * 2, ranking), vectors)
    close, there = newest_likes(person, CONFIG.near_likes)
    given_ = (
        pooled(person), close, there, person["left"], person["left_there"],
        content[None].repeat(2, 0), features[None].repeat(2, 0),
    )  # fmt: skip

    with torch.no_grad():
        wanted = model(*map(torch.from_numpy, given_)).numpy()

    for row, asking in enumerate(served.asking(person)):
        found = served.logits(asking, served.item_rows(content), features)
        np.testing.assert_allclose(found, wanted[row], atol=1e-4)


def test_it_is_opened_with_its_ranker_answers_the_same_and_is_refused_beside_another(
    light: TrainedPrerank, trained: Trained, world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path
) -> None:
    trained.ranker.save(tmp_path)
    assert load_funnel(tmp_path, "mdl_1").prerank is None
    light.prerank.save(tmp_path)
    opened = load_funnel(tmp_path, "mdl_1").prerank
    assert opened is not None
    assert (opened.version, opened.text) == (light.prerank.version, "prerank mdl_1")
    vectors = trained.ranker.content(world[1])
    asking = light.prerank.asking_of(someone(0, 4, 2), vectors, 10_000, trained.ranker)
    features = np.zeros((ITEMS, 8), np.float32)
    rows = light.prerank.item_rows(vectors)
    np.testing.assert_array_equal(
        opened.chances(asking, opened.item_rows(vectors), features),
        light.prerank.chances(asking, rows, features),
    )

    other = trained.ranker.with_chances(Calibrated(np.full(len(HEADS), 2.0), np.zeros(len(HEADS))))
    other.save(tmp_path)
    with pytest.raises(InputError, match="needed is the one that was trained with it"):
        load_funnel(tmp_path, "mdl_1")


ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), max_size=40)


@given(ROWS, st.integers(1, 20), st.integers(0, 6))
def test_the_best_are_kept_and_some_of_every_source(
    rows: list[tuple[int, int]], keep: int, least: int
) -> None:
    scores = np.array([row[0] for row in rows], float)
    sources = np.array([row[1] for row in rows], np.int64)

    kept = rows_kept(scores, sources, keep, least)

    assert kept.sum() == min(keep, len(rows))
    for source in set(sources.tolist()):
        theirs = np.flatnonzero(sources == source)
        order = theirs[np.argsort(-scores[theirs], kind="stable")]
        # Of one source always the best, ties in the order of retrieval.
        assert (np.diff(kept[order].astype(int)) <= 0).all()
        if least * len(set(sources.tolist())) <= keep:
            assert kept[order[:least]].all()
    if not least:
        wanted = np.argsort(-scores, kind="stable")[:keep]
        assert set(np.flatnonzero(kept)) == set(wanted)


@given(st.lists(st.lists(st.integers(0, 59), min_size=1, max_size=12), min_size=1, max_size=6))
def test_kept_rows_are_those_made_anew_and_only_missing_or_old_ones_are_made(
    light: TrainedPrerank, asks: list[list[int]]
) -> None:
    prerank = light.prerank
    content = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    content[::7] = 0.0
    asked: list[int] = []

    def content_of(numbers: np.ndarray) -> np.ndarray:
        asked.extend(numbers.tolist())
        return content[numbers]

    rows, has = ItemRows(prerank, max_age_ms=1_000), content.any(axis=1)
    for numbers in map(np.array, asks):
        np.testing.assert_allclose(
            rows.of(numbers, 5_000, content_of), prerank.item_rows(content[numbers]), atol=1e-5
        )
    wanted = {number for numbers in asks for number in numbers}
    assert set(asked) == wanted
    made = [number for number in wanted if has[number]]
    before = len(asked)
    rows.of(np.array(sorted(wanted)), 5_999, content_of)
    assert set(asked[before:]) == {number for number in wanted if not has[number]}
    content[made] *= -1.0
    rows.of(np.array(sorted(wanted)), 6_000, content_of)
    np.testing.assert_allclose(
        rows.of(np.array(made, np.int64), 6_001, content_of), prerank.item_rows(content[made]), atol=1e-5
    )
