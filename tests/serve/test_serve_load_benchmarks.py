"""The benchmarks of a server under load run as a whole, at tiny sizes, on a real server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_server import build_lake

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_lake(tmp_path_factory.mktemp("loaded"))


def lines_of(script: str, lake: Path, *words: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(BENCHMARKS / script), "--lake", str(lake), "--lakes", str(lake.parent)]
    env = {**os.environ, "BOWERBIRD_MAINTENANCE": "off", "BOWERBIRD_QUEUE_WAIT_MS": "30000"}
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_every_event_answered_under_load_is_in_the_log_and_pages_change_by_saves_and_hides(
    lake: Path,
) -> None:
    words = ["--seconds", "1", "--rates", "200", "--ingest-events", "2000", "--people", "20"]

    told = lines_of("bench_serve_event_to_page.py", lake, *words)

    rate, *pages, ingest = told
    assert rate["quality"]["events answered"] >= 200
    assert rate["quality"]["of them lost"] == 0
    assert {line["question"].split()[2] for line in pages} == {"save", "hide"}
    assert all(line["quality"]["pages never changed"] == 0 for line in pages)
    assert all(0 < line["from_the_answer_ms"] <= line["value"] for line in pages)
    assert ingest["quality"]["in the log"] == ingest["quality"]["appended"] == 2000


def test_growth_of_memory_is_that_of_every_life_and_not_the_step_between_them() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    from hour_lines import growth

    at_s = np.arange(0.0, 1_200.0, 2.0)
    life = (at_s > 600).astype(int)
    noise = np.random.default_rng(1).normal(0, 1, len(at_s))

    found, low, high = growth(at_s, 500 - 200 * life + 60 * at_s / 3600 + noise, life)

    assert found == pytest.approx(60, abs=5)
    assert low < 60 < high


def test_nothing_answered_is_missing_after_a_server_was_killed_under_mixed_load(
    lake: Path, tmp_path: Path
) -> None:
    plot = tmp_path / "hour.svg"
    words = [
        "--rates",
        "12",
        "--seconds-a-rate",
        "1",
        "--minutes",
        ".17",
        "--people",
        "4",
        "--moments",
        "server",
    ]

    carried, failures, lost, *_ = lines_of("bench_serve_mixed_hour.py", lake, *words, "--plot", str(plot))

    assert carried["value"] == 12
    assert [moment["name"] for moment in failures["moments"]] == ["server killed"]
    assert sum(failures["failures_in_a_restart"].values()) > 0
    assert failures["failures"] == {}
    assert lost["value"] == 0
    assert lost["quality"]["events answered"] > 0
    assert "server killed" in plot.read_text()
