"""This file is about devices: the processor, CUDA or Neuron behind five names."""

import contextlib
from typing import Any, TypeVar

import torch

M = TypeVar("M", bound=torch.nn.Module)

_BACKENDS = {"cpu": "gloo", "cuda": "nccl", "neuron": "neuron"}


def device(name: str | None = None) -> torch.device:
    """The accelerator that torch finds, else the processor; or the one that is named."""
    if name is not None:
        return torch.device(name)
    found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


def autocast(where: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """Activations in this precision inside the block; 32 bits need no block."""
    if precision == "float32" or (precision == "auto" and not _is_fast_at_16_bits(where)):
        return contextlib.nullcontext()
    inside: contextlib.AbstractContextManager[Any] = torch.autocast(where.type, dtype=torch.bfloat16)
    return inside


def _is_fast_at_16_bits(where: torch.device) -> bool:
    if where.type == "cpu":
        knows = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
        return any(each is not None and each() for each in knows)
    return where.type == "cuda" and bool(torch.cuda.is_bf16_supported())


def compile(module: M, where: torch.device) -> M:  # noqa: A001 (it is what torch calls it)
    """The module as the device runs it fastest. On a processor compiling takes longer than it saves."""
    if where.type == "cpu":
        return module
    if where.type == "neuron" and not hasattr(torch, "neuron_compiles"):
        return module  # TorchNeuron's eager mode; its compiler registers itself under the name below
    backend = "neuron" if where.type == "neuron" else "inductor"
    return torch.compile(module, backend=backend, fullgraph=True, dynamic=False)  # type: ignore[no-any-return]


def sync(where: torch.device) -> None:
    """Waits until everything that was started is done."""
    if where.type != "cpu" and torch.accelerator.is_available():
        torch.accelerator.synchronize()


def dist_backend(where: torch.device) -> str:
    """The name of the library that carries gradients between processes."""
    return _BACKENDS.get(where.type, "gloo")
