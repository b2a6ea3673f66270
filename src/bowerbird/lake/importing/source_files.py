"""This file is about where a catalogue lies: a folder, a file, or the files of a pattern."""

import re
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.files import stem_of
from bowerbird.lake.importing.shards import files_of_folder, files_of_pattern, is_pattern

TARS = (".tar", ".tar.gz", ".tgz")
PARQUETS = (".parquet", ".pq")

KINDS_TEXT = (
    "a folder or .zip of pictures, .csv, .tsv, .jsonl, .parquet, a product feed (.xml), a WebDataset (.tar), "
    "a .txt of addresses, or an export of Gorse, RecBole, Pinry or Immich"
)
"""What a person may give."""


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """Where a catalogue lies: a folder, a file, or the files of a pattern.

    Attributes:
        path: the folder or file; of a pattern, the folder of the first file.
        files: the file, the files of the pattern, or none where it is a folder.
        name: what an import from here is called.
    """

    path: Path
    files: tuple[Path, ...]
    name: str

    @classmethod
    def find(cls, text: str | Path) -> "SourceFiles":
        """The place that a path or pattern names.

        Raises:
            InputError: there is nothing.
        """
        path = Path(text)
        if path.is_dir():
            return cls(path, (), path.resolve().name)
        if path.is_file():
            return cls(path, (path,), stem_of(path))
        if is_pattern(str(text)):
            files = files_of_pattern(str(text))
            return cls(files[0].parent, tuple(files), re.split(r"[-_.]?[{*]", Path(text).name)[0] or "shards")
        raise InputError(f"there is nothing at {text}; needed is {KINDS_TEXT}; check the path")

    def shards(self, *endings: str) -> tuple[Path, ...]:
        """Its files of one kind.

        Raises:
            InputError: there are none.
        """
        found = self.files or tuple(files_of_folder(self.path, *endings))
        if not found:
            raise InputError(f"{self.path} has no file that ends in {' or '.join(endings)}; check the folder")
        return found

    def folder(self) -> Path:
        """The folder that it is.

        Raises:
            InputError: it is a file.
        """
        if self.files:
            raise InputError(f"{self.files[0]} is a file; needed is the folder of an export; name that")
        return self.path

    def file(self) -> Path:
        """The one file that it is.

        Raises:
            InputError: it is a folder, or several files.
        """
        if len(self.files) != 1:
            what = "a folder" if not self.files else f"{len(self.files):,} files"
            raise InputError(f"{self.path} is {what}; needed is one file of this kind; name it")
        return self.files[0]
