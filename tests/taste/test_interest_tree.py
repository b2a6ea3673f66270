from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.lake import INTEREST_NAMES
from bowerbird.taste.config import DAY_MS, TasteConfig
from bowerbird.taste.interest_tree import (
    Done,
    InterestTree,
    Said,
    TreeConfig,
    Wish,
    chances,
    faded,
    load_tree,
    of_items,
    profile_of,
    save_tree,
    targetable,
    unwanted,
    wishes_at,
)
from bowerbird.taste.interest_tree.growing import from_categories, from_vectors
from bowerbird.taste.interest_tree.keeping import FILE, load_shape
from bowerbird.taste.interest_tree.matching import with_ids_of
from bowerbird.taste.interest_tree.scores import calibrated, ece

PATHS = [("Home", "Lamps"), ("Home", "Lamps"), ("Home", "Vases"), ("Home",), ("Food",), (), ("Food", "Fruit")]
NOW_MS = 1_700_000_000_000


def blobs(per: int, kinds: int, seed: int = 0, noise: float = 0.12) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around axes, and which axis each is around."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(kinds), per)
    return (np.eye(kinds)[kind] + noise * rng.normal(size=(per * kinds, kinds))).astype(np.float32), kind


@pytest.fixture
def tree() -> InterestTree:
    vectors = np.zeros((len(PATHS), 4), np.float32)
    for place, path in enumerate(PATHS):
        vectors[place, len(path)] = 1.0 + place
    made = from_categories(PATHS, vectors)
    return with_ids_of(made, None, 0.3, (f"n{number}" for number in count()).__next__)


def place(tree: InterestTree, *path: str) -> int:
    return next(n for n in range(len(tree)) if tree.path_names(n) == path)


def test_categories_are_the_tree_and_parents_stand_before_children(tree: InterestTree) -> None:
    paths = {tree.path_names(n) for n in range(len(tree))}

    assert paths == {path[:depth] for path in PATHS for depth in range(1, len(path) + 1)}
    assert all(parent < n for n, parent in enumerate(tree.parents))
    assert tree.leaf_of[5] == -1
    assert tree.within(place(tree, "Home")).sum() == 3
    np.testing.assert_allclose(np.linalg.norm(tree.centres, axis=1), 1, rtol=1e-5)


@given(seed=st.integers(0, 50), rows=st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_parent_never_has_less_than_its_children_and_the_top_adds_up_to_one(seed: int, rows: int) -> None:
    vectors, _ = blobs(30, 6, seed % 5)
    made = from_vectors(vectors, [""] * len(vectors), TreeConfig(branches=3, least_items=8))
    asked = np.random.default_rng(seed).normal(size=(rows, 6)).astype(np.float32)

    found = chances(made, asked)

    for n, parent in enumerate(made.parents.tolist()):
        if parent >= 0:
            assert (found[:, parent] >= found[:, n] - 1e-9).all()
    np.testing.assert_allclose(found[:, made.parents == -1].sum(axis=1), 1, rtol=1e-6)
    assert not chances(made, np.zeros((2, 6), np.float32)).any()


def test_clusters_are_found_and_named_by_the_words_that_tell_them_apart() -> None:
    vectors, kind = blobs(40, 4)
    words = np.array(["red vase", "brass lamp", "wool rug", "oak chair"])[kind]

    made = from_vectors(
        vectors, [f"nice {text}" for text in words], TreeConfig(branches=4, least_items=10, levels=1)
    )

    assert len(made) == 4
    for n in range(4):
        (only,) = set(kind[made.leaf_of == n].tolist())
        assert set(made.names[n].casefold().split(" & ")) == set(
            ["red vase", "brass lamp", "wool rug", "oak chair"][only].split()
        )


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((50, 4), np.float32),
        np.full((50, 4), np.nan, np.float32),
        np.ones((50, 4), np.float32),
        np.zeros((0, 4), np.float32),
    ],
)
def test_vectors_that_say_nothing_make_no_tree_and_no_fault(vectors: np.ndarray) -> None:
    made = from_vectors(vectors, [""] * len(vectors), TreeConfig())

    assert len(made) == 0
    assert chances(made, np.ones((2, 4), np.float32)).shape == (2, 0)
    assert calibrated(made, np.nan_to_num(vectors))[1].items == 0


def test_interest_that_goes_on_keeps_its_id_and_no_id_is_given_again(tree: InterestTree) -> None:
    fresh = (f"new{number}" for number in count())
    paths = [
        ("Home", "Lights"),
        ("Home", "Lights"),
        ("Home", "Vases"),
        ("Home",),
        ("Food",),
        ("Toys",),
        ("Food", "Fruit"),
    ]

    after = with_ids_of(from_categories(paths, np.ones((7, 4), np.float32)), tree, 0.3, fresh.__next__)

    assert after.ids[place(after, "Home", "Lights")] == tree.ids[place(tree, "Home", "Lamps")]
    for path in (("Home",), ("Home", "Vases"), ("Food",), ("Food", "Fruit")):
        assert after.ids[place(after, *path)] == tree.ids[place(tree, *path)]
    assert after.ids[place(after, "Toys")] == "new0"
    assert len(set(after.ids)) == len(after)


def test_tree_made_anew_of_grown_vectors_keeps_most_ids() -> None:
    vectors, _ = blobs(60, 5)
    config, fresh = TreeConfig(branches=5, least_items=10, levels=1), (f"i{number}" for number in count())
    before = with_ids_of(from_vectors(vectors[::2], [""] * 150, config), None, 0.3, fresh.__next__)
    grown = np.concatenate([vectors[::2], vectors[1::2]])

    after = with_ids_of(from_vectors(grown, [""] * 300, config, seed=7), before, 0.3, fresh.__next__)

    same = after.leaf_of[:150]
    assert sum(after.ids[new] == before.ids[old] for new, old in zip(same, before.leaf_of, strict=True)) > 140


def test_chances_are_true_on_items_that_took_no_part() -> None:
    vectors, kind = blobs(400, 6, noise=0.6)
    made = from_categories([(str(each),) for each in kind], vectors)

    tuned, told = calibrated(made, vectors)

    assert told.items > 700
    assert told.ece < 0.05 < ece(np.ones(100), np.arange(100) % 2 == 0)
    assert tuned.sharpness != made.sharpness


def test_item_that_the_catalogue_placed_is_in_its_interest_nearly_surely(tree: InterestTree) -> None:
    found = of_items(tree, np.array([0, 5, 99]), np.zeros((3, 4), np.float32))

    assert found[0, place(tree, "Home", "Lamps")] == pytest.approx(0.98)
    assert found[0, place(tree, "Home")] == pytest.approx(0.98)
    assert not found[1:].any()


def done(*rows: tuple[int, Action, float]) -> Done:
    """(item, action, days ago), newest first."""
    rows = tuple(sorted(rows, key=lambda row: row[2]))
    return Done(
        np.array([row[0] for row in rows], np.int64),
        np.array([ACTION_CODES[row[1]] for row in rows], np.int8),
        np.array([NOW_MS - int(row[2] * DAY_MS) for row in rows], np.int64),
    )


def of(
    tree: InterestTree, what: Done, *said: Said, t_ms: int = NOW_MS, everybody: np.ndarray | None = None
) -> np.ndarray:
    return read(tree, what, *said, t_ms=t_ms, everybody=everybody).shares


def read(
    tree: InterestTree, what: Done, *said: Said, t_ms: int = NOW_MS, everybody: np.ndarray | None = None
):  # type: ignore[no-untyped-def]
    none = lambda items: np.zeros((len(items), 4), np.float32)  # noqa: E731
    return profile_of(tree, what, none, said, t_ms, TasteConfig(), everybody=everybody)


LIKED = done((0, Action.SAVE, 1), (2, Action.SAVE, 2), (6, Action.SAVE, 40), (4, Action.CLICK, 3))


def test_profile_names_what_says_so_and_fades(tree: InterestTree) -> None:
    profile = read(tree, LIKED)
    home, fruit = place(tree, "Home"), place(tree, "Food", "Fruit")

    assert profile.shares[home] > profile.shares[place(tree, "Food")] > 0
    assert {item for item, _ in profile.evidence[home]} == {0, 2}
    assert profile.shares[tree.parents == -1].sum() <= 1 + 1e-9
    later = read(tree, LIKED, t_ms=NOW_MS + 30 * DAY_MS)
    assert later.hefts[home] == pytest.approx(profile.hefts[home] / 2, rel=1e-3)
    moments, curve = faded(lambda t_ms: read(tree, LIKED, t_ms=t_ms), NOW_MS, days=60, points=7)
    assert curve[moments < NOW_MS - 41 * DAY_MS, fruit].tolist() == [0.0] * int(
        (moments < NOW_MS - 41 * DAY_MS).sum()
    )
    assert curve[-1, home] > 0


@given(t_days=st.floats(-5, 50))
@settings(max_examples=40, deadline=None)
def test_profile_as_of_t_knows_nothing_of_what_came_later(t_days: float) -> None:
    made = with_ids_of(
        from_categories(PATHS, np.ones((7, 4), np.float32)), None, 0.3, (f"n{n}" for n in count()).__next__
    )
    t_ms = NOW_MS - int(t_days * DAY_MS)
    said = (
        Said(made.ids[0], Wish.NEVER, NOW_MS - 10 * DAY_MS),
        Said(made.ids[0], Wish.MORE, NOW_MS - 2 * DAY_MS),
    )
    before = Done(*(column[LIKED.at_ms < t_ms] for column in (LIKED.items, LIKED.actions, LIKED.at_ms)))

    np.testing.assert_array_equal(
        of(made, LIKED, *said, t_ms=t_ms),
        of(made, before, *(each for each in said if each.at_ms < t_ms), t_ms=t_ms),
    )


def test_wishes_change_shares_and_can_be_taken_back(tree: InterestTree) -> None:
    home, lamps = tree.ids[place(tree, "Home")], tree.ids[place(tree, "Home", "Lamps")]
    plain = of(tree, LIKED)

    def under(*said: Said) -> float:
        return float(of(tree, LIKED, *said)[place(tree, "Home")])

    assert under(Said(home, Wish.MORE, 1)) > plain[place(tree, "Home")] > under(Said(home, Wish.LESS, 1))
    assert under(Said(home, Wish.NEVER, 1)) == 0
    assert under(Said(home, Wish.NEVER, 1), Said(lamps, Wish.MORE, 2)) > 0  # what is nearer counts
    np.testing.assert_array_equal(
        of(tree, LIKED, Said(home, Wish.NEVER, 1), Said(home, Wish.CLEAR, 2)), plain
    )
    np.testing.assert_array_equal(of(tree, LIKED, Said(home, Wish.MUTE, 1, until_ms=NOW_MS - 1)), plain)
    assert under(Said(home, Wish.MUTE, 1, until_ms=NOW_MS + 1)) == 0


def test_of_contradictory_wishes_the_newest_holds(tree: InterestTree) -> None:
    home = tree.ids[place(tree, "Home")]
    said = [Said(home, Wish.NEVER, 5), Said(home, Wish.MORE, 9), Said(home, Wish.LESS, 7)]

    wishes = wishes_at(tree, said, 10)

    assert wishes.holding[home].wish is Wish.MORE
    assert wishes_at(tree, said, 8).holding[home].wish is Wish.LESS


def test_forgetting_an_interest_leaves_what_is_done_later(tree: InterestTree) -> None:
    home = tree.ids[place(tree, "Home")]
    said = Said(home, Wish.FORGET, NOW_MS - int(1.5 * DAY_MS))

    profile = read(tree, LIKED, said)

    assert {item for item, _ in profile.evidence[place(tree, "Home")]} == {0}


def test_wish_of_an_interest_that_vanished_is_kept_without_effect(tree: InterestTree) -> None:
    wishes = wishes_at(tree, [Said("gone", Wish.NEVER, 1)], 2)

    assert wishes.unknown == ("gone",)
    assert (wishes.factors == 1).all()


def test_items_of_an_unwanted_interest_are_told(tree: InterestTree) -> None:
    wishes = wishes_at(tree, [Said(tree.ids[place(tree, "Home", "Lamps")], Wish.NEVER, 1)], 2)

    assert unwanted(tree, wishes, np.array([0, 2, 5, 99])).tolist() == [True, False, False, False]


def test_person_with_few_actions_leans_on_what_everybody_likes(tree: InterestTree) -> None:
    everybody = np.zeros(len(tree))
    everybody[place(tree, "Food")] = 1.0

    after = [
        of(tree, done(*[(0, Action.SAVE, 1.0 + day) for day in range(actions)]), everybody=everybody)
        for actions in range(4)
    ]

    home = [float(shares[place(tree, "Home")]) for shares in after]
    assert home[0] == 0
    assert home == sorted(set(home))
    assert all(shares[place(tree, "Food")] > 0.2 for shares in after)
    for shares in after:
        assert shares[tree.parents == -1].sum() == pytest.approx(1, abs=0.03)


def test_person_who_likes_everything_has_every_interest(tree: InterestTree) -> None:
    profile = read(tree, done(*[(n % 7, Action.SAVE, n / 1000) for n in range(5_000)]))

    assert (profile.shares > 0).all()


def test_sensitive_interests_and_what_is_below_them_are_not_for_targeting() -> None:
    made = from_categories(
        [("Health & Beauty", "Soap"), ("Books",), ("Guns",), ("Begun",)], np.ones((4, 3), np.float32)
    )

    is_free = targetable(made, TreeConfig().sensitive)

    assert {made.path_names(n) for n in np.flatnonzero(is_free).tolist()} == {("Books",), ("Begun",)}
    assert targetable(made, ()).all()


def test_tree_is_kept_whole_and_a_damaged_one_is_none(tree: InterestTree, tmp_path: Path) -> None:
    save_tree(replace(tree, sharpness=12.5), tmp_path)

    kept = load_tree(tmp_path)

    assert kept is not None
    assert (kept.ids, kept.names, kept.sharpness) == (tree.ids, tree.names, 12.5)
    np.testing.assert_array_equal(kept.leaf_of, tree.leaf_of)
    (tmp_path / INTEREST_NAMES).unlink()  # as forgetting an item does
    assert load_tree(tmp_path) is None
    shape = load_shape(tmp_path)
    assert shape is not None
    after = with_ids_of(tree, shape, 0.3, iter(()).__next__)
    assert after.ids == tree.ids
    (tmp_path / FILE).write_bytes(b"PK")
    assert load_tree(tmp_path) is None
    assert load_tree(tmp_path / "none") is None
