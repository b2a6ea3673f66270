import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# What a step may ask of an accelerator: dense operators of fixed shapes. No operator whose result has a size
# that depends on values (nonzero, masked_select, unique), and a value is read back only at the end of an
# epoch.
ALLOWED = {
    "_local_scalar_dense", "_softmax", "_softmax_backward_data", "_unsafe_view", "add", "addcdiv",
    "addcmul", "addmm", "amax", "as_strided", "bitwise_and", "bmm", "cat", "clamp", "clamp_min",
    "clone", "detach", "div", "embedding_dense_backward", "empty", "empty_strided", "eq", "exp",
    "expand", "fill_", "gather", "ge", "gelu", "gelu_backward", "index_select", "lerp",
    "linalg_vector_norm", "log", "masked_fill_", "mm", "mul", "native_batch_norm",
    "native_layer_norm_backward", "neg", "permute", "reciprocal", "scatter_add", "select",
    "select_backward", "sigmoid", "silu", "slice", "slice_backward", "sqrt", "squeeze", "sub",
    "sum", "t", "transpose", "unbind", "unsqueeze", "view", "where", "zero_",
}  # fmt: skip


@pytest.fixture(scope="module", params=["sasrec", "hstu", "generative", "semantic"])
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    script = str(Path(__file__).parent / "train_on_neuron.py")
    done = subprocess.run(
        [sys.executable, script, request.param], capture_output=True, text=True, timeout=280, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_training_on_neuron_loses_what_training_on_the_processor_loses(told: dict[str, Any]) -> None:
    assert told["device"] == told["backend"] == "neuron"
    # Adam divides by small gradients, which lets the last digits grow from epoch to epoch.
    assert told["neuron"] == pytest.approx(told["cpu"], rel=5e-5)
    assert told["cpu"][-1] < told["cpu"][0]


def test_every_step_after_the_first_epoch_asks_for_shapes_already_seen(told: dict[str, Any]) -> None:
    _, second, third = told["signatures"]

    assert second == third > 100


def test_steps_use_only_operators_that_accelerators_have(told: dict[str, Any]) -> None:
    used = {name.removeprefix("aten::").split(".")[0] for name in told["operators"]}

    assert not used - ALLOWED


def test_operands_of_two_devices_are_refused(told: dict[str, Any]) -> None:
    assert "same device" in told["mixed"] or "operands on neuron and cpu" in told["mixed"]
