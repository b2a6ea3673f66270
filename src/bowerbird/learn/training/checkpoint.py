"""This file is about checkpoints: everything that the next step depends on, written whole or not at all."""

import os
from pathlib import Path
from typing import Any

import torch

from bowerbird.core.errors import InputError

NAME = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Durable on return; a kill at any moment leaves this one or the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{NAME}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            torch.save(_on_cpu(state), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / NAME)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_checkpoint(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """The state, or none where nothing was saved. Only tensors and plain values are read, never code.

    Raises:
        InputError: it belongs to another config or split, or is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(
            f"{path.name} cannot be read ({error}); needed is a whole checkpoint; delete it to start anew"
        ) from error
    if state.get("fingerprint") != fingerprint:
        raise InputError(
            f"{path.name} is of other settings or another split; needed is one of these; "
            "delete it to start anew, or take another folder"
        )
    return state


def _on_cpu(held: Any) -> Any:
    # So that a checkpoint can be read where there is no such device.
    if isinstance(held, torch.Tensor):
        return held.detach().cpu()
    if isinstance(held, dict):
        return {name: _on_cpu(each) for name, each in held.items()}
    if isinstance(held, list | tuple):
        return [_on_cpu(each) for each in held]
    return held


def rng_state(where: torch.device) -> dict[str, Any]:
    """The state of every random number generator that a step may draw from."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if where.type == "cuda":
        states["device"] = torch.cuda.get_rng_state(where)
    return states


def set_rng_state(where: torch.device, states: dict[str, Any]) -> None:
    """Goes on drawing where `states` was taken."""
    torch.set_rng_state(states["cpu"])
    if where.type == "cuda":
        torch.cuda.set_rng_state(states["device"], where)
