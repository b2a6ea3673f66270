"""The benchmarks of a server under load run as a whole, at tiny sizes, on a real server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_server import build_lake

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_lake(tmp_path_factory.mktemp("loaded"))


def lines_of(script: str, lake: Path, *words: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(BENCHMARKS / script), "--lake", str(lake), "--lakes", str(lake.parent)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_every_event_answered_under_load_is_in_the_log_and_pages_change_by_saves_and_hides(
    lake: Path,
) -> None:
    words = ["--seconds", "1", "--rates", "200", "--ingest-events", "2000"]

    told = lines_of("bench_serve_event_to_page.py", lake, *words)

    rate, *pages, ingest = told
    assert rate["quality"]["events answered"] >= 200
    assert rate["quality"]["of them lost"] == 0
    assert {line["question"].split()[2] for line in pages} == {"save", "hide"}
    assert all(line["quality"]["pages never changed"] == 0 for line in pages)
    assert all(0 < line["from_the_answer_ms"] <= line["value"] for line in pages)
    assert ingest["quality"]["in the log"] == ingest["quality"]["appended"] == 2000
