"""A device called `neuron` that runs on the processor and records what a model asks of an accelerator.

torch lets a backend be written in Python (private to torch, pinned with it). A tensor on `neuron` keeps its
values in a processor tensor beside it; every operator goes through one fallback, which notes the operator
with the shapes it was called with, and refuses operands of two devices, as a real accelerator does.
"""

import functools
from typing import Any

import torch
from torch.utils import backend_registration
from torch.utils._pytree import tree_leaves, tree_map_only

SIGNATURES: set[tuple[str, tuple[Any, ...]]] = set()
_KEPT_ALIVE: list[Any] = []
_BY_STORAGE: dict[int, torch.Tensor] = {}
_WHOLE = [
    "detach", "alias", "_unsafe_view", "expand", "transpose.int", "unsqueeze", "select.int",
    "slice.Tensor", "permute", "t", "clone", "split.Tensor", "unbind.int", "squeeze.dim",
    "select_backward", "slice_backward",
]  # fmt: skip
# What moves values between devices takes operands of both.
_MOVES = {"aten::_to_copy", "aten::copy_", "aten::_copy_from", "aten::_local_scalar_dense"}


class NeuronTensor(torch.Tensor):
    """Says that it is on `neuron`; its values are in `held`."""

    held: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl


def operators() -> set[str]:
    return {name for name, _ in SIGNATURES}


def register() -> torch.device:
    """The device, made on the first call."""
    if not _KEPT_ALIVE:
        backend_registration._setup_privateuseone_for_python_backend("neuron")
        library = torch.library.Library("_", "IMPL")
        library.fallback(_run, "PrivateUse1")
        aten = torch.library.Library("aten", "IMPL")
        # Composite kernels of these make tensors behind our back.
        for name in _WHOLE:
            packet, _, overload = name.partition(".")
            operator = getattr(getattr(torch.ops.aten, packet), overload or "default")
            aten.impl(name, functools.partial(_run, operator), "PrivateUse1")
        for name in ("arange", "arange.start", "arange.start_step"):
            aten.impl(name, _arange, "PrivateUse1")
        aten.impl("_copy_from", _copy, "PrivateUse1")
        # Backends in Python have no streams to wait for, and torch says so with an error.
        torch.accelerator.synchronize = lambda *_: None
        _KEPT_ALIVE.extend([library, aten])
    return torch.device("neuron")


def _run(operator: Any, *args: Any, **kwargs: Any) -> Any:
    name = operator._schema.name
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    if name not in _MOVES:
        strangers = [each for each in tensors if each.device.type != "neuron" and each.dim() > 0]
        if strangers:
            raise RuntimeError(f"{name} was called with operands on neuron and {strangers[0].device}")
    SIGNATURES.add(
        (f"{name}.{operator._overloadname}", tuple((tuple(each.shape), str(each.dtype)) for each in tensors))
    )
    owners = {id(each.held): each for each in tensors if isinstance(each, NeuronTensor)}
    given = tree_map_only(torch.Tensor, _held, (args, kwargs))
    given = tree_map_only(torch.device, lambda where: torch.device("cpu"), given)
    with torch.no_grad():
        found = operator(*given[0], **given[1])
    asked = {each.type for each in tree_leaves((args, kwargs)) if isinstance(each, torch.device)}
    if asked == {"cpu"}:
        return found
    return tree_map_only(
        torch.Tensor, lambda each: owners[id(each)] if id(each) in owners else _wrapped(each), found
    )


def _arange(*ends: Any, **kwargs: Any) -> torch.Tensor:
    # Its composite kernel fills a tensor that it makes empty and lets grow, which ours cannot.
    return _wrapped(torch.arange(*ends, dtype=kwargs.get("dtype")))


def _copy(source: torch.Tensor, target: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    with torch.no_grad():
        _held(target).copy_(_held(source))
    return target


def _held(each: torch.Tensor) -> torch.Tensor:
    if isinstance(each, NeuronTensor) and hasattr(each, "held"):
        return each.held
    if each.device.type == "cpu":
        return each
    # What autograd saved of a result is another tensor over the same storage.
    return _BY_STORAGE[each.untyped_storage()._cdata].view(each.shape)


def _wrapped(values: torch.Tensor) -> torch.Tensor:
    made = torch._C._acc.create_empty_tensor(values.shape, values.dtype)
    made.__class__ = NeuronTensor
    # Its shape is all that torch sees of it, so that its values have to lie in order. Writing through a view
    # that is not in order would be lost; the gradients of views do, and are among `_WHOLE` for it.
    made.held = values.contiguous()
    _BY_STORAGE[made.untyped_storage()._cdata] = made.held
    return made
