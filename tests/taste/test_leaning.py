"""How much profiles lean on what everybody likes: much where tastes are alike, little where they are not."""

import numpy as np
import pytest

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.taste.config import DAY_MS, TasteConfig
from bowerbird.taste.graph.marks import MARK
from bowerbird.taste.interest_tree import InterestTree, Leaning, truest_leaning
from bowerbird.taste.interest_tree.leaning import LEAST_PEOPLE

INTERESTS, ITEMS, LIKES = 6, 600, 30
GIVEN = Leaning(3.5)
CENTRES = np.eye(INTERESTS, dtype=np.float32)
TREE = InterestTree(
    tuple(f"i{place}" for place in range(INTERESTS)),
    tuple(f"interest {place}" for place in range(INTERESTS)),
    np.full(INTERESTS, -1),
    np.arange(ITEMS) % INTERESTS,
    CENTRES,
)


def marks_of(tastes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Likes of people with these shares of interests, a day apart, in a drawn order of rows."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((len(tastes), LIKES), MARK)
    for person, shares in enumerate(tastes):
        interests = rng.choice(INTERESTS, LIKES, p=shares)
        rows[person]["source"] = person
        rows[person]["target"] = interests + INTERESTS * rng.integers(ITEMS // INTERESTS, size=LIKES)
        rows[person]["at_ms"] = DAY_MS * np.arange(1, LIKES + 1)
    rows["weight"], rows["action"] = 1.0, ACTION_CODES[Action.SAVE]
    return rng.permutation(rows.ravel())


def leaning(marks: np.ndarray, otherwise: Leaning = GIVEN) -> Leaning:
    return truest_leaning(
        TREE, marks, lambda items: CENTRES[items % INTERESTS], TasteConfig(), otherwise=otherwise
    )


def own_share(found: Leaning, strength: float = 10.0) -> float:
    """What ten fresh saves count for."""
    return float(found.shares(np.array([strength]), strength, np.zeros(1))[0])


def drawn(concentration: float, people: int = 120, seed: int = 0) -> np.ndarray:
    means = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    return np.random.default_rng(seed).dirichlet(means * concentration, people)


def test_people_who_are_alike_lean_more_than_people_who_are_not() -> None:
    found = [own_share(leaning(marks_of(drawn(concentration)))) for concentration in (1.0, 8.0, 200.0)]

    assert found[0] > found[1] > found[2]
    assert found[0] >= 0.8
    assert found[2] <= 0.25


def test_order_of_rows_does_not_matter() -> None:
    marks = marks_of(drawn(4.0))

    assert leaning(marks) == leaning(np.random.default_rng(9).permutation(marks))


@pytest.mark.parametrize("people", [0, 1, LEAST_PEOPLE - 1])
def test_too_few_people_leave_what_was_set(people: int) -> None:
    assert leaning(marks_of(drawn(4.0, people)), otherwise=GIVEN) is GIVEN


def test_items_of_no_interest_or_beyond_the_tree_fit_nothing() -> None:
    marks = marks_of(drawn(4.0))
    marks["target"] += ITEMS

    assert leaning(marks, otherwise=GIVEN) is GIVEN


@pytest.mark.parametrize("given", [Leaning(), Leaning(4.0, 0.6)])
def test_shares_add_up_and_nothing_done_is_what_everybody_likes(given: Leaning) -> None:
    everybody = np.array([0.7, 0.2, 0.1])

    assert given.shares(np.array([1.0, 3.0, 0.0]), 4.0, everybody).sum() == pytest.approx(1)
    np.testing.assert_allclose(given.shares(np.zeros(3), 0.0, everybody), everybody)
