"""This file is about where a table's pictures are: beside it, in a folder or in a zip, and nowhere else."""

import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.types import PictureRef, RowError

_REMOTE = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class FolderBase:
    """Pictures in a folder, named by paths relative to it."""

    def __init__(self, root: Path) -> None:
        """Pictures under `root`.

        Raises:
            InputError: it is no folder.
        """
        if not root.is_dir():
            raise InputError(f"pictures were to be in {root}; needed is a folder; give one with --images")
        self._root = root.resolve()
        self._inside = str(self._root).rstrip(os.sep) + os.sep
        self._resolved = lru_cache(1_024)(os.path.realpath)

    def find(self, name: str) -> PictureRef:
        """The picture under this name.

        Raises:
            RowError: it is an address, lies outside of the folder, or is not there.
        """
        refuse_remote(name)
        try:
            path = self._real_path(name)
            if "\\" in name and not Path(path).is_file():
                # As other systems part folders; here a name may hold it.
                path = self._real_path(name.replace("\\", "/"))
            if not path.startswith(self._inside):
                raise outside_picture(name)
            facts = Path(path).stat()
        except (OSError, ValueError) as error:
            raise missing_picture(name) from error
        if not stat.S_ISREG(facts.st_mode):
            raise missing_picture(name)
        shown = path.removeprefix(self._inside).replace(os.sep, "/")
        return PictureRef(shown, f"{shown}:{facts.st_size}:{facts.st_mtime_ns}", size_bytes=facts.st_size)

    def read(self, ref: PictureRef, max_bytes: int) -> bytes:
        """Its bytes; one more than `max_bytes` at most.

        Raises:
            RowError: it cannot be read.
        """
        if ref.content is not None:
            return ref.content
        try:
            # Unbuffered, and no more asked for than there is: `read` makes room for all it is asked for.
            with open(self._inside + ref.name, "rb", buffering=0) as file:  # noqa: PTH123 (a Path costs more)
                is_large = os.fstat(file.fileno()).st_size > max_bytes
                return file.read(max_bytes + 1) if is_large else file.read()
        except OSError as error:
            raise _unreadable(ref.name, error) from error

    def _real_path(self, name: str) -> str:
        """Where a name leads, all links followed: those of a folder once for all that is in it."""
        path = os.path.join(self._inside, name)  # noqa: PTH118 (as strings: a Path costs ten times as much)
        folder, last = os.path.split(path)
        if last not in ("", ".", ".."):
            real = os.path.join(self._resolved(folder), last)  # noqa: PTH118
            if not os.path.islink(real):  # noqa: PTH114
                return real
        return os.path.realpath(path)

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder from the root down, in order of names: its path, and its plain files.

        Hidden ones and links are left out: what a link points at is either here anyway, or outside.
        """
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                entries = sorted(os.scandir(self._root / folder), key=lambda entry: entry.name)
            except OSError:
                continue  # a folder that we may not read holds nothing for us
            inside = [entry for entry in entries if not is_hidden(entry.name) and not entry.is_symlink()]
            prefix = f"{folder}/" if folder else ""
            yield folder, [entry.name for entry in inside if entry.is_file(follow_symlinks=False)]
            below = [entry.name for entry in inside if entry.is_dir(follow_symlinks=False)]
            waiting.extend(prefix + name for name in reversed(below))


class ZipBase:
    """Pictures in a zip, named as it names them, or by their last part where that is unique."""

    def __init__(self, path: Path) -> None:
        """Pictures in the zip at `path`.

        Raises:
            InputError: it is no zip.
        """
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} was received; needed is a zip that can be read; pack it again ({error})"
            ) from error
        self._by_name: dict[str, zipfile.ZipInfo] = {}
        self.left_out: Counter[str] = Counter()
        by_last: dict[str, list[str]] = {}
        for info in self._zip.infolist():
            name = _plain_name(info.filename)
            if info.is_dir() or name.endswith("/"):
                continue
            if _is_link(info):
                self.left_out["passed-over-link"] += 1
                continue
            if name in self._by_name:
                self.left_out["passed-over-same-name"] += 1
            else:
                by_last.setdefault(PurePosixPath(name).name, []).append(name)
            self._by_name[name] = info  # of entries with one name the last counts, as for other programs
        self._by_last = {last: found[0] for last, found in by_last.items() if len(found) == 1}

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder in order of names: its path, and its files; hidden ones are left out."""
        by_folder: dict[str, list[str]] = {}
        for name in sorted(self._by_name):
            folder, _, last = name.rpartition("/")
            if not any(is_hidden(part) for part in name.split("/")):
                by_folder.setdefault(folder, []).append(last)
        yield from sorted(by_folder.items())

    def find(self, name: str) -> PictureRef:
        """The picture under this name.

        Raises:
            RowError: it is an address, or it is not there.
        """
        refuse_remote(name)
        plain = _plain_name(name)
        found = plain if plain in self._by_name else self._by_last.get(PurePosixPath(plain).name)
        if found is None:
            raise missing_picture(name)
        info = self._by_name[found]
        return PictureRef(found, f"{found}:{info.file_size}:{info.CRC:08x}", size_bytes=info.file_size)

    def read(self, ref: PictureRef, max_bytes: int) -> bytes:
        """Its bytes; one more than `max_bytes` at most, however much the zip would give.

        Raises:
            RowError: it cannot be read.
        """
        if ref.content is not None:
            return ref.content
        try:
            with self._zip.open(self._by_name[ref.name]) as file:
                return file.read(max_bytes + 1)
        except (
            OSError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            ValueError,
            EOFError,
        ) as error:
            raise _unreadable(ref.name, error) from error
        except Exception as error:
            # zlib and lzma have errors of their own without a common root
            if type(error).__name__ in ("error", "LZMAError"):
                raise _unreadable(ref.name, error) from error
            raise


def _plain_name(name: str) -> str:
    """A name in a zip as it is compared: some programs write backslashes, or begin at a root."""
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of ours."""
    return name.startswith((".", "@eaDir", "__MACOSX")) or name in ("Thumbs.db", "desktop.ini")


def refuse_remote(name: str) -> None:
    """An address is no name of a file.

    Raises:
        RowError: the name is one.
    """
    if _REMOTE.match(name) or name.startswith("//"):
        raise RowError(
            "the picture is at an address of a kind that is not fetched",
            field="picture",
            code="bad-address",
            hint="give an http or https address, or download it and name its file",
            received=name,
        )


def outside_picture(name: str) -> RowError:
    """The error of a picture that lies elsewhere."""
    return RowError(
        "the picture lies outside of the folder of pictures",
        field="picture",
        code="outside-folder",
        hint="move it inside, or give another folder with --images",
        received=name,
    )


def missing_picture(name: str) -> RowError:
    """The error of a picture that is not there."""
    return RowError(
        "the picture is not there",
        field="picture",
        code="missing-file",
        hint="check its name, or give the folder or zip of pictures with --images",
        received=name,
    )


def _unreadable(name: str, error: Exception) -> RowError:
    return RowError(
        f"the picture cannot be read ({str(error)[:100]})",
        field="picture",
        code="unreadable-file",
        hint="check its permissions, or copy it again",
        received=name,
    )
