"""This file is about readings: what a catalogue was when all of it was taken in, so as to know it again."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import source_reading


@dataclass(frozen=True, slots=True)
class Reading:
    """A catalogue as it was when it was last taken in.

    Attributes:
        name: of the import.
        place: its path or address.
        settings_hash: changes when the import would understand the same catalogue in another way.
        content_hash: of all its bytes.
        etag, last_modified: what its server said; empty where it said nothing.
        changes_ms: when its content means something else, as a sale begins or ends; None where it does not.
        read_ms: when it was taken in.
    """

    name: str
    place: str
    settings_hash: str
    content_hash: str
    etag: str
    last_modified: str
    changes_ms: int | None
    read_ms: int


class Readings:
    """The last reading of each catalogue."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> Reading | None:
        """The last one of an import, or None."""
        statement = sa.select(source_reading).where(source_reading.c.name == name)
        with reading(self._engine).connect() as connection:
            row = connection.execute(statement).one_or_none()
        return Reading(**row._mapping) if row else None

    def put(self, read: Reading) -> None:
        """Takes the place of the one before."""
        values = asdict(read)
        statement = insert(source_reading).values(values)
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    def forget(self, name: str) -> None:
        """The catalogue will be read again whatever it is."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(source_reading).where(source_reading.c.name == name))
