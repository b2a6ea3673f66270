import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cli.main import main
from bowerbird.core.errors import InputError
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.experiment.arms import days_of, estimate, lift
from bowerbird.world.experiment.chart import Band, lines
from bowerbird.world.experiment.diversity import DiversityConfig, ask
from bowerbird.world.experiment.told import facts_of, verdict_of
from bowerbird.world.liking import WEIGHTS
from bowerbird.world.log import rows
from bowerbird.world.moments import gini, moments_of, position_curve
from bowerbird.world.simulation import simulate
from bowerbird.world.world import make_world

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def lived() -> tuple:
    config = WorldConfig(people=PeopleConfig(count=400), items=ItemsConfig(count=3_000), days=8)
    world = make_world(config)
    return world, simulate(world, policy_of("similar", world)).log


def test_moments_lie_where_public_ones_do(lived: tuple) -> None:
    world, log = lived

    found = moments_of(log, world.people, len(world.items), 8)

    assert [moment.name for moment in found if moment.is_within is False] == []
    assert sum(moment.known is not None for moment in found) >= 4
    assert all(moment.value > 0 for moment in found)


def test_lower_rows_are_looked_at_less_and_the_first_is_opened_out_of_trust(lived: tuple) -> None:
    curve = position_curve(lived[1], lived[0].people)

    assert [look for _, look, _ in curve] == sorted((look for _, look, _ in curve), reverse=True)
    assert curve[0][2] > curve[4][2]


def test_nobody_looking_is_told() -> None:
    world = make_world(WorldConfig(people=PeopleConfig(count=2), items=ItemsConfig(count=30)))

    with pytest.raises(InputError, match="at least one impression"):
        moments_of(rows(0), world.people, 30, 1)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=40))
def test_gini_is_what_all_pairs_say(counts: list[int]) -> None:
    values = np.array(counts)
    apart = np.abs(values[:, None] - values[None, :]).mean() / (2 * max(values.mean(), 1e-12))

    assert gini(values) == pytest.approx(apart, abs=1e-9)


@pytest.mark.shared_data
def test_known_figures_are_those_of_the_logs_they_name() -> None:
    ratings, bandit = SHARED / "movielens-latest-small" / "ratings.csv.gz", SHARED / "open-bandit-small"
    if not ratings.exists() or not bandit.exists():
        pytest.skip("the shared data is not here")
    with gzip.open(ratings, "rt") as file:
        items = [row["movieId"] for row in csv.DictReader(file)]
    clicks = []
    for path in bandit.glob("*.csv.gz"):
        if not path.name.endswith("_items.csv.gz"):
            with gzip.open(path, "rt") as file:
                clicks.append(np.mean([float(row["click"]) for row in csv.DictReader(file)]))

    assert gini(np.unique(items, return_counts=True)[1]) == pytest.approx(0.72, abs=0.005)
    assert (100 * min(clicks), 100 * max(clicks)) == pytest.approx((0.38, 0.69), abs=0.005)


def test_interval_of_an_estimate_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)

    found = [estimate(rng.normal(0.3, 1.0, 5).tolist()) for _ in range(2_000)]

    assert 0.93 < np.mean([each.low <= 0.3 <= each.high for each in found]) < 0.97
    with pytest.raises(InputError, match="at least 2"):
        estimate([1.0])


def test_lift_counts_both_ends() -> None:
    assert lift(np.array([9, 2, 4, 9]), np.array([9, 1, 2, 9]), 1, 2) == pytest.approx(1.0)


def test_days_count_what_happened_on_them(lived: tuple) -> None:
    world, log = lived

    found = days_of(log, world.config)

    assert found.impressions.sum() == (log.actions == 0).sum()
    assert (found.people <= 400).all()
    assert len(found.saves) == 8


def test_twins_are_alike_until_diversity_is_taken_out_and_differ_then() -> None:
    config = DiversityConfig(seeds=2, people=25, items=400, warm_days=2, days=2)

    answers = ask(config)

    assert answers[0].people_are == "as they are"
    assert len(answers) == 4
    for answer in answers:
        assert [day.seeds for day in answer.saves_by_day[:2]] == [(0.0, 0.0)] * 2
        assert any(any(day.seeds) for day in answer.saves_by_day[2:])
        assert list(answer.saves) == ["days 1-2"]
        assert not answer.rises_then_falls  # there is no second week
    told = json.loads(json.dumps(facts_of(config, answers)))
    assert told["simulated"] is True
    assert "No rise and later fall" in verdict_of(answers)


def test_chart_holds_every_line_within_its_frame() -> None:
    band = Band("a & b", [0.0, 40.0, -20.0], [-10.0, 30.0, -30.0], [10.0, 55.0, -10.0])

    drawn = lines(
        [band, Band("other", [1.0, 2.0, 3.0], [0.0] * 3, [0.0] * 3)], mark=1, x_name="day", y_name="%"
    )

    assert drawn.count("<polyline") == 2
    assert "a &amp; b" in drawn
    heights = [float(part.split(",")[1]) for part in drawn.split('points="')[1].split('"')[0].split()]
    assert all(0 <= height <= 380 for height in heights)


def test_experiment_command_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = [
        "--seeds",
        "2",
        "--people",
        "20",
        "--items",
        "300",
        "--warm-days",
        "1",
        "--days",
        "2",
        "--no-controls",
    ]

    assert main(["world", "experiment", "diversity", *size, "--out", str(tmp_path)]) == 0

    assert "days 1-2" in capsys.readouterr().out
    assert "Simulated people" in (tmp_path / "diversity.html").read_text()
    assert main(["world", "experiment", "diversity", "--seeds", "1", "--out", str(tmp_path)]) == 1
    assert "--seeds 1 was received" in capsys.readouterr().err


def test_moments_command_prints_known_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "moments", "--people", "60", "--items", "400", "--days", "3"]) == 0

    told = capsys.readouterr().out
    assert "MovieLens" in told
    assert "row 1: looked at 1.00 of row 1" in told


def test_those_who_know_more_do_better() -> None:
    """Worth of an examined item: the oracle before the learners, they before chance, with every seed."""
    found: dict[str, list[float]] = {}
    for seed in (1, 2):
        config = WorldConfig(
            seed=seed, days=3, people=PeopleConfig(count=60), items=ItemsConfig(count=600, topics=12)
        )
        for name in ("oracle", "similar", "diverse", "random"):
            world = make_world(config)
            log = simulate(world, policy_of(name, world)).log
            feed = log.where(log.surfaces == 1)
            found.setdefault(name, []).append(float(WEIGHTS[feed.actions].sum() / (feed.actions == 0).sum()))

    for learner in ("similar", "diverse"):
        assert all(best > some for best, some in zip(found["oracle"], found[learner], strict=True))
        assert all(some > chance for some, chance in zip(found[learner], found["random"], strict=True))
