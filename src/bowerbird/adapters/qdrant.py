"""This file is about Qdrant: the vector index beyond one machine, and its core in this process.

`QdrantIndex` speaks to a server (or to the client's own small imitation, `:memory:`); `QdrantEdgeIndex` runs
the server's core on a folder. Both pass the conformance suite that the embedded index passes.
"""

import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.core.errors import ConfigError, FilterError, IncompatibleIndexError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range, Value, fields_of
from bowerbird.retrieve.nearest import best, checked_queries, checked_rows, last_of_each
from bowerbird.retrieve.types import Hits

_BATCH_POINTS = 512
_HNSW_EF = ((0.9, 32), (0.95, 64), (0.97, 96), (0.99, 192), (0.995, 384))
_FINITE = sys.float_info.max


class QdrantLike(ABC):
    """What both have in common: a `VectorIndex` over points whose ids are item numbers."""

    def __init__(self, models: Any, *, width: int, stamp_text: str, fields: Iterable[str] = ()) -> None:
        self._models = models
        self._width = width
        self._stamp_text = stamp_text
        self._fields = set(fields)

    @property
    def stamp_text(self) -> str:
        """Which encoder, version and space the vectors come from."""
        return self._stamp_text

    @property
    def width(self) -> int:
        """D, the width of its vectors."""
        return self._width

    @abstractmethod
    def __len__(self) -> int:
        """How many items can be found."""

    def search(self, queries: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97) -> Hits:
        """The k nearest items of each query; `effort` becomes the width of the graph search.

        Raises:
            IncompatibleIndexError: the queries have another width.
            FilterError: the filter names an unknown field.
        """
        checked = checked_queries(queries, k, width=self._width)
        if where is not None:
            self._check_fields(where)
        chosen = None if where is None else qdrant_filter(where, self._models)
        scores = np.full((len(checked), k), -np.inf, dtype=np.float32)
        numbers = np.full((len(checked), k), -1, dtype=np.int64)
        answers = self._query(checked.tolist(), k, chosen, _ef(effort, k)) if len(checked) else []
        for row, points in enumerate(answers):
            scores[row, : len(points)] = [point.score for point in points]
            numbers[row, : len(points)] = [point.id for point in points]
        return best(scores, numbers, k)

    def vectors(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D] the stored vectors; a row of zeros where the item is not there."""
        found = np.zeros((len(numbers), self._width), dtype=np.float32)
        held = {int(point.id): point.vector for point in self._retrieve(np.unique(numbers).tolist())}
        for row, number in enumerate(numbers.tolist()):
            if number in held:
                found[row] = held[number]
        return found

    def upsert(
        self,
        numbers: ItemNumbers,
        vectors: Embeddings,
        payload: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add or replace; searchable on return. `payload` holds filterable fields, one mapping a row."""
        unique, checked = checked_rows(numbers, vectors, width=self._width)
        fields = [_stored(payload[row]) if payload else {} for row in last_of_each(numbers)]
        self._learn_fields(fields)
        for start in range(0, len(unique), _BATCH_POINTS):
            rows = slice(start, start + _BATCH_POINTS)
            self._put(unique[rows].tolist(), checked[rows].tolist(), fields[rows])

    def delete(self, numbers: ItemNumbers) -> None:
        """Forget; gone from searches on return. Unknown numbers are passed over."""
        known = numbers[numbers >= 0].tolist()
        if known:
            self._delete(known)

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection or the folder."""

    @abstractmethod
    def _query(self, queries: list[list[float]], k: int, where: Any, ef: int | None) -> list[list[Any]]:
        """Scored points of each query; `ef` None asks for an exact search."""

    @abstractmethod
    def _retrieve(self, numbers: list[int]) -> list[Any]:
        """Points with their vectors."""

    @abstractmethod
    def _put(self, numbers: list[int], vectors: list[list[float]], fields: Sequence[dict[str, Any]]) -> None:
        """Store points."""

    @abstractmethod
    def _delete(self, numbers: list[int]) -> None:
        """Drop points."""

    @abstractmethod
    def _index_field(self, name: str, kind: str) -> None:
        """Make filters on a field fast; `kind` is text, number or boolean."""

    def _learn_fields(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            for name, value in row.items():
                if name not in self._fields:
                    self._index_field(name, _kind(value))
                    self._fields.add(name)

    def _check_fields(self, where: Filter) -> None:
        unknown = sorted(fields_of(where) - self._fields)
        if unknown:
            known = ", ".join(sorted(self._fields)) or "none yet"
            raise FilterError(
                f"filter field {unknown[0]!r} was received; known are: {known}; use one of them"
            )


@final
class QdrantIndex(QdrantLike):
    """A collection of a Qdrant server. For tests `location=":memory:"`, good for a few thousand points."""

    def __init__(
        self, location: str, collection: str, width: int, *, stamp_text: str = "", api_key: str | None = None
    ) -> None:
        """Opens the collection, or makes it.

        Raises:
            ConfigError: the package is not installed.
            IncompatibleIndexError: the collection holds vectors of another space.
        """
        client = _required("qdrant_client")
        self._is_local = location == ":memory:"
        self._client = client.QdrantClient(location=location, api_key=api_key)
        self._collection = collection
        fields = self._open(client.models, width, stamp_text)
        super().__init__(client.models, width=width, stamp_text=stamp_text, fields=fields)

    def __len__(self) -> int:
        return int(self._client.count(self._collection, exact=True).count)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _open(self, models: Any, width: int, stamp_text: str) -> list[str]:
        if not self._client.collection_exists(self._collection):
            self._client.create_collection(
                self._collection,
                vectors_config=models.VectorParams(size=width, distance=models.Distance.DOT),
                metadata={"stamp": stamp_text},
            )
            return []
        info = self._client.get_collection(self._collection)
        held = (info.config.params.vectors.size, (info.config.metadata or {}).get("stamp", ""))
        if held != (width, stamp_text):
            raise IncompatibleIndexError(
                f"collection {self._collection!r} holds {held[0]}-wide vectors of {held[1]!r}; needed are "
                f"{width}-wide ones of {stamp_text!r}; name another collection and fill it"
            )
        return list(info.payload_schema)

    def _query(self, queries: list[list[float]], k: int, where: Any, ef: int | None) -> list[list[Any]]:
        models = self._models
        params = models.SearchParams(exact=True) if ef is None else models.SearchParams(hnsw_ef=ef)
        if self._is_local:
            params = None  # it compares everything, and warns of settings
        asked = [
            models.QueryRequest(query=query, limit=k, filter=where, params=params, with_payload=False)
            for query in queries
        ]
        answers = self._client.query_batch_points(self._collection, requests=asked)
        return [answer.points for answer in answers]

    def _retrieve(self, numbers: list[int]) -> list[Any]:
        kept = [number for number in numbers if number >= 0]
        return list(self._client.retrieve(self._collection, kept, with_payload=False, with_vectors=True))

    def _put(self, numbers: list[int], vectors: list[list[float]], fields: Sequence[dict[str, Any]]) -> None:
        rows = zip(numbers, vectors, fields, strict=True)
        points = [self._models.PointStruct(id=n, vector=v, payload=f) for n, v, f in rows]
        self._client.upsert(self._collection, points=points, wait=True)

    def _delete(self, numbers: list[int]) -> None:
        self._client.delete(
            self._collection, points_selector=self._models.PointIdsList(points=numbers), wait=True
        )

    def _index_field(self, name: str, kind: str) -> None:
        if not self._is_local:  # it has no payload indexes, and says so with a warning
            schema = {"text": "keyword", "number": "float", "boolean": "bool"}[kind]
            self._client.create_payload_index(self._collection, name, field_schema=schema, wait=True)


@final
class QdrantEdgeIndex(QdrantLike):
    """The core of Qdrant on a folder, in this process; one process at a time may have it open."""

    def __init__(self, folder: Path, width: int, *, stamp_text: str = "") -> None:
        """Opens the folder, or makes it.

        Raises:
            ConfigError: the package is not installed.
            IncompatibleIndexError: the folder holds vectors of another space.
        """
        edge = _required("qdrant_edge")
        stamp = folder / "bowerbird.stamp"
        if stamp.is_file():
            if stamp.read_text() != f"{width} {stamp_text}":
                raise IncompatibleIndexError(
                    f"{folder} holds vectors of {stamp.read_text()!r}; needed are {width} wide ones of "
                    f"{stamp_text!r}; use another folder"
                )
            self._shard = edge.EdgeShard.load(str(folder / "shard"))
        else:
            (folder / "shard").mkdir(parents=True)
            config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=width, distance=edge.Distance.Dot))
            self._shard = edge.EdgeShard.create(str(folder / "shard"), config)
            stamp.write_text(f"{width} {stamp_text}")
        fields = self._shard.info().payload_schema
        super().__init__(edge, width=width, stamp_text=stamp_text, fields=fields)

    def __len__(self) -> int:
        return int(self._shard.count(self._models.CountRequest(exact=True)))

    def optimise(self) -> None:
        """Build the graph over what was put in; blocks the whole interpreter, so do it before serving."""
        self._shard.optimize()

    def close(self) -> None:
        """Write what is pending and let go of the folder."""
        self._shard.close()

    def _query(self, queries: list[list[float]], k: int, where: Any, ef: int | None) -> list[list[Any]]:
        models = self._models
        params = models.SearchParams(exact=True) if ef is None else models.SearchParams(hnsw_ef=ef)
        asked = [
            models.QueryRequest(limit=k, query=models.Query.Nearest(query), filter=where, params=params)
            for query in queries
        ]
        return list(self._shard.query_batch(models.QueryBatchRequest(asked)))

    def _retrieve(self, numbers: list[int]) -> list[Any]:
        kept = [number for number in numbers if number >= 0]
        return list(self._shard.retrieve(kept, with_payload=False, with_vector=True))

    def _put(self, numbers: list[int], vectors: list[list[float]], fields: Sequence[dict[str, Any]]) -> None:
        rows = zip(numbers, vectors, fields, strict=True)
        points = [self._models.Point(id=n, vector=v, payload=f) for n, v, f in rows]
        self._shard.update(self._models.UpdateOperation.upsert_points(points))

    def _delete(self, numbers: list[int]) -> None:
        self._shard.update(self._models.UpdateOperation.delete_points(numbers))

    def _index_field(self, name: str, kind: str) -> None:
        kinds = self._models.PayloadSchemaType
        schema = {"text": kinds.Keyword, "number": kinds.Float, "boolean": kinds.Bool}[kind]
        self._shard.update(self._models.UpdateOperation.create_field_index(name, schema))


def qdrant_filter(where: Filter, models: Any) -> Any:
    """The filter in the words of `qdrant_client.models` or of `qdrant_edge`, which are nearly the same."""
    match where:
        case And(parts):
            inner = [qdrant_filter(part, models) for part in parts]
            return models.Filter(must=inner) if inner else _everything(models)
        case Or(parts):
            inner = [qdrant_filter(part, models) for part in parts]
            return models.Filter(should=inner) if inner else _nothing(models)
        case Not(part):
            return models.Filter(must_not=[qdrant_filter(part, models)])
        case Eq(name, value):
            return _any_of(name, (value,), models)
        case In(name, values) | HasAny(name, values):
            return _any_of(name, values, models)
        case Range(name, gte, lt):
            low = {"gte": -_FINITE if gte is None else float(gte)}
            high = {"lte": _FINITE} if lt is None else {"lt": float(lt)}
            between = _range(models, **low, **high)
            return models.Filter(must=[models.FieldCondition(key=name, range=between)])


def _any_of(name: str, values: Sequence[Value], models: Any) -> Any:
    words = [value for value in values if isinstance(value, str)]
    flags = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    parts = [models.MatchAny(any=words)] if words else []
    parts += [models.MatchValue(value=flag) for flag in flags]
    conditions = [models.FieldCondition(key=name, match=part) for part in parts]
    # A match compares whole numbers only, so numbers are ranges of one value.
    ranges = (_range(models, gte=float(number), lte=float(number)) for number in numbers)
    conditions += [models.FieldCondition(key=name, range=between) for between in ranges]
    return models.Filter(should=conditions) if conditions else _nothing(models)


def _range(models: Any, **bounds: float) -> Any:
    kind = models.RangeFloat if hasattr(models, "RangeFloat") else models.Range
    return kind(**bounds)


def _nothing(models: Any) -> Any:
    is_edge = hasattr(models, "EdgeShard")
    no_id = models.HasIdCondition(set()) if is_edge else models.HasIdCondition(has_id=[])
    return models.Filter(must=[no_id])


def _everything(models: Any) -> Any:
    return models.Filter(must_not=[_nothing(models)])


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in row.items() if v is not None}


def _kind(value: object) -> str:
    one = value[0] if isinstance(value, list) and value else value
    if isinstance(one, bool):
        return "boolean"
    return "number" if isinstance(one, int | float) else "text"


def _ef(effort: float, k: int) -> int | None:
    return next((max(ef, k) for reached, ef in _HNSW_EF if effort <= reached), None)


def _required(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ConfigError(
            f"index = qdrant was received; needed is the package {package}; pip install 'bowerbird[qdrant]'"
        ) from error
