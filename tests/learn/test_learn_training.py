import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import histories

from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.packing import packed
from bowerbird.learn.training import Batch, TrainingJob, train
from bowerbird.learn.training.device import autocast, device, dist_backend
from bowerbird.learn.training.softmax import full_softmax_loss

RUN = [sys.executable, str(Path(__file__).parent / "train_ring.py")]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


class Slope(torch.nn.Module):
    """Learns one number."""

    def __init__(self) -> None:
        super().__init__()
        self.number = torch.nn.Parameter(torch.zeros(()))

    def forward(self, given: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return ((self.number * given - wanted) ** 2).sum()


def slope_job(
    folder: Path, validations: list[float], *, wanted: float = 3.0, print_of: str = "a"
) -> TrainingJob:
    given = np.linspace(-1, 1, 8, dtype=np.float32)
    batches = [Batch({"given": given, "wanted": given * np.float32(wanted)}, 8.0)] * 5
    said = iter(validations)
    return TrainingJob(Slope(), lambda _: batches, lambda _: next(said), folder, 0, print_of)


def test_best_weights_are_left_and_training_stops_when_validation_brings_nothing_new(tmp_path: Path) -> None:
    job = slope_job(tmp_path, [0.1, 0.5, 0.4, 0.3, 0.2, 0.1])

    result = train(job, TrainingConfig(epochs=50, learning_rate=0.1, patience=2, decay="none", warmup=0))

    assert (result.best_epoch, result.epochs) == (2, 4)
    longer = slope_job(tmp_path / "b", [0.1, 0.5])
    train(longer, TrainingConfig(epochs=2, learning_rate=0.1, patience=2, decay="none", warmup=0))
    assert torch.equal(job.module.number, longer.module.number)


def test_loss_that_is_no_number_ends_training_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lower learning rate"):
        train(slope_job(tmp_path, [0.0] * 9, wanted=float("inf")), TrainingConfig(epochs=2))


def test_checkpoint_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    train(slope_job(tmp_path, [0.1, 0.2]), TrainingConfig(epochs=2))

    with pytest.raises(InputError, match="other settings"):
        train(slope_job(tmp_path, [0.1], print_of="b"), TrainingConfig(epochs=2))


def test_run_that_was_finished_gives_its_result_again_without_a_step(tmp_path: Path) -> None:
    first = train(slope_job(tmp_path, [0.1, 0.2]), TrainingConfig(epochs=2))

    again = train(slope_job(tmp_path, []), TrainingConfig(epochs=2))

    assert again == first


@pytest.mark.slow
def test_training_that_is_killed_again_and_again_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = subprocess.run(
        [*RUN, str(tmp_path / "whole")], env=ONE_THREAD, capture_output=True, text=True, check=True
    )

    rng = random.Random(5)
    kills = 0
    while kills < 2:
        before = checkpoint_time(tmp_path / "killed")
        slow = subprocess.Popen([*RUN, str(tmp_path / "killed"), "--wait-s", "0.05"], env=ONE_THREAD)
        while checkpoint_time(tmp_path / "killed") == before and slow.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        if slow.poll() is not None:
            break
        slow.send_signal(signal.SIGKILL)
        slow.wait()
        kills += 1
    ended = subprocess.run(
        [*RUN, str(tmp_path / "killed")], env=ONE_THREAD, capture_output=True, text=True, check=True
    )

    assert kills >= 1
    assert ended.stdout == whole.stdout


def checkpoint_time(folder: Path) -> int:
    path = folder / "checkpoint.pt"
    return path.stat().st_mtime_ns if path.exists() else 0


@pytest.mark.slow
def test_two_processes_train_what_one_trains(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    script = [RUN[1], "--dropout", "0"]
    subprocess.run([RUN[0], script[0], str(tmp_path / "one"), *script[1:]], env=ONE_THREAD, check=True)
    several = [RUN[0], "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    words = [*several, script[0], str(tmp_path / "two"), *script[1:]]
    subprocess.run(words, env=ONE_THREAD, check=True, capture_output=True, timeout=200)

    one, two = (np.load(tmp_path / name / "weights.npy") for name in ("one", "two"))

    # The biases of keys have no gradient but rounding, which Adam blows up to a step of its own.
    np.testing.assert_allclose(two, one, rtol=2e-3, atol=2e-3)
    assert np.abs(one).max() > 0.1


@settings(deadline=None, max_examples=30)
@given(tokens=st.sampled_from([0, 1, 127, 128, 129, 300]), items=st.integers(1, 40), seed=st.integers(0, 99))
def test_full_softmax_is_cross_entropy_with_its_gradients(tokens: int, items: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    states = torch.randn(tokens, 6, generator=draw, requires_grad=True)
    table = torch.randn(items, 6, generator=draw, requires_grad=True)
    goals = torch.randint(items, (tokens,), generator=draw)
    weights = torch.randint(3, (tokens,), generator=draw).float()

    (full_softmax_loss(states, table, goals, weights) * 0.7).backward()
    got = states.grad.clone(), table.grad.clone()
    states.grad = table.grad = None
    wanted = (torch.nn.functional.cross_entropy(states @ table.T, goals, reduction="none") * weights).sum()
    (wanted * 0.7).backward()

    torch.testing.assert_close(got, (states.grad, table.grad), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(full_softmax_loss(states, table, goals, weights), wanted, rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=30),
    rows=st.integers(1, 4),
    longest=st.integers(1, 8),
    seed=st.integers(0, 9),
)
def test_packing_holds_every_step_once_and_never_mixes_histories(
    lengths: list[int], rows: int, longest: int, seed: int
) -> None:
    firsts = np.cumsum([0, *lengths])
    given_rows = histories([list(range(firsts[n], firsts[n + 1])) for n in range(len(lengths))])
    order = np.random.default_rng(seed).permutation(len(lengths))

    parts = packed(given_rows, order, rows=rows, tokens=8, longest=longest)

    steps = []
    for part in parts:
        assert part.entries.shape == (rows, 8)
        there = part.entries >= 0
        assert ((part.targets >= 0) == there).all()
        assert ((part.segments >= 0) == there).all()
        assert (part.targets[there] == part.entries[there] + 1).all()
        steps += part.entries[there].tolist()
        row_of = given_rows.row_of_entry()
        for row in range(rows):
            for segment in range(part.segments[row].max() + 1):
                inside = part.entries[row][part.segments[row] == segment]
                assert (np.diff(inside) == 1).all()
                assert len(set(row_of[inside].tolist())) == 1
                assert part.places[row][part.segments[row] == segment].tolist() == list(range(len(inside)))
    wanted = [
        step
        for n, length in enumerate(lengths)
        for step in range(max(firsts[n], firsts[n + 1] - 1 - longest), firsts[n + 1] - 1)
        if length > 1
    ]
    assert sorted(steps) == wanted


def test_device_is_the_processor_here_and_its_gradients_travel_by_gloo() -> None:
    assert device("cpu") == torch.device("cpu")
    assert dist_backend(torch.device("cpu")) == "gloo"
    with autocast(torch.device("cpu"), "bfloat16"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
