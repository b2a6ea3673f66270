"""This file is about what a Parquet file of Hugging Face says of itself: classes, splits, captions."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from bowerbird.lake.importing.types import Cell

_METADATA = b"huggingface"
_SHARD = re.compile(r"(.+?)-[0-9]{3,}(?:-of-[0-9]{3,})?(?:-[0-9a-f]{8,})?$")
_CAPTIONS = frozenset({"caption", "captions", "text", "texts", "sentence", "sentences", "raw"})
_LONGEST_METADATA = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Features:
    """What the columns of a file mean.

    Attributes:
        names: column of classes → the name of each number.
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: pa.Schema) -> "Features":
        """From the file's own metadata; nothing where it has none that can be read."""
        text = (schema.metadata or {}).get(_METADATA, b"")
        try:
            told = json.loads(text[:_LONGEST_METADATA]) if text else {}
            features = dict(told["info"]["features"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls()
        names = {column: _class_names(feature) for column, feature in features.items()}
        return cls({column: found for column, found in names.items() if found})

    def in_words(self, row: Mapping[str, Cell]) -> dict[str, Cell]:
        """The row with classes by name, and of several captions the first as title, the others below it."""
        values = {
            column: _named(value, self.names[column]) if column in self.names else value
            for column, value in row.items()
        }
        for column, value in row.items():
            if column.lower() in _CAPTIONS and isinstance(value, list):
                texts = [text for text in value if isinstance(text, str) and text.strip()]
                del values[column]
                if texts:
                    values.setdefault("caption", texts[0])
                    values.setdefault("description", "\n".join(texts[1:]))
        return values


def split_of(shard: Path, root: Path) -> str:
    """The split that a shard's path tells: `train` of `train-00000-of-00004.parquet` or `train/0.parquet`."""
    stem = shard.name.partition(".")[0]
    named = _SHARD.fullmatch(stem)
    if named is not None:
        return named.group(1)
    parents = shard.relative_to(root).parts[:-1] if shard.is_relative_to(root) else ()
    return parents[-1] if parents and parents[-1] != "data" else ""


def _class_names(feature: object) -> Sequence[str]:
    """The names of a class column, or of a list of classes."""
    if isinstance(feature, list) and len(feature) == 1:
        return _class_names(feature[0])
    if not isinstance(feature, Mapping):
        return ()
    if feature.get("_type") in ("Sequence", "List", "LargeList") and "feature" in feature:
        return _class_names(feature["feature"])
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    if isinstance(names, Mapping):  # older files: number → name
        names = list(names.values())
    return [str(name) for name in names] if isinstance(names, list) else ()


def _named(value: Cell, names: Sequence[str]) -> Cell:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    is_known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names)
    return names[value].replace("_", " ") if is_known and isinstance(value, int) else value
