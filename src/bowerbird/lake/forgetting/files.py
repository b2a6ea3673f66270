"""This file is about forgetting in files beside the tables: display sizes, and files of refused rows."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from bowerbird.lake.lake import TRAINING, Lake

_SHA = re.compile(r"[0-9a-f]{64}")
_TELLING_CHARS = 8
_SHAS_AT_ONCE = 2_000
_MS_PER_HOUR = 3_600_000


def display_files(lake: Lake, media_ids: Sequence[str]) -> Iterator[Path]:
    """Display sizes that were made of these pictures."""
    for sha in media_ids:
        yield from (lake.path / "display" / sha[:2]).glob(f"*{sha}*")


def remove_display_files(lake: Lake, media_ids: Sequence[str]) -> int:
    """No display size of these pictures is left; gives how many files that were."""
    return _remove(display_files(lake, media_ids))


def sweep_display_files(lake: Lake) -> int:
    """Display sizes of pictures that the lake does not have are gone, half-made ones too; gives how many."""
    removed = 0
    for folder in sorted((lake.path / "display").glob("*")):
        named: dict[str, list[Path]] = {}
        for path in folder.iterdir() if folder.is_dir() else ():
            found = _SHA.search(path.name)
            if found is not None:
                named.setdefault(found[0], []).append(path)
            elif path.name.startswith(".making-") and _is_left_behind(path):
                removed += _remove([path])
        shas = list(named)
        for start in range(0, len(shas), _SHAS_AT_ONCE):
            part = shas[start : start + _SHAS_AT_ONCE]
            there = set(lake.media.take(part, ["id"])["id"].to_pylist())
            removed += _remove(path for sha in part if sha not in there for path in named[sha])
    return removed


def remove_training_tables(lake: Lake) -> int:
    """Tables that `learn table` made are gone, since rows of whoever was forgotten are in them; how many."""
    tables = [folder for folder in (lake.path / TRAINING).glob("*") if folder.is_dir()]
    for folder in tables:
        shutil.rmtree(folder)
    return len(tables)


def scrub_rejects(lake: Lake, texts: Sequence[str]) -> int:
    """What refused rows said of items with these texts is out of the rejects files; gives how many lines.

    A line is theirs when a value in it is one of the texts, or holds a long one. What was refused, and where,
    stays without what was received.
    """
    wanted = set(texts)
    telling = [text for text in wanted if len(text) >= _TELLING_CHARS]
    scrubbed = 0
    for path in _rejects_files(lake):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [_scrubbed(line, wanted, telling) for line in lines]
        changed = sum(line is not new for line, new in zip(lines, kept, strict=True))
        if changed:
            beside = path.with_suffix(".part")
            beside.write_bytes(b"".join(kept))
            beside.replace(path)
        scrubbed += changed
    return scrubbed


def age_out_rejects(lake: Lake) -> int:
    """Rejects files older than `keep_rejects_hours` are gone; gives how many."""
    before_s = (lake.clock.now_ms() - lake.config.keep_rejects_hours * _MS_PER_HOUR) / 1_000
    return _remove(path for path in _rejects_files(lake) if path.stat().st_mtime < before_s)


def _rejects_files(lake: Lake) -> list[Path]:
    return sorted((lake.path / "imports").glob("*.rejects.jsonl"))


def _scrubbed(line: bytes, wanted: set[str], telling: Sequence[str]) -> bytes:
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:  # the last line of an import that was killed
        return line if not any(text.encode() in line for text in telling) else b""
    values = [str(told.get(name, "")) for name in ("received", "where", "hint")]
    if not any(value in wanted or any(text in value for text in telling) for value in values):
        return line
    return orjson.dumps({**told, "where": "", "hint": "", "received": ""}) + b"\n"


def _is_left_behind(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - 3_600
    except FileNotFoundError:
        return False


def _remove(paths: Iterable[Path]) -> int:
    removed = 0
    for path in paths:
        try:
            os.remove(path)  # noqa: PTH107 (thousands of files)
        except FileNotFoundError:  # another process was first
            continue
        removed += 1
    return removed
