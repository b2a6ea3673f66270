"""This file is about pictures under a prefix of a bucket: listed once, read when new, many at once."""

import posixpath
from collections.abc import Iterator

from bowerbird.core.errors import NotFoundError, PlaceError
from bowerbird.lake.importing.picture_bases import is_hidden, missing_picture, outside_picture, refuse_remote
from bowerbird.lake.importing.types import PictureRef, RowError
from bowerbird.lake.place_files import PlaceFile
from bowerbird.lake.places import Place


class PlaceBase:
    """Pictures of a place, named by paths relative to it."""

    is_far = True

    def __init__(self, place: Place) -> None:
        self._place = place
        self._listed: dict[str, PlaceFile] = {}

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder in order of names: its path, and its files; hidden ones are left out."""
        by_folder: dict[str, list[str]] = {}
        for file in self._place.files():
            folder, _, last = file.path.rpartition("/")
            if last and not any(is_hidden(part) for part in file.path.split("/")):
                by_folder.setdefault(folder, []).append(last)
                self._listed[file.path] = file
        for folder, files in sorted(by_folder.items()):
            yield folder, sorted(files)

    def find(self, name: str) -> PictureRef:
        """The picture under this name; its stamp is what the bucket says of its content.

        Raises:
            RowError: it is an address, lies outside of the place, or is not there.
        """
        refuse_remote(name)
        path = posixpath.normpath(name.replace("\\", "/"))
        if path.startswith(("/", "..")):
            raise outside_picture(name)
        try:
            found = self._listed.get(path) or self._place.stat(path)
        except PlaceError as error:
            raise missing_picture(name) from error
        if found is None:
            raise missing_picture(name)
        return _ref(found)

    def read(self, ref: PictureRef, max_bytes: int) -> bytes:
        """Its bytes; one more than `max_bytes` at most.

        Raises:
            RowError: they cannot be had.
        """
        if ref.content is not None:
            return ref.content
        try:
            if ref.size_bytes <= max_bytes:
                return self._place.read(ref.name)
            return self._place.read_range(ref.name, 0, max_bytes + 1)
        except NotFoundError as error:
            raise missing_picture(ref.name) from error
        except PlaceError as error:
            raise RowError(
                f"the picture cannot be read ({str(error)[:100]})",
                field="picture",
                code="unreadable-file",
                hint="try again later",
                received=ref.name,
            ) from error


def _ref(file: PlaceFile) -> PictureRef:
    return PictureRef(file.path, f"{file.path}:{file.size_bytes}:{file.mark}", size_bytes=file.size_bytes)
