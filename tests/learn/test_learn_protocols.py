import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty films in a ring, seen one after the other; the even ones are liked."""
    folder, chance = tmp_path_factory.mktemp("ratings"), random.Random(0)
    with (folder / "ratings.dat").open("w") as file:
        for person in range(1, 60):
            start = chance.randrange(40)
            for place in range(9):
                film = (start + place) % 40 + 1
                file.write(f"{person}::{film}::{5 if film % 2 else 2}::{1_000_000 + place * 86_400}\n")
    return folder


def lines_of(script: str, *words: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *words], capture_output=True, text=True, check=True
    )
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_protocol_of_hstu_runs_on_ratings_and_says_which_model_knows_the_time_of_the_target(
    ratings: Path, tmp_path: Path
) -> None:
    sizes = ["--epochs", "2", "--width", "16", "--longest", "10"]

    told = lines_of("bench_learn_hstu_protocol.py", "--data", str(ratings), *sizes,
                    "--models", "hstu,hstu-timed", "--runs", str(tmp_path))  # fmt: skip

    assert [each["knows_target_time"] for each in told] == [False, True]
    for each in told:
        found = each["metrics"]
        assert 0 < found["hit@10"] <= found["hit@50"] == found["hit@200"] == 1.0  # forty films
        assert found["ndcg@10"] == pytest.approx(each["value"], abs=1e-4)
        assert "stable sort" in each["question"]


def test_matched_outcomes_are_compared_with_mismatched_ones_on_the_same_targets(
    ratings: Path, tmp_path: Path
) -> None:
    told = lines_of("bench_learn_generation_outcomes.py", "--data", str(ratings), "--epochs", "2",
                    "--seeds", "1", "--runs", str(tmp_path))  # fmt: skip

    assert [each["id"] for each in told] == [
        f"Q-generation-{action}-{rival}" for action in ("save", "closeup") for rival in ("mismatched", "open")
    ]
    for each in told:
        found, rival = each["metrics"], each["id"].split("-")[-1]
        low, high = each["interval"]["difference"]
        gap = found["recall@50 matched"] - found[f"recall@50 {rival}"]
        assert each["value"] == pytest.approx(gap, abs=2e-4)
        assert low - 1e-4 <= each["value"] <= high + 1e-4
