"""This file is about the pictures of an export: other systems name them by paths of their own machine."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from bowerbird.lake.importing.picture_bases import FolderBase
from bowerbird.lake.importing.types import PictureRef, RowError


class ExportedFiles:
    """Pictures below a folder, found by the end of a path, or by their name where only one has it."""

    def __init__(self, root: Path) -> None:
        self._base = FolderBase(root)
        self._by_name: dict[str, str | None] | None = None

    def find(self, paths: Sequence[str]) -> PictureRef | None:
        """The first of these that is there; of each path, the longest end that is."""
        for path in paths:
            parts = PurePosixPath(urlsplit(path).path if "://" in path else path.replace("\\", "/")).parts
            for start in range(len(parts)):
                found = self._at("/".join(parts[start:]).lstrip("/"))
                if found is not None:
                    return found
        for path in paths:
            only = self._names().get(PurePosixPath(path).name.lower())
            if only is not None:
                return self._at(only)
        return None

    def _at(self, path: str) -> PictureRef | None:
        try:
            return self._base.find(path) if path else None
        except RowError:
            return None

    def _names(self) -> dict[str, str | None]:
        """Name → the only path that has it; None where several have."""
        if self._by_name is None:
            self._by_name = {}
            for folder, files in self._base.folders():
                for file in files:
                    path = f"{folder}/{file}" if folder else file
                    self._by_name[file.lower()] = None if file.lower() in self._by_name else path
        return self._by_name
