"""This file is about ONNX Runtime sessions: one thread each, never spinning, shared by many threads."""

import hashlib
import os
import tempfile
from pathlib import Path

import onnxruntime

from bowerbird.core.errors import MissingModelError


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """A session that runs in the calling thread; any number of threads may share it.

    Raises:
        MissingModelError: not a model that this ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = str(model) if isinstance(model, Path) else model
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no class below this one
        shown = model.name if isinstance(model, Path) else "a model in memory"
        raise MissingModelError(
            f"{shown} could not be opened ({error}); needed is an ONNX model; delete the file, and it is "
            "made again, or install the pinned package again"
        ) from error


def checked_file(path: Path, *, sha256: str) -> Path:
    """`path`, if its bytes are the pinned ones.

    Raises:
        MissingModelError: absent or different.
    """
    if not path.is_file():
        raise MissingModelError(f"{path} is not there; needed is the pinned file; install bowerbird again")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise MissingModelError(
            f"{path} has the sha256 {found}; needed is {sha256}; install the pinned package again"
        )
    return path


def write_whole(path: Path, content: bytes) -> None:
    """The file with all its bytes or not at all, also when several processes write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
