import json
from pathlib import Path

import numpy as np
import pytest

from bowerbird.cli.main import main
from bowerbird.core.actions import Action
from bowerbird.core.errors import InputError
from bowerbird.lake.forgetting.prefixed import forget_people_with
from bowerbird.lake.lake import TASTE_GRAPH, Lake
from bowerbird.lake.types import Event
from bowerbird.learn.data import read
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.history import History
from bowerbird.world.real_items import Described, Reduction, items_from_vectors, items_of_lake
from bowerbird.world.seen import ID_PREFIX, WorldItems
from bowerbird.world.simulation import simulate
from bowerbird.world.to_files import write_files
from bowerbird.world.to_lake import bring_in, count_simulated, remove_simulated
from bowerbird.world.world import World, make_world

CONFIG = WorldConfig(people=PeopleConfig(count=25, sessions_a_day=2.0), items=ItemsConfig(topics=4), days=4)


@pytest.fixture
def lived(items: WorldItems) -> tuple[World, History]:
    world = make_world(CONFIG, items)
    return world, simulate(world, policy_of("similar", world, explore=0.2))


def test_kinds_of_a_real_catalogue_become_topics_named_by_their_words(items: WorldItems) -> None:
    kinds = np.arange(len(items)) % 4

    assert len(items.topic_names) == 4
    assert all(len(np.unique(items.topics[kinds == kind])) == 1 for kind in range(4))
    assert {frozenset(name.split()) for name in items.topic_names} == {
        frozenset(name) for name in (("oak", "lamp"), ("red", "vase"), ("wool", "rug"), ("clay", "bowl"))
    }
    np.testing.assert_allclose(np.linalg.norm(items.vectors, axis=1), 1.0, rtol=1e-5)


def test_events_boards_and_saves_are_in_the_lake_with_their_times(
    lake: Lake, lived: tuple[World, History]
) -> None:
    world, history = lived

    report = bring_in(lake, history, world.people, world.items)

    stored = [event for _, event in lake.events.replay()]
    saves = [event for event in stored if event.action is Action.SAVE]
    assert report.events == len(stored) == len(history.log)
    assert [event.at_ms for event in stored] == history.log.at_ms.tolist()
    assert all(event.person_id.startswith(ID_PREFIX) for event in stored)
    assert report.boards == len(history.boards) > 3
    assert report.saves == len(saves) > 10
    for event in saves:
        board = lake.records.boards.get(event.board_id)
        assert board.owner == event.person_id
        assert board.created_ms < event.at_ms <= board.updated_ms
        kept = {each.item_id: each.saved_ms for each in lake.records.saves.all_saved(event.person_id)}
        assert kept[event.item_id] == event.at_ms


def test_the_same_run_again_adds_nothing(lake: Lake, lived: tuple[World, History]) -> None:
    world, history = lived
    noon = int(np.median(history.log.at_ms))
    first = bring_in(lake, history.until(noon), world.people, world.items)

    again = bring_in(lake, history, world.people, world.items)

    assert again.events_known == first.events
    assert again.events == len(history.log) - first.events
    assert len(lake.records.boards.of_owner(world.people.ids[int(history.boards.persons[0])])) > 0


def test_simulated_people_leave_nothing_and_others_lose_nothing(
    lake: Lake, lived: tuple[World, History]
) -> None:
    world, history = lived
    real = Event(event_id="e1", action=Action.SAVE, at_ms=5, person_id="simone", item_id=world.items.ids[0])
    lake.events.append([real])
    lake.records.people.create("simone")
    board = lake.records.boards.create("simone", "Mine")
    lake.records.saves.save(board.id, world.items.ids[0])
    lake.online.push("simone", [1], [5], 9)
    bring_in(lake, history, world.people, world.items)
    lake.online.push(world.people.ids[0], [1], [5], 9)
    graph = lake.path / TASTE_GRAPH
    graph.parent.mkdir(exist_ok=True)
    graph.write_bytes(b"made of their events")

    gone = remove_simulated(lake)

    assert gone["people"] > 10
    assert gone["events"] == len(history.log)
    assert count_simulated(lake) == 0
    assert not graph.exists()
    assert [event.event_id for _, event in lake.events.replay()] == ["e1"]
    assert lake.records.boards.get(board.id).count == 1
    assert lake.records.people.count() == 1
    assert len(lake.online.recent("simone")) == 1
    assert len(lake.online.recent(world.people.ids[0])) == 0
    assert not any(remove_simulated(lake).values())


def test_a_prefix_that_could_be_anybodys_is_refused(lake: Lake) -> None:
    with pytest.raises(InputError, match="at least 3 characters"):
        forget_people_with(lake, "s")


def test_files_are_what_measure_reads(tmp_path: Path, lived: tuple[World, History]) -> None:
    world, history = lived

    written = write_files(tmp_path / "files", history, world.people, world.items)

    found = read(tmp_path / "files")
    assert found.form == "recbole"
    assert len(found.interactions) == written.interactions - found.report.duplicates
    assert found.interactions.catalogue.titles[0] == world.items.titles[0]
    rows = (tmp_path / "files" / "impressions.tsv").read_text().splitlines()
    assert len(rows) == written.impressions + 1


def test_a_lake_that_was_never_encoded_is_told_so(lake: Lake) -> None:
    with pytest.raises(InputError, match="bowerbird encode run"):
        items_of_lake(lake, ItemsConfig(), 1)


@pytest.mark.parametrize("vectors", [np.zeros((2, 4)), np.full((1, 4), np.nan)])
def test_vectors_that_do_not_fit_the_items_are_refused(vectors: np.ndarray) -> None:
    described = Described(("a",), ("a",), ("",), ("",), np.array([-1]))
    with pytest.raises(InputError, match="one finite vector"):
        items_from_vectors(described, vectors, ItemsConfig(), 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--days", "0"], "--days 0 was received"),
        (["--people", "100000000"], "less than or equal to"),
        (["--explore", "2"], "a share from 0 to 1"),
        (["--knobs", "missing.toml"], "cannot be read as settings of the world"),
        (["--people", "900000", "--items", "5000000"], "take fewer of either"),
    ],
)
def test_wrong_words_are_told_in_one_line(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["world", "write", "--out", str(tmp_path / "out"), *words])

    assert code == 1
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_write_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    knobs = tmp_path / "knobs.toml"
    knobs.write_text("days = 3\n[people]\ncount = 12\nsessions_a_day = 3.0\n[items]\ncount = 90\n")
    words = ["world", "write", "--out", str(tmp_path / "out"), "--knobs", str(knobs), "--json"]

    assert main(words) == 0
    first = json.loads(capsys.readouterr().out)
    assert main([*words, "--seed", "8"]) == 0
    other = json.loads(capsys.readouterr().out)

    assert first["items"] == 90
    assert first["impressions"] > 100
    assert first["sha256"] != other["sha256"]


def test_reduction_keeps_what_differs_and_gives_unit_rows_of_the_width_asked() -> None:
    rng = np.random.default_rng(2)
    flat = rng.normal(size=(60, 3)) @ np.linalg.qr(rng.normal(size=(40, 3)))[0].T + 5.0
    centred = flat - flat.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)

    for width in (3, 8, 64):
        reduced = Reduction.fitted(flat.astype(np.float32), width)(flat.astype(np.float32))

        assert reduced.shape == (60, width)
        np.testing.assert_allclose(reduced @ reduced.T, centred @ centred.T, atol=2e-3)


def test_items_that_all_look_alike_still_make_a_world() -> None:
    count = 30
    described = Described(
        tuple(map(str, range(count))), ("",) * count, ("",) * count, ("",) * count, np.full(count, -1)
    )

    items = items_from_vectors(described, np.ones((count, 5), np.float32), ItemsConfig(), 1)

    assert np.isfinite(items.vectors).all()
    world = make_world(CONFIG, items)
    assert len(simulate(world, policy_of("similar", world)).log) > 50
