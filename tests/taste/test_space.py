import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_world import HOUR_MS, START_MS, TASTES, world

from bowerbird.cli.main import main
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.lake.online import RecentActions
from bowerbird.learn.config import TrainingConfig
from bowerbird.retrieve.taste_vectors import TasteVectors
from bowerbird.taste.boards import BoardConfig, BoardSets, sets_at
from bowerbird.taste.boards.model import BoardTask
from bowerbird.taste.boards.sets import board_labels
from bowerbird.taste.boards.train import served as boards_served
from bowerbird.taste.encoder import EncoderConfig, LinkColumns, TasteColumns
from bowerbird.taste.encoder.batches import KnownPairs, chances_of
from bowerbird.taste.encoder.moments import moments
from bowerbird.taste.encoder.types import NEVER_MS
from bowerbird.taste.people import Past, PeopleConfig, past_at
from bowerbird.taste.people.histories import features_of
from bowerbird.taste.people.model import PersonTask
from bowerbird.taste.people.rows import acts_of, goals_of, rows_of
from bowerbird.taste.people.train import served as people_served
from bowerbird.taste.space import SpaceConfig, Stamped, TasteSpace, load_space
from bowerbird.taste.space.ablation import ablated, table_of
from bowerbird.taste.space.held_out import ContentAnswers, held_out
from bowerbird.taste.space.train import train_space

QUICK = TrainingConfig(epochs=5, learning_rate=0.01, patience=5, warmup=0.1)
CONFIG = SpaceConfig(
    encoder=EncoderConfig(
        width=16, inner=16, neighbours=5, walks=24, views=4, history=3, batch_rows=64, training=QUICK
    ),
    boards=BoardConfig(inner=16, most_items=8, batch_rows=64, training=QUICK),
    people=PeopleConfig(width=16, inner=16, longest=8, rows=16, negatives=8, training=QUICK),
    held_out=0.2,
)
NEW = 18


@pytest.fixture(scope="module")
def columns() -> TasteColumns:
    return world(persons=90, new=NEW, noise=0.6)


@pytest.fixture(scope="module")
def space(columns: TasteColumns, tmp_path_factory: pytest.TempPathFactory) -> TasteSpace:
    held = held_out(columns, CONFIG, 0)
    return train_space(held.known, CONFIG, seed=0, folder=tmp_path_factory.mktemp("space"))


def own_taste(found: np.ndarray, tastes: np.ndarray) -> float:
    """Share of the five nearest whose taste is the row's."""
    return float(np.mean(np.argsort(-found, axis=1)[:, :5] % TASTES == tastes[:, None]))


def test_it_finds_what_came_later_better_than_content_does(columns: TasteColumns, space: TasteSpace) -> None:
    held = held_out(columns, CONFIG, 0)
    learned = held.judged(space.at(held.known, held.from_ms))
    content = held.judged(ContentAnswers(columns.content))

    for task in ("item", "board", "person"):
        assert learned[task].values()["mrr"].mean() > content[task].values()["mrr"].mean(), task


def test_an_item_that_nobody_met_lands_among_those_of_its_taste(
    columns: TasteColumns, space: TasteSpace
) -> None:
    at = space.at(columns, NEVER_MS)
    met = np.arange(columns.items - NEW)
    new = at.new_items(columns.content[-NEW:])

    found = new.likeness(at.items(met))

    assert own_taste(found, (columns.items - NEW + np.arange(NEW)) % TASTES) > 0.6  # chance: 1/6


def test_queries_boards_and_people_are_near_the_items_of_their_taste(
    columns: TasteColumns, space: TasteSpace
) -> None:
    at = space.at(columns, NEVER_MS)
    items = at.items(np.arange(columns.items - NEW))
    persons = np.arange(30)
    boards = at.boards(sets_at(columns.saved, persons, NEVER_MS, 8))
    people = at.people(past_at(columns.acted, persons, NEVER_MS, 8))

    assert own_taste(at.queries(columns.query_words).likeness(items), np.arange(TASTES)) > 0.8
    assert own_taste(boards.likeness(items), persons % TASTES) > 0.8
    assert own_taste(people.likeness(items), persons % TASTES) > 0.8


def test_vectors_of_two_versions_are_not_compared(columns: TasteColumns, space: TasteSpace) -> None:
    at = space.at(columns, NEVER_MS)
    other = Stamped(at.vectors, "of another training")

    with pytest.raises(IncompatibleEmbeddingError, match="one version on both sides"):
        at.items(np.arange(3)).likeness(other)


def test_what_was_saved_answers_as_before_without_torch(
    columns: TasteColumns, space: TasteSpace, tmp_path: Path
) -> None:
    space.save(tmp_path)
    loaded = load_space(tmp_path)
    np.savez(
        tmp_path / "asked.npz", content=columns.content, words=columns.query_words,
        items=np.array([[3, 9, -1], [-1, -1, -1]]), at_ms=np.array([[5, 9, 0], [0, 0, 0]]),
    )  # fmt: skip
    script = """
import sys, numpy as np
from pathlib import Path
from bowerbird.taste.space import load_space
from bowerbird.taste.people import Past
folder = Path(sys.argv[1]); asked = np.load(folder / "asked.npz"); space = load_space(folder)
new = space.encoder.new_items(asked["content"])
past = Past(asked["items"], np.where(asked["items"] >= 0, 6, -1), asked["at_ms"])
people = space.people.people(past, new)
np.savez(folder / "told.npz", new=new, queries=space.encoder.queries(asked["words"]), people=people)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)

    assert loaded.version == space.version
    with np.load(tmp_path / "told.npz") as told:
        np.testing.assert_allclose(
            told["new"], space.encoder.new_items(columns.content), rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(told["queries"], space.encoder.queries(columns.query_words), atol=1e-6)
        assert np.isfinite(told["people"]).all()


def test_training_that_was_cut_off_ends_with_the_same_space(columns: TasteColumns, tmp_path: Path) -> None:
    held = held_out(columns, CONFIG, 0)
    config = CONFIG.with_epochs(2)
    whole = train_space(held.known, config, seed=0, folder=tmp_path / "whole")
    lines = 0

    def stop(_: str) -> None:
        nonlocal lines
        lines += 1
        if lines == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_space(held.known, config, seed=0, folder=tmp_path / "cut", tell=stop)
    again = train_space(held.known, config, seed=0, folder=tmp_path / "cut")

    assert again.version == whole.version


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_people_with_few_actions_have_a_vector_near_what_they_did(
    columns: TasteColumns, space: TasteSpace, known: int
) -> None:
    at = space.at(columns, NEVER_MS)
    items = np.arange(TASTES)[:, None] + TASTES * np.arange(3)
    items = np.where(np.arange(3) < known, items, -1)
    past = Past(items, np.where(items >= 0, 6, -1), np.where(items >= 0, 1_700_000_000_000, 0))

    people = at.people(past)

    np.testing.assert_allclose(np.linalg.norm(people.vectors, axis=1), 1, rtol=1e-4)
    found = people.likeness(at.items(np.arange(columns.items - NEW)))
    if known:
        assert own_taste(found, np.arange(TASTES)) > 0.6
    else:
        np.testing.assert_allclose(found, found[:1].repeat(TASTES, axis=0), atol=1e-5)


def test_a_person_s_vector_depends_on_no_other_person_and_not_on_padding(
    columns: TasteColumns, space: TasteSpace
) -> None:
    at = space.at(columns, NEVER_MS)
    past = past_at(columns.acted, np.arange(20), NEVER_MS, 20)

    together = at.people(past).vectors
    alone = [
        at.people(
            Past(past.items[r : r + 1, :n], past.actions[r : r + 1, :n], past.at_ms[r : r + 1, :n])
        ).vectors
        for r, n in enumerate(past.lengths)
    ]

    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-4, atol=1e-5)


def test_who_likes_everything_and_who_met_only_new_items_have_finite_vectors(
    columns: TasteColumns, space: TasteSpace
) -> None:
    at = space.at(columns, NEVER_MS)
    every = np.arange(columns.items)[None]
    past = Past(every, np.full_like(every, -1), np.arange(columns.items)[None] * 1000)

    assert np.isfinite(at.people(past).vectors).all()
    assert np.isfinite(at.people(Past(every[:, -3:], every[:, -3:] * 0 - 1, every[:, -3:])).vectors).all()


def test_order_of_a_board_says_nothing_and_an_empty_one_is_like_nothing(
    columns: TasteColumns, space: TasteSpace
) -> None:
    at = space.at(columns, NEVER_MS)
    items = np.array([[3, 9, 15, 21, -1, -1], [-1] * 6])
    turned = items[:, [3, 1, 4, 0, 2, 5]]

    one, other = (
        at.boards(BoardSets(np.arange(2), each, np.array([4, 0]))).vectors for each in (items, turned)
    )

    np.testing.assert_allclose(one, other, atol=1e-5)
    assert not one[1].any()


def test_a_board_of_fifty_thousand_items_is_bounded_and_stays_the_same_after_a_save() -> None:
    item = np.arange(50_000)
    saved = LinkColumns.of(item, item * 0, item)
    more = LinkColumns.of(np.append(item, 50_000), np.zeros(50_001, np.int64), np.append(item, 50_000))

    first, second = (sets_at(links, np.array([0]), NEVER_MS, 32) for links in (saved, more))

    assert first.items.shape == (1, 32)
    assert first.sizes.tolist() == [50_000]
    assert first.items[0, :16].tolist() == list(range(49_999, 49_983, -1)), "the newest first"
    assert len(set(first.items[0, 16:].tolist()) - set(second.items[0, 16:].tolist())) <= 1
    assert (np.sort(first.items[0, 16:]) < 49_984).all()


def test_boards_learn_from_strictly_earlier_saves_without_the_one_that_is_looked_for() -> None:
    saved = world(items=12, persons=12, actions=12).saved
    rows = zip(saved.sources[::-1], saved.targets[::-1], saved.at_ms[::-1], strict=True)
    at_ms = {(int(item), int(board)): int(at) for item, board, at in rows}  # the first of several
    labels = board_labels(saved, 4, np.random.default_rng(0))

    assert len(labels)
    for row in range(len(labels)):
        items = labels.sources[row][labels.sources[row] >= 0].tolist()
        assert len(items)
        assert labels.targets[row] not in items
        assert all(at_ms[item, int(labels.queries[row])] < labels.at_ms[row] for item in items)


def test_export_of_boards_and_people_equals_torch() -> None:
    torch.manual_seed(0)
    vectors = np.random.default_rng(0).normal(size=(1, 30, 16)).astype(np.float32)
    task = BoardTask(CONFIG.boards, vectors, np.zeros((1, 5), np.float32), np.zeros(30, np.float32)).eval()
    torch.nn.init.normal_(task.board.narrow.weight)
    person = PersonTask(CONFIG.people, vectors, np.zeros(30, np.float32)).eval()

    for rows, most in ((1, 3), (5, 8), (3, 1)):
        rng = np.random.default_rng(rows)
        items = rng.integers(-1, 30, (rows, most))
        items[:, 0] = 1
        words = rng.normal(size=(rows, 5)).astype(np.float32)
        there = torch.from_numpy((items >= 0).astype(np.float32))
        held = torch.from_numpy(vectors[0][np.maximum(items, 0)])
        whole = np.abs(items)
        acts = np.full_like(whole, 6)
        with torch.no_grad():
            wanted = task.board(held, there, torch.from_numpy(words)).numpy()
            features = torch.from_numpy(features_of(whole * 3_600_000))
            states = person.person(torch.from_numpy(vectors[0][whole]), torch.from_numpy(acts), features)
        sets = BoardSets(np.arange(rows), items, np.full(rows, most))
        np.testing.assert_allclose(
            boards_served(task).boards(sets, vectors[0], words), wanted, rtol=1e-3, atol=1e-5
        )
        found = people_served(person).people(Past(whole, acts, whole * 3_600_000), vectors[0])
        np.testing.assert_allclose(found, states[:, -1].numpy(), rtol=1e-3, atol=1e-5)


def test_a_goal_is_strictly_later_in_the_window_and_of_the_same_person() -> None:
    acts = acts_of(world().acted, NEVER_MS)
    after, first = goals_of(acts, 5.0, np.random.default_rng(0))

    rows = np.flatnonzero(after >= 0)
    assert len(rows) > 50
    assert (acts.persons[after[rows]] == acts.persons[rows]).all()
    gap_ms = acts.at_ms[after[rows]] - acts.at_ms[rows]
    assert gap_ms.min() > 0
    assert gap_ms.max() <= 5 * 86_400_000
    opens = np.flatnonzero(first >= 0)
    assert len(opens) == len(np.unique(acts.persons))


def test_rows_of_people_read_only_views_before_their_goals_and_refuse_no_true_answer() -> None:
    columns = world(persons=40)
    acts = acts_of(columns.acted, NEVER_MS)
    cuts = moments(acts.at_ms, 4)
    known = KnownPairs(acts.persons, acts.items, columns.items)
    rng = np.random.default_rng(0)
    shown = LinkColumns.of(
        rng.integers(0, 40, 300), rng.integers(0, columns.items, 300), rng.choice(acts.at_ms, 300)
    )
    liked = set(zip(acts.persons.tolist(), acts.items.tolist(), strict=True))
    first_ms = {}
    for person, item, at_ms in zip(acts.persons, acts.items, acts.at_ms, strict=True):
        first_ms[int(person), int(item)] = max(int(at_ms), first_ms.get((int(person), int(item)), 0))
    goals = refused = 0

    for step in rows_of(acts, shown, cuts, known, chances_of(acts.items, columns.items), CONFIG.people, rng):
        for row in range(len(step["items"])):
            aims = step["goals"][row][step["goals"][row] >= 0].tolist()
            met = step["items"][row][step["items"][row] >= 0].tolist()
            goals += len(aims)
            owners = {p for p in range(40) if all((p, item) in liked for item in met + aims)}
            assert owners or not met
            view_ms = int(cuts[step["views"][row]])
            assert all(max(first_ms.get((p, item), 0) for p in owners) >= view_ms for item in aims)
            refused += int((step["refused"][row] >= 0).sum())
            own = row * step["goals"].shape[1] + np.flatnonzero(step["goals"][row] >= 0)
            assert step["is_void"][row, own].all(), "a person's own later actions are no wrong answers"
    after, first = goals_of(acts, CONFIG.people.window_days, np.random.default_rng(0))
    assert goals > 0.6 * (after >= 0).sum() + (first >= 0).sum() * 0.5
    assert refused > 0


def test_ablation_judges_every_part_on_the_same_labels(columns: TasteColumns, tmp_path: Path) -> None:
    held = held_out(columns, CONFIG, 0)
    quick = CONFIG.with_epochs(1)

    rows = ablated(
        held, quick, lambda name, own: train_space(held.known, own, seed=0, folder=tmp_path / name)
    )

    assert {row.model for row in rows} == {"raw content", "popularity", "content", "graph", "both"}
    of_raw = {(row.task, row.slice): row.labels for row in rows if row.model == "raw content"}
    assert all(row.labels == of_raw[row.task, row.slice] for row in rows)
    assert all(row.low <= row.mean <= row.high for row in rows)
    assert all(row.gain == 0 for row in rows if row.model == "raw content")
    assert "person all" in table_of(rows)


def test_the_command_trains_and_keeps_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    acted = world(items=30, persons=30, actions=8).acted
    rows = zip(acted.sources, acted.targets, acted.at_ms, strict=True)
    lines = [f"{person},{item},{5 if item % 3 else 3},{at // 1000}" for person, item, at in rows]
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(lines) + "\n")
    films = [f"{i},Film of taste {i % TASTES},Drama" for i in range(30)]
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "\n".join(films) + "\n")
    tags = [f"1,{i},Taste {i % TASTES},{1_700_000_000 + i * 40_000}" for i in range(30)] + ["1,2,,x"]
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n" + "\n".join(tags) + "\n")
    words = [
        "taste",
        "train",
        "--data",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--epochs",
        "1",
        "--json",
    ]

    assert main(words) == 0
    card = json.loads(capsys.readouterr().out)

    assert card["name"] == "taste"
    assert {"person all recall@10", "content person all recall@10"} <= set(card["metrics"])
    space = load_space(tmp_path / "out" / "taste" / card["id"])
    assert space.version == card["facts"]["version"]


def recent_of(items: np.ndarray) -> RecentActions:
    """Saves of these, the last one newest; the store tells the newest first."""
    at_ms = START_MS + np.arange(len(items)) * HOUR_MS
    save = np.full(len(items), ACTION_CODES[Action.SAVE], dtype=np.int8)
    return RecentActions(items[::-1], save, at_ms[::-1])


@pytest.fixture(scope="module")
def vectors(columns: TasteColumns, space: TasteSpace) -> TasteVectors:
    """Of all items but the new ones."""
    known = columns.items - NEW
    return TasteVectors("model_1", space, np.arange(known), space.at(columns, NEVER_MS - 1).vectors[:known])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 119), min_size=1, max_size=30), st.integers(1, 200))
def test_person_is_led_to_others_by_the_nearest_of_their_likes(
    vectors: TasteVectors, likes: list[int], most: int
) -> None:
    expected = vectors.expect(recent_of(np.array(likes)), most, START_MS)

    assert len(expected.numbers) == len(set(expected.numbers.tolist())) <= most
    assert not set(expected.numbers.tolist()) & set(likes)
    assert set(expected.led_by.tolist()) <= set(likes)
    assert (np.diff(expected.shares) < 0).all()


def test_person_of_one_taste_is_led_to_that_taste_and_told_which_like_led_there(
    vectors: TasteVectors,
) -> None:
    for taste in range(TASTES):
        expected = vectors.expect(recent_of(np.arange(5) * TASTES + taste), 10, START_MS)
        assert np.mean(expected.numbers % TASTES == taste) >= 0.7  # by chance a sixth
        assert expected.model == "taste model_1"


def test_nothing_is_expected_of_who_liked_nothing_that_the_space_knows(vectors: TasteVectors) -> None:
    nothing, late = np.zeros(0, np.int64), np.array([100_000])
    assert not len(vectors.expect(recent_of(nothing), 10, START_MS).numbers)
    assert not len(vectors.expect(recent_of(late), 10, START_MS).numbers)
    assert not len(vectors.near(100_000, 5))


def test_item_that_came_later_is_found_at_once_and_one_without_content_never(
    columns: TasteColumns, space: TasteSpace
) -> None:
    known = columns.items - NEW
    own = TasteVectors("model_1", space, np.arange(known), space.at(columns, NEVER_MS - 1).vectors[:known])
    numbers = np.arange(known, columns.items)
    content = columns.content[numbers].copy()
    content[0] = 0.0

    own.add(numbers, content, columns.items)

    assert own.covered == columns.items
    assert len(own) == columns.items - 1
    assert not len(own.near(known, 5))
    near = np.array([own.near(number, 10) for number in range(known + 1, columns.items)])
    assert np.mean(near % TASTES == np.arange(known + 1, columns.items)[:, None] % TASTES) > 0.4
    found = {number for item in range(known) for number in own.near(item, 10).tolist()}
    assert len(found & set(numbers.tolist())) > NEW / 3
