"""Learners cannot see the truth: by imports, by what objects hold, and by what is written."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import grimp
import numpy as np
import pytest

from bowerbird.lake.lake import Lake
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.policies import ExploringPolicy
from bowerbird.world.seen import WorldItems
from bowerbird.world.simulation import simulate
from bowerbird.world.to_files import write_files
from bowerbird.world.to_lake import bring_in
from bowerbird.world.world import World, make_world

ROOT = Path(__file__).parents[2]
CONFIG = WorldConfig(people=PeopleConfig(count=25, sessions_a_day=2.0), items=ItemsConfig(topics=4), days=3)
CHECK = "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def arrays_in(thing: Any) -> list[np.ndarray]:
    """Every array that can be reached from an object."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if dataclasses.is_dataclass(thing):
        return [
            found for field in dataclasses.fields(thing) for found in arrays_in(getattr(thing, field.name))
        ]
    if isinstance(thing, list | tuple):
        return [found for each in thing for found in arrays_in(each)]
    return []


def spoil(world: World) -> None:
    """Every number of the truth becomes another."""
    for array in arrays_in(world.item_truth) + arrays_in(world.people_truth) + arrays_in(world.state):
        array[...] = np.roll(array[::-1], 1, axis=0) if array.dtype == bool else array[::-1] * 3 + 1


def test_nothing_but_commands_imports_the_world() -> None:
    graph = grimp.build_graph("bowerbird")
    inside = {name for name in graph.modules if name.startswith("bowerbird.world")}

    importers = {
        importer
        for name in inside
        for importer in graph.find_modules_that_directly_import(name)
        if importer not in inside
    }

    assert len(inside) > 10
    assert importers
    assert all(name.startswith("bowerbird.cli.") for name in importers)


@pytest.mark.parametrize("package", ["learn", "serve", "taste", "surfaces.feed"])
def test_the_contract_bites_when_the_product_looks_at_the_world(package: str, tmp_path: Path) -> None:
    """A copy of the package with one forbidden line: the check that CI runs refuses it."""
    copied = tmp_path / "src" / "bowerbird"
    for file in (ROOT / "src" / "bowerbird").rglob("*.py"):
        place = copied / file.relative_to(ROOT / "src" / "bowerbird")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    peeking = copied / package.replace(".", "/") / "peeking.py"
    peeking.write_text(
        '"""This file is about peeking."""\n\nfrom bowerbird.world.world import World\n\nprint(World)\n'
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'src')!r}); "

    told = subprocess.run(
        [sys.executable, "-c", code + CHECK],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 1, told.stdout + told.stderr
    assert f"bowerbird.{package}.peeking -> bowerbird.world.world" in told.stdout


@pytest.mark.parametrize("name", ["random", "popular", "similar", "diverse"])
def test_policies_hold_nothing_of_the_truth(name: str) -> None:
    world = make_world(CONFIG)
    policy = policy_of(name, world, explore=0.1)
    assert isinstance(policy, ExploringPolicy)

    held = arrays_in(policy.policy)
    truth = arrays_in(world.item_truth) + arrays_in(world.people_truth) + arrays_in(world.state)

    assert len(truth) > 12
    assert not [one for one in held for other in truth if np.shares_memory(one, other)]


def test_a_history_holds_nothing_of_the_truth() -> None:
    world = make_world(CONFIG)
    history = simulate(world, policy_of("similar", world))

    given = arrays_in(history) + arrays_in(world.people) + arrays_in(world.items)
    truth = arrays_in(world.item_truth) + arrays_in(world.people_truth) + arrays_in(world.state)

    assert not [one for one in given for other in truth if np.shares_memory(one, other)]
    # Nor a copy of it: no column of the truth can be found among what is given out.
    known = {array.tobytes() for array in truth if array.size > 30 and len(np.unique(array)) > 2}
    assert known
    assert not known & {array.tobytes() for array in given}


def test_another_truth_after_the_fact_changes_no_byte_that_is_given_out(
    tmp_path: Path, items: WorldItems
) -> None:
    world = make_world(CONFIG, items)
    history = simulate(world, policy_of("similar", world))
    before, after = tmp_path / "before", tmp_path / "after"
    write_files(before, history, world.people, world.items)
    with Lake.open(tmp_path / "lake-before", create=True) as lake:
        bring_in(lake, history, world.people, world.items)
        stored = [event.model_dump_json() for _, event in lake.events.replay()]

    spoil(world)

    write_files(after, history, world.people, world.items)
    with Lake.open(tmp_path / "lake-after", create=True) as lake:
        bring_in(lake, history, world.people, world.items)
        assert [event.model_dump_json() for _, event in lake.events.replay()] == stored
    for file in before.iterdir():
        assert file.read_bytes() == (after / file.name).read_bytes()
