"""This file is about the ledger of what was forgotten: salted hashes, times, and work not done yet.

An entry holds no id. While rows are still being removed it also holds the work to do, which names what is to
go, so that a forget that was killed can be finished; that text is erased with the last row.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.lake.records.engine import IDS_PER_QUERY, reading
from bowerbird.lake.records.tables import counter, forgotten, secret

_SALT = "forgotten"
_CHANGES, _PURGES = "forgets", "purges"


@dataclass(frozen=True, slots=True)
class ForgottenEntry:
    """One thing that was forgotten.

    Attributes:
        kind: item, board or person.
        hash: of kind and id, salted.
        number: of an item; -1 for others.
        asked_ms: when it was asked for.
        removed_ms: since when no row names it; None while the work is not done.
        purged_ms: since when it is in no file but those of older versions.
        gone_ms: since when it is in none of those either.
        is_refused: an import may not bring it back.
        work: what is still to be removed, as JSON; None when it is done.
        versions: of each table, the first without it, as JSON; None before it was purged.
    """

    kind: str
    hash: str
    number: int
    asked_ms: int
    removed_ms: int | None
    purged_ms: int | None
    gone_ms: int | None
    is_refused: bool
    work: str | None
    versions: str | None


class Forgotten:
    """The ledger."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, kind: str, works: Mapping[str, tuple[int, str]]) -> None:
        """Notes that these ids are to be forgotten: id → (number, work). Durable on return."""
        now_ms = self._clock.now_ms()
        clean = {"removed_ms": None, "purged_ms": None, "gone_ms": None, "versions": None, "is_refused": True}
        rows = [
            {"kind": kind, "hash": self.hash_of(kind, id_), "number": number, "work": work}
            for id_, (number, work) in works.items()
        ]
        with self._engine.begin() as connection:
            for row in rows:
                values = {**row, **clean, "asked_ms": now_ms}
                made = insert(forgotten).values(values)
                again = made.on_conflict_do_update(index_elements=["kind", "hash"], set_=values)
                connection.execute(again)

    def unfinished(self) -> list[ForgottenEntry]:
        """Those whose rows are still to be removed, oldest first."""
        return self._entries(forgotten.c.work.is_not(None))

    def not_gone(self) -> list[ForgottenEntry]:
        """Those that are still in some file, oldest first."""
        return self._entries(forgotten.c.gone_ms.is_(None))

    def entries(self) -> list[ForgottenEntry]:
        """All of them, oldest first."""
        return self._entries(sa.true())

    def removed(self, entries: Sequence[ForgottenEntry]) -> None:
        """No row names these any more; what they were is erased here too."""
        self._mark(entries, work=None, removed_ms=self._clock.now_ms())

    def purged(self, entries: Sequence[ForgottenEntry], versions: Mapping[str, int]) -> None:
        """These are in no file but those of versions older than `versions` (by table)."""
        if any(entry.kind == "item" for entry in entries):
            self._grow(_PURGES)
        self._mark(entries, purged_ms=self._clock.now_ms(), versions=json.dumps(dict(versions)))

    def gone(self, entries: Sequence[ForgottenEntry]) -> None:
        """These are in no file of the lake."""
        self._mark(entries, gone_ms=self._clock.now_ms())

    def refused(self, kind: str, ids: Sequence[str]) -> set[str]:
        """Those ids that may not come back."""
        hashes = {self.hash_of(kind, id_): id_ for id_ in ids} if self._has_refused(kind) else {}
        found: set[str] = set()
        names = list(hashes)
        with reading(self._engine).connect() as connection:
            for start in range(0, len(names), IDS_PER_QUERY):
                mine = forgotten.c.hash.in_(names[start : start + IDS_PER_QUERY])
                query = sa.select(forgotten.c.hash).where(
                    mine & (forgotten.c.kind == kind) & forgotten.c.is_refused
                )
                found.update(hashes[hash_] for hash_ in connection.scalars(query))
        return found

    def take_back(self, ids: Sequence[str]) -> int:
        """These items may be imported again; gives how many of them had been forgotten."""
        hashes = [self.hash_of("item", id_) for id_ in ids]
        count = 0
        with self._engine.begin() as connection:
            for start in range(0, len(hashes), IDS_PER_QUERY):
                mine = (forgotten.c.kind == "item") & forgotten.c.hash.in_(
                    hashes[start : start + IDS_PER_QUERY]
                )
                change = sa.update(forgotten).where(mine & forgotten.c.is_refused).values(is_refused=False)
                count += int(connection.execute(change).rowcount)
        return count

    def holds(self, kind: str, id_: str) -> bool:
        """Whether this was forgotten, and not taken back."""
        return bool(self.refused(kind, [id_]))

    def changes(self) -> int:
        """Grows whenever something was removed or purged: for others on the same lake to look at."""
        return self._counted(_CHANGES)

    def purges(self) -> int:
        """Grows whenever items were purged from files: whoever holds derived ones open has to follow."""
        return self._counted(_PURGES)

    def hashes(self, kind: str) -> frozenset[str]:
        """Hashes of all that was forgotten of a kind."""
        mine = (forgotten.c.kind == kind) & forgotten.c.is_refused
        with reading(self._engine).connect() as connection:
            return frozenset(connection.scalars(sa.select(forgotten.c.hash).where(mine)))

    def hash_of(self, kind: str, id_: str) -> str:
        """The name of an entry. Whoever has the records can test an id that they know, and list none."""
        return hmac.new(self._salt, f"{kind}:{id_}".encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _salt(self) -> bytes:
        with self._engine.begin() as connection:
            connection.execute(
                insert(secret)
                .values(name=_SALT, value=secrets.token_bytes(32))
                .on_conflict_do_nothing(index_elements=["name"])
            )
            return bytes(
                connection.execute(sa.select(secret.c.value).where(secret.c.name == _SALT)).scalar_one()
            )

    def _has_refused(self, kind: str) -> bool:
        with reading(self._engine).connect() as connection:
            query = sa.select(sa.literal(1)).where((forgotten.c.kind == kind) & forgotten.c.is_refused)
            return connection.scalar(query.limit(1)) is not None

    def _entries(self, where: sa.ColumnElement[bool]) -> list[ForgottenEntry]:
        query = sa.select(forgotten).where(where).order_by(forgotten.c.asked_ms, forgotten.c.hash)
        with reading(self._engine).connect() as connection:
            return [ForgottenEntry(**row._mapping) for row in connection.execute(query)]

    def _mark(self, entries: Sequence[ForgottenEntry], **values: object) -> None:
        with self._engine.begin() as connection:
            for entry in entries:
                mine = (forgotten.c.kind == entry.kind) & (forgotten.c.hash == entry.hash)
                connection.execute(sa.update(forgotten).where(mine).values(values))
        self._grow(_CHANGES)

    def _grow(self, name: str) -> None:
        grown = insert(counter).values(name=name, next=1)
        with self._engine.begin() as connection:
            connection.execute(
                grown.on_conflict_do_update(index_elements=["name"], set_={"next": counter.c.next + 1})
            )

    def _counted(self, name: str) -> int:
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(sa.select(counter.c.next).where(counter.c.name == name)) or 0)
