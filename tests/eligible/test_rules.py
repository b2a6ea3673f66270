from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.eligible import (
    Standing,
    hidden_from,
    holds,
    keep_allowed,
    keep_for_country,
    keep_not_blocked,
    keep_not_hidden,
    keep_not_saved,
    keep_not_shown,
    keep_unseen,
    screen,
)
from bowerbird.lake.online import OnlineStore

numbers_of = st.lists(st.integers(0, 50), max_size=30)


def sorted_numbers(numbers: list[int]) -> np.ndarray:
    return np.unique(np.array(numbers, dtype=np.int64))


@given(numbers_of, numbers_of)
def test_holds_says_what_a_set_would_say(members: list[int], asked: list[int]) -> None:
    found = holds(sorted_numbers(members), np.array(asked, dtype=np.int64))

    assert found.tolist() == [number in set(members) for number in asked]


def test_each_rule_removes_its_own_and_is_counted_by_name() -> None:
    standing = Standing(
        hidden=sorted_numbers([1]),
        saved=sorted_numbers([2]),
        shown=sorted_numbers([3]),
        seen=sorted_numbers([4, 3]),
    )
    allowed = np.ones(7, dtype=bool)
    allowed[0] = False

    screened = screen(
        np.arange(8),
        standing,
        {
            "unavailable": keep_allowed(allowed),
            "hidden": keep_not_hidden,
            "saved": keep_not_saved,
            "shown": keep_not_shown,
            "seen": keep_unseen,
        },
    )

    assert np.flatnonzero(screened.keep).tolist() == [5, 6]
    assert [(each.rule, each.taken - each.given) for each in screened.removals] == [
        ("unavailable", 2),  # 0 is not allowed, 7 came after the mask was made
        ("hidden", 1),
        ("saved", 1),
        ("shown", 1),
        ("seen", 1),
    ]


def test_nothing_is_allowed_by_an_empty_mask() -> None:
    keep = keep_allowed(np.zeros(0, dtype=bool))(np.array([0, -1]), Standing())

    assert keep.tolist() == [False, False]


def test_no_candidates_pass_every_rule() -> None:
    screened = screen(np.zeros(0, dtype=np.int64), Standing(), {"hidden": keep_not_hidden})

    assert len(screened.keep) == 0
    assert screened.removals[0].given == 0


def test_hidden_reported_and_less_wanted_items_are_hidden_until_a_hide_is_taken_back(tmp_path: Path) -> None:
    online = OnlineStore(tmp_path / "online.sqlite")
    for turn, (number, action) in enumerate(
        [(1, Action.HIDE), (2, Action.REPORT), (3, Action.SEE_FEWER), (4, Action.SAVE), (5, Action.HIDE)]
    ):
        online.push("ann", [number], [ACTION_CODES[action]], 1000 + turn)
    online.push("ann", [5], [ACTION_CODES[Action.UNHIDE]], 2000)

    assert hidden_from(online, "ann").tolist() == [1, 2, 3]
    assert hidden_from(online, "bob").tolist() == []


@given(numbers_of, numbers_of, st.integers(-1, 3))
def test_blocked_owners_and_other_countries(found: list[int], blocked: list[int], country: int) -> None:
    countries = np.arange(40) % 4  # 0: for all
    standing = Standing(blocked=sorted_numbers(blocked))
    rules = {"blocked": keep_not_blocked, "country": keep_for_country(countries, country)}

    kept = np.array(found, dtype=np.int64)[
        screen(np.array(found, dtype=np.int64), standing, rules).keep
    ].tolist()

    wanted = [
        each
        for each in found
        if each not in blocked and (each >= 40 or country == 0 or countries[each] in (0, country))
    ]
    assert kept == wanted
