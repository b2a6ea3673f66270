"""This file is about homes: the folder of this machine where a lake keeps what is not in its tables.

A lake on a disk is its own home. A lake in a bucket has one on this machine: SQLite needs a disk, and so do
the index and the display sizes. Any number of homes may read a lake; one, the writer, gives out item numbers.
"""

import hashlib
import os
import re
import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bowerbird.core.errors import ConfigError, LakeError
from bowerbird.core.ids import new_id
from bowerbird.lake.format import LakeFormat
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.places import Address, Place, as_address

HOME_VARIABLE = "BOWERBIRD_HOME"
_FILE = "home.json"


class _Paper(BaseModel):
    """What lies in a home, and for the writer's home in the lake too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lake: str
    home: str
    host: str


def home_folder(address: Address, named: Path | None = None) -> Path:
    """Where the home is: as named, as `$BOWERBIRD_HOME` says, or in the person's data folder by the address.

    Raises:
        ConfigError: one was named for a lake that is its own home.
    """
    address = as_address(address)
    if isinstance(address, Path):
        is_meant = str(named) != os.environ.get(HOME_VARIABLE)  # which may be meant for other lakes
        if named is not None and is_meant and named.resolve() != address.resolve():
            raise ConfigError(
                f"home {named} was given for the lake in {address}, which is its own home; "
                "leave it out, or name a lake in a bucket"
            )
        return address
    if named is not None or os.environ.get(HOME_VARIABLE):
        return named or Path(os.environ[HOME_VARIABLE])
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    name = re.sub(r"[^a-z0-9]+", "-", address.partition("://")[2].lower()).strip("-")
    return data / "bowerbird" / "homes" / f"{name}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


class Home:
    """The home of a lake on this machine, and whether it is the writer's."""

    def __init__(self, place: Place, said: LakeFormat, folder: Path) -> None:
        """Makes the home, and the writer's of it where the lake has none yet.

        Raises:
            LakeError: the folder is the home of another lake.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lake = place
        self._is_lake = place.table_options is None
        self._paper = _Paper(lake=said.id, home=new_id("home"), host=socket.gethostname())
        if self._is_lake:
            return
        here = LocalPlace(folder)
        here.write_if_absent(_FILE, self._paper.model_dump_json().encode())
        self._paper = self._read(here)
        if self._paper.lake != said.id:
            raise LakeError(
                f"{folder} is the home of another lake; needed is one for {place.address} alone; "
                f"name another folder with --home or ${HOME_VARIABLE}"
            )
        place.write_if_absent(_FILE, self._paper.model_dump_json().encode())

    @property
    def lake_id(self) -> str:
        """Of the lake, the same on every machine."""
        return self._paper.lake

    @property
    def log_id(self) -> str:
        """Of the event log that lies here; empty for that of a lake in a folder, which has one only."""
        return "" if self._is_lake else self._paper.home

    def is_writer(self) -> bool:
        """Whether item numbers are given out here; asks the lake, because another home may adopt it."""
        return self._is_lake or self._read(self._lake).home == self._paper.home

    def require_writer(self) -> None:
        """Nothing, where this is the writer's home.

        Raises:
            LakeError: another home is.
        """
        if not self.is_writer():
            raise LakeError(
                f"{self._lake.address} takes new items from its home on {self._read(self._lake).host} only; "
                "needed is that one, because item numbers are given out there; import there, or if it is "
                f"gone, run `bowerbird lake adopt --lake {self._lake.address}` here"
            )

    def become_writer(self) -> None:
        """From now on item numbers are given out here."""
        if not self._is_lake:
            self._lake.write(_FILE, self._paper.model_dump_json().encode())

    def _read(self, place: Place) -> _Paper:
        try:
            return _Paper.model_validate_json(place.read(_FILE))
        except ValidationError as error:
            raise LakeError(
                f"{_FILE} in {place.address} cannot be read; needed is the file as Bowerbird wrote it; "
                "take it away, and run `bowerbird lake adopt`"
            ) from error
