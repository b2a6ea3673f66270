"""This file is about `lake.json`: which layout a lake has, and which lake it is."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bowerbird.core.clock import Clock
from bowerbird.core.errors import LakeFormatError
from bowerbird.core.ids import new_id
from bowerbird.lake.places import Place

FORMAT_FILE = "lake.json"
_MS_PER_S = 1000


class LakeFormat(BaseModel):
    """What a lake says about itself.

    Attributes:
        format: the layout; 0 is that of lakes without `lake.json`.
        id: of this lake; a copy that goes a way of its own gets another one.
        made: when, in ISO 8601.
        made_by: the version of Bowerbird that made it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[int, Field(ge=0)]
    id: str
    made: str
    made_by: str

    def as_bytes(self) -> bytes:
        """The content of `lake.json`."""
        return self.model_dump_json(indent=1).encode()


def new_format(number: int, clock: Clock) -> LakeFormat:
    """What a lake that is made now says about itself."""
    made = datetime.fromtimestamp(clock.now_ms() / _MS_PER_S, UTC).isoformat()
    return LakeFormat(format=number, id=new_id("lake"), made=made, made_by=version("bowerbird"))


def read_format(place: Place) -> LakeFormat | None:
    """What the lake says about itself; None where it has no `lake.json`.

    Raises:
        LakeFormatError: the file cannot be read.
    """
    if place.stat(FORMAT_FILE) is None:
        return None
    content = place.read(FORMAT_FILE)
    try:
        return LakeFormat.model_validate_json(content)
    except ValidationError as error:
        raise LakeFormatError(
            f"{FORMAT_FILE} of {place.address} cannot be read ({error.error_count()} problems); needed is "
            "the file as Bowerbird wrote it; take it from a backup, or use the version that made this lake"
        ) from error


def write_format(place: Place, said: LakeFormat) -> None:
    """The lake says this about itself from now on."""
    place.write(FORMAT_FILE, said.as_bytes())
