"""This file is about trials: a challenger in the shadow of what serves, or serving a share of the people."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from bowerbird.encode.session import write_whole
from bowerbird.learn.registry import ModelRegistry

_CANARY, _SHADOW, _SEEN = "canary.json", "shadow.json", "shadow-seen.json"


@dataclass(frozen=True, slots=True)
class Canary:
    """The challenger that serves a share of the people since some moment; an empty id: none does."""

    id: str = ""
    share: float = 0.0
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Shadow:
    """The challenger that is asked about pages which another ranks; an empty id: none is.

    Attributes:
        pages: that it has to be asked about.
        share: of the people that it serves after that; 0: all.
    """

    id: str = ""
    pages: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class ShadowSeen:
    """What a server saw of a challenger in the shadow.

    Attributes:
        pages, failed, dropped: asked about; those on which it raised; those that came too fast to ask.
        overlap: mean share of the 25 first candidates that it would put first as well.
        p50_ms, p99_ms: of one processor that it took.
        problem: the last failure.
    """

    id: str = ""
    pages: int = 0
    failed: int = 0
    dropped: int = 0
    overlap: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    problem: str = ""


Kept = TypeVar("Kept", Canary, Shadow, ShadowSeen)


def canary_of(registry: ModelRegistry) -> Canary:
    """Which challenger serves beside the champion, and to what share."""
    return _read(registry, _CANARY, Canary())


def set_canary(registry: ModelRegistry, canary: Canary) -> None:
    """From now on this challenger serves this share; an empty id ends it."""
    _write(registry, _CANARY, canary)


def shadow_of(registry: ModelRegistry) -> Shadow:
    """Which challenger is in the shadow."""
    return _read(registry, _SHADOW, Shadow())


def set_shadow(registry: ModelRegistry, shadow: Shadow) -> None:
    """From now on this challenger is asked beside what serves; an empty id ends it."""
    _write(registry, _SHADOW, shadow)
    (registry.folder / _SEEN).unlink(missing_ok=True)


def shadow_seen(registry: ModelRegistry) -> ShadowSeen:
    """What a server told of the challenger in the shadow."""
    return _read(registry, _SEEN, ShadowSeen())


def tell_shadow(registry: ModelRegistry, seen: ShadowSeen) -> None:
    """A server tells."""
    _write(registry, _SEEN, seen)


def is_canary(person_id: str, canary: Canary) -> bool:
    """Whether this person is served by the challenger; the larger the share, the more, and never fewer."""
    place = int.from_bytes(hashlib.sha256(f"canary {person_id}".encode()).digest()[:6]) / 2**48
    return place < canary.share


def _read(registry: ModelRegistry, name: str, nothing: Kept) -> Kept:
    try:
        told: dict[str, Any] = json.loads((registry.folder / name).read_text())
    except FileNotFoundError:
        return nothing
    return type(nothing)(**told)


def _write(registry: ModelRegistry, name: str, kept: Canary | Shadow | ShadowSeen) -> None:
    if not kept.id:
        (registry.folder / name).unlink(missing_ok=True)
        return
    write_whole(registry.folder / name, json.dumps(asdict(kept)).encode())
