import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import DAY_MS, POLICIES, BehaviourConfig, ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.history import History
from bowerbird.world.log import WorldLog
from bowerbird.world.simulation import simulate
from bowerbird.world.world import World, make_world

CODES = {action: ACTION_CODES[action] for action in Action}


def small(**given: object) -> WorldConfig:
    parts = {"people": PeopleConfig(count=40), "items": ItemsConfig(count=300, topics=12), "days": 5}
    return WorldConfig(**{**parts, **given})


def lived(config: WorldConfig, policy: str = "similar", explore: float = 0.0) -> tuple[World, History]:
    world = make_world(config)
    return world, simulate(world, policy_of(policy, world, explore=explore))


def rows_of(log: WorldLog, action: Action) -> WorldLog:
    return log.where(log.actions == CODES[action])


@pytest.fixture(scope="module")
def history() -> tuple[World, History]:
    return lived(small(people=PeopleConfig(count=150), days=10), explore=0.1)


@pytest.mark.parametrize("policy", POLICIES)
def test_same_seed_gives_the_same_bytes(policy: str) -> None:
    (_, first), (_, again), (_, other) = (lived(small(seed=seed), policy) for seed in (3, 3, 4))

    assert first.log.digest() == again.log.digest()
    assert (first.boards.names, first.queries) == (again.boards.names, again.queries)
    assert first.log.digest() != other.log.digest()


def test_another_process_with_other_hashes_and_threads_gives_the_same_bytes() -> None:
    code = (
        "from bowerbird.world.choosing import policy_of\n"
        "from bowerbird.world.config import *\n"
        "from bowerbird.world.simulation import simulate\n"
        "from bowerbird.world.world import make_world\n"
        "items = ItemsConfig(count=300, topics=12)\n"
        "config = WorldConfig(people=PeopleConfig(count=40), items=items, days=5)\n"
        "world = make_world(config)\n"
        "print(simulate(world, policy_of('similar', world)).log.digest())\n"
    )
    env = {**os.environ, "PYTHONHASHSEED": "99", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}

    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == lived(small())[1].log.digest()


def test_log_is_in_order_of_time_and_within_the_days(history: tuple[World, History]) -> None:
    world, log = history[0], history[1].log

    assert (np.diff(log.at_ms) >= 0).all()
    assert log.at_ms.min() >= world.config.start_ms
    assert log.at_ms.max() < world.config.start_ms + world.config.days * DAY_MS


def test_no_page_shows_an_item_twice_or_before_it_is_there(history: tuple[World, History]) -> None:
    world, seen = history[0], rows_of(history[1].log, Action.IMPRESSION)
    pairs = seen.requests.astype(np.int64) << 32 | seen.items
    days = (seen.at_ms - world.config.start_ms) // DAY_MS

    assert len(np.unique(pairs)) == len(pairs)
    assert (world.items.born_day[seen.items] <= days).all()


def test_every_action_on_a_page_follows_an_impression_of_the_item_there(
    history: tuple[World, History],
) -> None:
    log = history[1].log
    seen = rows_of(log, Action.IMPRESSION)
    shown = set(zip(seen.requests.tolist(), seen.positions.tolist(), seen.items.tolist(), strict=True))

    for action in (Action.CLOSEUP, Action.CLICK, Action.LONG_CLICK, Action.SAVE, Action.HIDE):
        done = rows_of(log, action)
        assert len(done), action
        assert (
            set(zip(done.requests.tolist(), done.positions.tolist(), done.items.tolist(), strict=True))
            <= shown
        )


def test_long_clicks_are_clicks_and_clicks_open_the_item(history: tuple[World, History]) -> None:
    log = history[1].log

    def places(action: Action) -> set[tuple[int, int]]:
        done = rows_of(log, action)
        return set(zip(done.requests.tolist(), done.positions.tolist(), strict=True))

    assert places(Action.LONG_CLICK) <= places(Action.CLICK) <= places(Action.CLOSEUP)
    assert not places(Action.SAVE) & places(Action.HIDE)


def test_nobody_saves_an_item_twice_and_every_save_has_a_board_made_before(
    history: tuple[World, History],
) -> None:
    saves, boards = rows_of(history[1].log, Action.SAVE), history[1].boards
    pairs = saves.persons.astype(np.int64) << 32 | saves.items
    made = dict(
        zip(
            zip(boards.persons.tolist(), boards.slots.tolist(), strict=True),
            boards.made_ms.tolist(),
            strict=True,
        )
    )

    assert len(np.unique(pairs)) == len(pairs)
    for person, slot, at_ms in zip(
        saves.persons.tolist(), saves.boards.tolist(), saves.at_ms.tolist(), strict=True
    ):
        assert made[person, slot] < at_ms
    assert all(boards.names)


def test_sessions_of_one_person_do_not_overlap(history: tuple[World, History]) -> None:
    log = history[1].log
    inside = log.where((log.sessions >= 0) & (log.actions != CODES[Action.PURCHASE]))
    for person in np.unique(inside.persons)[:40]:
        own = inside.sessions[inside.persons == person]
        assert (np.diff(np.flatnonzero(np.diff(own))) >= 0).all()
        assert len(np.unique(own)) == 1 + np.count_nonzero(np.diff(own))


def test_propensities_say_which_places_went_to_chance(history: tuple[World, History]) -> None:
    seen = rows_of(history[1].log, Action.IMPRESSION)
    explored = seen.propensities[(seen.surfaces == 1)]

    assert ((explored > 0) & (explored <= 1)).all()
    assert np.isnan(history[1].log.propensities[history[1].log.actions != CODES[Action.IMPRESSION]]).all()
    # A tenth of the places went to chance.
    assert 0.07 < (explored < 0.5).mean() < 0.13


def test_searches_say_what_was_typed_and_answer_with_a_page_of_search(history: tuple[World, History]) -> None:
    asked = rows_of(history[1].log, Action.SEARCH)
    seen = rows_of(history[1].log, Action.IMPRESSION)

    assert len(asked) > 5
    assert sorted(asked.queries.tolist()) == list(range(len(history[1].queries)))
    assert all(history[1].queries)
    assert set(seen.sessions[seen.surfaces == 2].tolist()) <= set(asked.sessions.tolist())


@settings(max_examples=8, deadline=None)
@given(
    people=st.integers(1, 20), items=st.integers(2, 60), topics=st.integers(1, 80), slate=st.integers(1, 2),
    interests=st.integers(1, 6), seed=st.integers(0, 2**61), policy=st.sampled_from(POLICIES),
)  # fmt: skip
def test_worlds_of_any_small_size_run(
    people: int, items: int, topics: int, slate: int, interests: int, seed: int, policy: str
) -> None:
    config = WorldConfig(
        seed=seed, days=2, slate=slate, items=ItemsConfig(count=items, topics=topics),
        people=PeopleConfig(count=people, interests=interests, sessions_a_day=3.0),
    )  # fmt: skip

    history = lived(config, policy, explore=0.5)[1]

    assert history.log.persons.max(initial=0) < people
    assert history.log.items.max(initial=0) < items


def test_nobody_comes_and_the_log_is_empty_but_whole() -> None:
    config = small(
        people=PeopleConfig(count=3, sessions_a_day=0.0), behaviour=BehaviourConfig(organic_purchase=0.0)
    )

    history = lived(config)[1]

    assert len(history.log) == 0
    assert len(history.boards) == 0
    assert hashlib.sha256(b"").hexdigest() != history.log.digest()
