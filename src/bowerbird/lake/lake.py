"""This file is about the lake as one thing: a folder that holds tables, records, events and online state."""

import logging
import shutil
from datetime import datetime
from pathlib import Path
from types import TracebackType

from bowerbird.core.clock import Clock, SystemClock
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.events import EventLog
from bowerbird.lake.homes import Home, home_folder
from bowerbird.lake.items import restore_numbers
from bowerbird.lake.maintenance_right import MaintenanceRight
from bowerbird.lake.migrations import prepare
from bowerbird.lake.online import OnlineStore
from bowerbird.lake.online_state import OnlineState, announced
from bowerbird.lake.places import Address, Place, place_of
from bowerbird.lake.records import Records
from bowerbird.lake.request_log import RequestLog
from bowerbird.lake.schemas import BLOB, FRAME, ITEM, LOOK_ALIKE, MEDIA, VIDEO, TableSpec, embedding_spec
from bowerbird.lake.table_files import remove_table, table_names
from bowerbird.lake.table_making import width_of
from bowerbird.lake.tables import Table
from bowerbird.lake.tags import unpin_abandoned
from bowerbird.lake.views import LakeView, view_at
from bowerbird.lake.write_gate import WriteGate

log = logging.getLogger(__name__)

TASTE_GRAPH = Path("index") / "taste-graph.zip"
INTEREST_NAMES = Path("index") / "interest-names.json"
BEHAVIOUR = Path("index") / "behaviour-features.zip"
OF_BEHAVIOUR = (TASTE_GRAPH, INTEREST_NAMES, BEHAVIOUR)
"""Made by `taste` and `rank` out of the event log and the items; whoever forgets something deletes them."""
TRAINING = Path("training")
"""Tables of requests, made out of the request log; whoever forgets something deletes them."""
_FOLDERS = ("display", "models", "index", "imports")
_MS_PER_HOUR = 3_600_000


class Lake:
    """Everything that is kept. What lies in `display`, `models`, `index` and `online.sqlite` is derived."""

    def __init__(self, place: Place, home: Home, config: LakeConfig, clock: Clock) -> None:
        """Use `Lake.open`."""
        self.place = place
        self.home = home
        self.path = path = home.folder
        self.config = config
        self.clock = clock
        for folder in _FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
        self.storing = WriteGate(path / ".storing")
        """Entered by whoever stores items and what they show; alone by whoever removes what nobody shows."""
        self.maintenance = MaintenanceRight(place, clock)
        self.items = self._table(ITEM)
        self.media = self._table(MEDIA)
        self.blobs = self._table(BLOB)
        self.videos = self._table(VIDEO)
        self.frames = self._table(FRAME)
        self.look_alikes = self._table(LOOK_ALIKE)
        self._embeddings: dict[str, Table] = {}
        shared = announced(home.lake_id, home.log_id, config)
        self.records = Records(path / "records.sqlite", config, clock)
        self.events = EventLog(path / "events.sqlite", config, clock)
        self.online: OnlineState = shared or OnlineStore(path / "online.sqlite", config)
        self.requests = RequestLog(path, config, clock)

    @classmethod
    def open(
        cls,
        address: Address,
        *,
        create: bool = False,
        config: LakeConfig | None = None,
        clock: Clock | None = None,
        home: Path | None = None,
    ) -> "Lake":
        """The lake in a folder or a bucket; damaged heads are mended, an older layout is brought up.

        Args:
            address: a folder, or `s3://bucket/prefix`.
            create: make the lake if there is none.
            home: where a lake in a bucket keeps what is not in tables; without it, see `home_folder`.

        Raises:
            LakeError: there is none, and `create` is false; or its layout is not for this version.
        """
        clock = clock or SystemClock()
        place, folder = place_of(address), home_folder(address, home)
        said = prepare(place, folder, clock, create=create)
        lake = cls(place, Home(place, said, folder), config or LakeConfig(), clock)
        if lake.records.numbers.size() == 0 and lake.home.is_writer():
            restore_numbers(lake, if_none=True)
        return lake

    def embeddings(self, kind: str, stamp_text: str, width: int) -> Table:
        """The table of the vectors of one encoder, made on first use; `kind` is picture or words."""
        spec = embedding_spec(kind, stamp_text, width)
        if spec.name not in self._embeddings:
            self._embeddings[spec.name] = self._table(spec)
        return self._embeddings[spec.name]

    def drop_embeddings(self, kind_and_stamp: str) -> None:
        """The vectors of one encoder are gone, for example those in `picture/lite0-int8.9f3a.5be0`."""
        name = f"embedding/{kind_and_stamp}"
        self._embeddings.pop(name, None)
        remove_table(self.place.within(f"tables/{name}.lance"))
        shutil.rmtree(self.path / "journal" / name, ignore_errors=True)

    def at(self, moment: int | str | datetime) -> LakeView:
        """The lake as of a version of the item table, a time (ISO 8601; without a zone it is local) or a tag.

        Raises:
            NotFoundError: that version, time or tag is not kept.
        """
        return view_at(self.place, self.items, self.tables, moment)

    def tables(self) -> dict[str, Table]:
        """Every table by name, those of encoders that this process has not used among them."""
        for name in table_names(self.place, "tables/embedding"):
            if name not in self._embeddings:
                _, kind, stamp = name.split("/", 2)
                self.embeddings(kind, stamp, width_of(self.place.within(f"tables/{name}.lance")))
        return {
            table.spec.name: table
            for table in (
                self.items,
                self.media,
                self.blobs,
                self.videos,
                self.frames,
                self.look_alikes,
                *self._embeddings.values(),
            )
        }

    def maintain(self) -> dict[str, TableDebt]:
        """Compacts each table within bounds and lets go of what is old; gives the debt left by table."""
        self.purge_tombstones()
        unpin_abandoned(self.place)
        self.requests.move()
        self.requests.drop_old()
        return {name: table.maintain() for name, table in self.tables().items()}

    def purge_tombstones(self) -> None:
        """Items deleted long ago are forgotten altogether: every reader of changes has heard of them."""
        before_ms = self.clock.now_ms() - int(self.config.keep_tombstones_hours * _MS_PER_HOUR)
        old = self.items.tombstones_before(before_ms)
        highest = self.items.highest("number") if old else None
        # The highest number stays in the table: from there numbers go on if the records are lost.
        old = [key for key in old if key != highest]
        if old:
            self.items.delete(old)
            log.info("tombstones purged", extra={"items": len(old)})

    def close(self) -> None:
        """Events and records of requests given in are durable; files are closed."""
        self.requests.close()
        self.events.close()
        self.online.close()
        self.records.close()

    def __enter__(self) -> "Lake":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _table(self, spec: TableSpec) -> Table:
        journals = self.path / "journal" if self.config.journal_entries else None
        place = self.place.within(f"tables/{spec.name}.lance")
        return Table(place, spec, self.config, journals, self.maintenance.turn)
