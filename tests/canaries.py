"""Canaries for tests of forgetting: values that are nowhere else, and a search for them in every file."""

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa


@dataclass(slots=True)
class Canaries:
    """Values by name, each a text, bytes, or a vector."""

    texts: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A word that nobody else says: random, so that no compression folds it into others."""
        return self.texts.setdefault(name, f"zq{secrets.token_hex(14)}")

    def content(self, name: str, value: bytes) -> None:
        """Bytes to look for."""
        self.contents[name] = value

    def vector(self, name: str, value: np.ndarray) -> None:
        """A vector to look for, in both widths that files have."""
        self.contents[f"{name} float16"] = np.asarray(value, np.float16).tobytes()
        self.contents[f"{name} float32"] = np.asarray(value, np.float32).tobytes()

    def needles(self) -> Iterator[tuple[str, bytes]]:
        """Every way in which a file may hold one of them."""
        for name, text in self.texts.items():
            yield name, text.encode()
            yield f"{name} (UTF-16)", text.encode("utf-16-le")
        for name, content in self.contents.items():
            yield name, content
            if len(content) == 32:
                yield f"{name} (hex)", content.hex().encode()

    def found(self, folder: Path) -> dict[str, set[str]]:
        """What of them is in which file, searched as bytes."""
        needles = list(self.needles())
        found: dict[str, set[str]] = {}
        for path in sorted(folder.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            named = str(path.relative_to(folder))
            for name, needle in needles:
                if needle in content or needle in path.name.encode():
                    found.setdefault(name, set()).add(named)
        return found

    def read(self, folder: Path) -> dict[str, set[str]]:
        """What of them is read from which version of which table, or from which row of a database."""
        needles = list(self.needles())
        found: dict[str, set[str]] = {}
        for where, value in _values(folder):
            for name, needle in needles:
                if needle in value:
                    found.setdefault(name, set()).add(where)
        return found


def _values(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.lance")):
        if not path.is_dir() or not (path / "_versions").is_dir():
            continue
        for version in lance.dataset(str(path)).versions():
            table = lance.dataset(str(path), version=version["version"])
            has_blob = [name for name in table.schema.names if name == "content"]
            scanned = table.scanner(blob_handling="all_binary" if has_blob else None).to_table()
            for batch in scanned.to_batches():
                yield f"{path.name} version {version['version']}", _bytes_of(batch)
    for path in sorted(folder.glob("*.sqlite")):
        connection = sqlite3.connect(path)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {name}"):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield f"{path.name} {name}", value.encode() if isinstance(value, str) else value
        connection.close()


def _bytes_of(batch: pa.RecordBatch) -> bytes:
    return b"".join(
        buffer.to_pybytes() for column in batch.columns for buffer in column.buffers() if buffer is not None
    )


def only(found: Mapping[str, set[str]], *allowed: str) -> dict[str, set[str]]:
    """What is found in other places than those whose names begin so."""
    left = {
        name: {where for where in places if not where.startswith(allowed)} for name, places in found.items()
    }
    return {name: places for name, places in left.items() if places}
