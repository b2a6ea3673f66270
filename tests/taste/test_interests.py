import numpy as np
import pytest

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.online import OnlineStore
from bowerbird.taste import InterestReader, Interests, Likeness, TasteConfig, measure_likeness

DAY_MS = 86_400_000
NOW_MS = 1_700_000_000_000
RED, BLUE = range(10), range(10, 20)


def item_vectors() -> np.ndarray:
    """Items 0 to 9 are around the first axis, 10 to 19 around the second."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.eye(6)[:2], 10, axis=0) + 0.1 * rng.normal(size=(20, 6))
    found: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


VECTORS = item_vectors()


@pytest.fixture
def online(tmp_path) -> OnlineStore:  # type: ignore[no-untyped-def]
    return OnlineStore(tmp_path / "online.sqlite")


def save(online: OnlineStore, *items: int, days_ago: float = 0.0) -> None:
    for turn, item in enumerate(items):
        at_ms = NOW_MS - int(days_ago * DAY_MS) + turn
        online.push("ann", [item], [ACTION_CODES[Action.SAVE]], at_ms)


def read(online: OnlineStore, reader: InterestReader | None = None, now_ms: int = NOW_MS) -> Interests:
    return (reader or InterestReader(online, TasteConfig())).of(
        "ann",
        now_ms=now_ms,
        vectors_of=lambda numbers: VECTORS[numbers],
        likeness=Likeness(0.0),
        stamp="v1",
    )


def test_two_tastes_are_two_interests_with_medoids_that_were_really_saved(online: OnlineStore) -> None:
    save(online, 0, 1, 2, 10, 11)

    interests = read(online)

    assert len(interests) == 2
    assert interests.medoids[0] in (0, 1, 2)
    assert interests.medoids[1] in (10, 11)
    assert interests.importance[0] == pytest.approx(3 / 5, abs=1e-3)
    assert interests.importance.sum() == pytest.approx(1.0)


def test_newer_taste_outweighs_an_older_one(online: OnlineStore) -> None:
    save(online, 0, 1, 2, days_ago=120)
    save(online, 10)

    interests = read(online)

    assert interests.medoids[0] == 10


def test_new_hobby_leaves_the_old_medoid_where_it_was(online: OnlineStore) -> None:
    save(online, 0, 1, 2)
    before = read(online).medoids[0]
    save(online, 10)

    assert before in read(online).medoids


def test_strength_fades_while_the_clock_moves(online: OnlineStore) -> None:
    save(online, 0)
    reader = InterestReader(online, TasteConfig(half_life_days=10.0))

    now, later = read(online, reader), read(online, reader, NOW_MS + 20 * DAY_MS)

    assert later.strength == pytest.approx(now.strength / 4, rel=1e-3)


def test_save_is_read_at_once_although_interests_are_kept(online: OnlineStore) -> None:
    reader = InterestReader(online, TasteConfig())
    save(online, 0)
    before = read(online, reader)
    save(online, 10)

    assert len(before) == 1
    assert len(read(online, reader)) == 2


def test_interests_are_not_read_again_for_an_impression(online: OnlineStore) -> None:
    reader = InterestReader(online, TasteConfig())
    save(online, 0)
    before = read(online, reader)
    online.mark_seen("ann", [5, 6], NOW_MS)

    assert read(online, reader) is before


def test_forgotten_person_has_no_interests(online: OnlineStore) -> None:
    reader = InterestReader(online, TasteConfig())
    save(online, 0)
    read(online, reader)
    online.forget("ann")
    reader.forget("ann")

    assert len(read(online, reader)) == 0


def test_liked_item_that_is_gone_from_the_catalogue_stands_for_nothing(online: OnlineStore) -> None:
    save(online, 0, 10)
    gone = VECTORS.copy()
    gone[10] = 0.0

    interests = InterestReader(online, TasteConfig()).of(
        "ann", now_ms=NOW_MS, vectors_of=lambda numbers: gone[numbers], likeness=Likeness(0.0), stamp="v1"
    )

    assert interests.medoids.tolist() == [0]


def test_closeness_is_nothing_for_a_usual_pair_and_one_for_the_same() -> None:
    likeness = measure_likeness(VECTORS)
    cosines = VECTORS @ VECTORS.T

    closeness = likeness.closeness(cosines)

    assert np.median(closeness[np.triu_indices(20, 1)]) == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(np.diag(closeness), 1.0, atol=1e-5)


@pytest.mark.parametrize("vectors", [np.zeros((0, 3)), np.zeros((5, 3)), np.ones((5, 3)) / np.sqrt(3.0)])
def test_likeness_of_a_catalogue_without_differences_is_finite(vectors: np.ndarray) -> None:
    likeness = measure_likeness(vectors.astype(np.float32))

    assert np.isfinite(likeness.closeness(np.array([1.0], dtype=np.float32))).all()
