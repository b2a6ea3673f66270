"""This file is about the lake that a copy or a restore fills: no lake before it is whole."""

import json
from pathlib import Path

from bowerbird.core.errors import ConflictError
from bowerbird.lake.copying.home_files import DATABASES
from bowerbird.lake.format import FORMAT_FILE, LakeFormat, write_format
from bowerbird.lake.homes import home_folder
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.migrations import UNFINISHED_FILE
from bowerbird.lake.places import Address, Place, place_of


class Target:
    """A place and a home that become a lake."""

    def __init__(self, address: Address, home: Path | None, origin: str) -> None:
        """Claims them, also where an earlier try from the same origin was cut off.

        Raises:
            ConflictError: something else is there.
        """
        self.address = address
        self.place: Place = place_of(address)
        self.home = home_folder(address, home)
        self._origin = origin
        said = self.place.read(UNFINISHED_FILE) if self.place.stat(UNFINISHED_FILE) else b""
        if said:
            if json.loads(said).get("origin") != origin:
                raise self._taken("the unfinished copy of another lake")
        elif self.place.stat(FORMAT_FILE) or self.place.folders("tables"):
            raise self._taken("a lake")
        elif any((self.home / name).exists() for name in DATABASES):
            raise self._taken(f"the records of a lake in the home {self.home}")
        self.place.write(UNFINISHED_FILE, json.dumps({"origin": origin}).encode())
        self.home.mkdir(parents=True, exist_ok=True)
        self.home_place = LocalPlace(self.home)

    def finish(self, said: LakeFormat) -> None:
        """From now on it is a lake."""
        write_format(self.place, said)
        self.place.delete(UNFINISHED_FILE)

    def _taken(self, what: str) -> ConflictError:
        return ConflictError(
            f"{self.place.address} holds {what} already; needed is an empty place; name another one, or "
            "empty it"
        )
