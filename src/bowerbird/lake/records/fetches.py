"""This file is about pictures that were fetched: what their servers said, to ask only for other ones."""

import hashlib
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import fetched_picture


class Fetches:
    """ETag and Last-Modified of pictures, by a hash of their address."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put_many(self, stamps: Mapping[str, tuple[str, str]]) -> None:
        """Address → (ETag, Last-Modified); takes the place of what was said before."""
        rows = [
            {"address_hash": _hash(address), "etag": etag, "last_modified": modified}
            for address, (etag, modified) in stamps.items()
        ]
        if not rows:
            return
        made = insert(fetched_picture)
        changed = {"etag": made.excluded.etag, "last_modified": made.excluded.last_modified}
        with self._engine.begin() as connection:
            statement = made.on_conflict_do_update(index_elements=["address_hash"], set_=changed)
            connection.execute(statement, rows)

    def get_many(self, addresses: Sequence[str]) -> dict[str, tuple[str, str]]:
        """What is known of these addresses."""
        by_hash = {_hash(address): address for address in addresses}
        statement = sa.select(fetched_picture).where(fetched_picture.c.address_hash.in_(list(by_hash)))
        with reading(self._engine).connect() as connection:
            rows = connection.execute(statement).all()
        return {by_hash[row.address_hash]: (row.etag, row.last_modified) for row in rows}


def _hash(address: str) -> str:
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
