"""This file is about a folder of this machine as a place: whole files or none, durable when written."""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.core.errors import NotFoundError, PlaceError
from bowerbird.lake.place_files import PlaceFile, checked_path

_PIECE_BYTES = 4 * 2**20
_UNFINISHED = ".writing-"


class LocalPlace:
    """Files below a folder. Links below it are passed over, so that nothing outside of it is read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)
        self.table_options: dict[str, str] | None = None

    def files(self, folder: str = "") -> Iterator[PlaceFile]:
        """Every file below a folder, in no order; nothing where there is no such folder."""
        waiting = [self._path(folder) if folder else self.root]
        while waiting:
            try:
                entries = os.scandir(waiting.pop())
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise self._unreachable(error) from error
            with entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False) and not entry.name.startswith(_UNFINISHED):
                        try:
                            yield self._seen(Path(entry.path), entry.stat(follow_symlinks=False))
                        except FileNotFoundError:  # deleted meanwhile
                            continue

    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders right below a folder, sorted."""
        root = self._path(folder) if folder else self.root
        return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []

    def stat(self, path: str) -> PlaceFile | None:
        """What is known of a file without reading it; None where there is none."""
        file = self._path(path)
        try:
            return self._seen(file, file.stat()) if file.is_file() else None
        except FileNotFoundError:
            return None

    def read(self, path: str) -> bytes:
        """The whole file."""
        return b"".join(self.stream(path))

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Part of a file; shorter where the file ends before."""
        with self._opened(path) as file:
            return os.pread(file, length, start)

    def stream(self, path: str) -> Iterator[bytes]:
        """The file, piece by piece."""
        with self._opened(path) as file:
            while piece := os.read(file, _PIECE_BYTES):
                yield piece

    def write(self, path: str, content: bytes | Iterable[bytes]) -> None:
        """Makes or replaces a file: readers see the old one or the new one, and it is durable on return."""
        with self._written(path, content) as draft:
            draft.replace(self._path(path))

    def write_if_absent(self, path: str, content: bytes) -> bool:
        """Makes a file; False where there is one already. Of several callers at once, one is told True."""
        with self._written(path, content) as draft:
            try:
                self._path(path).hardlink_to(draft)
            except FileExistsError:
                return False
            return True

    def replace_if(self, path: str, content: bytes, mark: str) -> bool:
        """Replaces a file if it still has the mark that `stat` gave; False where it has not."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{_UNFINISHED}lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            seen = self.stat(path)
            if seen is None or seen.mark != mark:
                return False
            self.write(path, content)
            return True

    def delete(self, path: str) -> None:
        """The file is not there; also if it never was."""
        try:
            self._path(path).unlink(missing_ok=True)
        except OSError as error:
            raise self._unreachable(error) from error

    def within(self, folder: str) -> "LocalPlace":
        """The same place, seen from one of its folders."""
        return LocalPlace(self._path(folder))

    def _path(self, path: str) -> Path:
        return self.root / checked_path(path)

    def _seen(self, file: Path, stat: os.stat_result) -> PlaceFile:
        mark = f"{stat.st_ino}-{stat.st_size}-{stat.st_mtime_ns}"
        return PlaceFile(file.relative_to(self.root).as_posix(), stat.st_size, mark)

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        try:
            file = os.open(self._path(path), os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError(f"there is no file {path} in {self.address}; list what is there") from error
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            yield file
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            os.close(file)

    @contextmanager
    def _written(self, path: str, content: bytes | Iterable[bytes]) -> Iterator[Path]:
        """A whole, durable draft beside the file; what becomes of it in the block is durable too."""
        folder = self._path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, prefix=_UNFINISHED)
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            with os.fdopen(handle, "wb") as draft:
                for piece in (content,) if isinstance(content, bytes) else content:
                    draft.write(piece)
                draft.flush()
                os.fsync(draft.fileno())
            yield Path(name)
            _sync(folder)
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            Path(name).unlink(missing_ok=True)

    def _unreachable(self, error: OSError) -> PlaceError:
        return PlaceError(
            f"{error.filename or self.address} cannot be read or written ({error.strerror or error}); needed "
            "is a folder with room that this person may use; check its rights and the disk"
        )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
