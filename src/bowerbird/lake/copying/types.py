"""This file is about what copies and backups consist of, and what they report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.lake.format import LakeFormat

Sha256: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far a copy is."""

    files: int
    all_files: int
    bytes_done: int
    all_bytes: int


Tell: TypeAlias = Callable[[CopyProgress], None]


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy, a backup or a restore did.

    Attributes:
        name: of the backup; empty for a copy.
        tables: the version of each table.
        files: all that it consists of.
        bytes_all: of these files.
        bytes_written: what was not there already.
        removed: older backups that were let go.
    """

    name: str
    tables: dict[str, int]
    files: int
    bytes_all: int
    bytes_written: int
    seconds: float
    removed: tuple[str, ...] = ()


class BackupFile(BaseModel):
    """A file of a backup: pieces, one after the other.

    Attributes:
        path: in the lake, or after `home/` in its home.
        mark: of the file in the lake when it was read; the same mark again means the same content.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    size_bytes: Annotated[int, Field(ge=0)]
    mark: str
    pieces: tuple[Sha256, ...]


class BackupManifest(BaseModel):
    """One backup, whole: it is written last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Annotated[int, Field(ge=1, le=1)] = 1
    name: Annotated[str, Field(pattern=r"^[0-9]{8}T[0-9]{6}Z$")]
    made_ms: int
    lake: LakeFormat
    tables: dict[str, int]
    files: tuple[BackupFile, ...]
