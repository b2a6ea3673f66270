"""This file is about places: where files lie, a local folder or a prefix of a bucket, behind one protocol."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from bowerbird.core.errors import PlaceError
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.place_files import PlaceFile

ENTRY_POINTS = "bowerbird.places"
"""Packages announce further schemes here: a callable from an address such as `s3://bucket/x` to a `Place`."""
Address: TypeAlias = Path | str
"""A folder of this machine, or `scheme://…`."""
# `Path` writes s3://bucket as s3:/bucket; one slash is therefore as good as two.
_SCHEME = re.compile(r"^([a-z][a-z0-9]+):/+")


@runtime_checkable
class Place(Protocol):
    """Files under relative names with `/` between folders. Safe for threads.

    Every method raises `PlaceError` where the place cannot be reached, and `NotFoundError` where a file that
    is to be read is not there.

    Attributes:
        address: as a person would write it.
        table_options: what Lance has to be told to open a table here; None for a local folder.
    """

    address: str
    table_options: dict[str, str] | None

    def files(self, folder: str = "") -> Iterator[PlaceFile]:
        """Every file below a folder, in no order; nothing where there is no such folder."""
        ...

    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders right below a folder, sorted."""
        ...

    def stat(self, path: str) -> PlaceFile | None:
        """What is known of a file without reading it; None where there is none."""
        ...

    def read(self, path: str) -> bytes:
        """The whole file."""
        ...

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Part of a file; shorter where the file ends before."""
        ...

    def stream(self, path: str) -> Iterator[bytes]:
        """The file, piece by piece."""
        ...

    def write(self, path: str, content: bytes | Iterable[bytes]) -> None:
        """Makes or replaces a file: readers see the old one or the new one, and it is durable on return."""
        ...

    def write_if_absent(self, path: str, content: bytes) -> bool:
        """Makes a file; False where there is one already. Of several callers at once, one is told True."""
        ...

    def replace_if(self, path: str, content: bytes, mark: str) -> bool:
        """Replaces a file if it still has the mark that `stat` gave; False where it has not."""
        ...

    def delete(self, path: str) -> None:
        """The file is not there; also if it never was."""
        ...

    def within(self, folder: str) -> "Place":
        """The same place, seen from one of its folders."""
        ...


def as_address(given: Address) -> Address:
    """What a person wrote, as a folder or as `scheme://…` without a slash at its end."""
    text = str(given)
    found = _SCHEME.match(text)
    if found is None:
        return Path(given)
    return f"{found[1]}://{text[found.end() :].rstrip('/')}"


def is_remote(address: Address) -> bool:
    """Whether the address is not a folder of this machine."""
    return isinstance(as_address(address), str)


def place_of(address: Address) -> Place:
    """The place at an address; nothing is made there yet.

    Raises:
        PlaceError: no package brings this scheme, or the place cannot be reached.
    """
    address = as_address(address)
    if isinstance(address, Path):
        return LocalPlace(address)
    scheme = address.partition(":")[0]
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if scheme not in found:
        raise PlaceError(
            f"{address} was received; needed is a folder or one of {sorted(f'{name}://' for name in found)}; "
            "correct the address, or install what brings its scheme"
        )
    try:
        open_place = found[scheme].load()
    except ModuleNotFoundError as error:
        raise PlaceError(
            f"{address} needs the package {error.name}, which is not installed; "
            f"install it with `pip install 'bowerbird[{scheme}]'`"
        ) from error
    place: Place = open_place(address)
    return place
