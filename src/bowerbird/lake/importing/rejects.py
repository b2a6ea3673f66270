"""This file is about what was refused: one JSON line a row, written as it happens."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import orjson

from bowerbird.lake.types import Reject


class RejectsFile:
    """A JSONL file that exists only if something was refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.by_code: Counter[str] = Counter()
        self.by_field: Counter[str] = Counter()

    @property
    def path(self) -> Path | None:
        """Where it is, or None as long as nothing was refused."""
        return self._path if self._file is not None else None

    def write(self, reject: Reject) -> None:
        """One more line; readable at once."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        # A path may hold bytes that are no text.
        where = reject.where.encode("utf-8", "replace").decode()
        self._file.write(orjson.dumps({**asdict(reject), "where": where}) + b"\n")
        self._file.flush()
        self.by_code[reject.code] += 1
        self.by_field[reject.field] += 1

    def close(self) -> None:
        """Nothing more is written."""
        if self._file is not None:
            self._file.close()
