import numpy as np
import pytest

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.taste import Liking, TasteConfig
from bowerbird.taste.liking import weigh

DAY_MS = 86_400_000
NOW_MS = 1_700_000_000_000


def weighed(*done: tuple[int, Action, float], **settings: float) -> Liking:
    """(item, action, days ago), newest first."""
    return weigh(
        np.array([item for item, _, _ in done], dtype=np.int64),
        np.array([ACTION_CODES[action] for _, action, _ in done], dtype=np.int8),
        np.array([NOW_MS - int(days * DAY_MS) for _, _, days in done], dtype=np.int64),
        now_ms=NOW_MS,
        config=TasteConfig(**settings),  # type: ignore[arg-type]
    )


def test_actions_on_one_item_add_up_and_the_strongest_is_named() -> None:
    liking = weighed((7, Action.CLOSEUP, 0.0), (7, Action.SAVE, 0.0), (7, Action.CLICK, 0.0))

    assert liking.liked.tolist() == [7]
    assert liking.weights[0] == pytest.approx(0.25 + 1.0 + 0.4)
    assert liking.actions[0] == ACTION_CODES[Action.SAVE]


def test_like_is_halved_every_half_life() -> None:
    liking = weighed(
        (1, Action.SAVE, 0.0), (2, Action.SAVE, 30.0), (3, Action.SAVE, 60.0), half_life_days=30.0
    )

    np.testing.assert_allclose(liking.weights, [1.0, 0.5, 0.25], rtol=1e-5)


def test_items_come_newest_first() -> None:
    liking = weighed(
        (5, Action.SAVE, 0.0), (9, Action.CLICK, 1.0), (5, Action.CLICK, 2.0), (1, Action.SAVE, 3.0)
    )

    assert liking.liked.tolist() == [5, 9, 1]


@pytest.mark.parametrize(
    ("undone", "by"), [(Action.SAVE, Action.UNSAVE), (Action.HIDE, Action.UNHIDE), (Action.HIDE, Action.SAVE)]
)
def test_action_taken_back_says_nothing_any_more(undone: Action, by: Action) -> None:
    liking = weighed((1, by, 0.0), (1, undone, 1.0), (2, undone, 1.0))

    kept = liking.disliked if undone is Action.HIDE else liking.liked
    assert 1 not in kept.tolist()
    assert 2 in kept.tolist()


def test_save_after_an_unsave_counts() -> None:
    liking = weighed((1, Action.SAVE, 0.0), (1, Action.UNSAVE, 1.0), (1, Action.SAVE, 2.0))

    assert liking.weights.tolist() == [1.0]


def test_hidden_item_is_disliked_and_not_liked_for_having_been_opened() -> None:
    liking = weighed((1, Action.HIDE, 0.0), (1, Action.CLOSEUP, 0.1))

    assert liking.liked.tolist() == []
    assert liking.disliked.tolist() == [1]


def test_impressions_dwells_and_searches_without_an_item_say_nothing() -> None:
    liking = weighed((1, Action.IMPRESSION, 0.0), (1, Action.DWELL, 0.0), (-1, Action.SAVE, 0.0))

    assert len(liking.liked) == len(liking.disliked) == 0


def test_action_from_the_future_counts_as_now() -> None:
    assert weighed((1, Action.SAVE, -5.0)).weights.tolist() == [1.0]


def test_nobody_who_did_nothing_likes_nothing() -> None:
    liking = weighed()

    assert len(liking.liked) == len(liking.disliked) == 0
