"""This file is about the files of a home that a copy needs: records and events, whole while others write."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bowerbird.lake.format import FORMAT_FILE
from bowerbird.lake.request_log.log import FOLDER, SPOOL

DATABASES = ("records.sqlite", "events.sqlite")
# Derived, or of this machine and this process only.
_LEFT_OUT = frozenset({FORMAT_FILE, "home.json", "unfinished.json", "maintenance.json"})


@contextmanager
def gathered(home: Path) -> Iterator[Path]:
    """A folder with what a copy needs of the home, each database as it was at one moment.

    It is to be taken after the tables: item numbers are written before the rows that have them.
    """
    with tempfile.TemporaryDirectory(dir=home, prefix=".copying-") as folder:
        target = Path(folder)
        # The spool before the files of days: what is moved meanwhile is in both, and counts once.
        for name in (*DATABASES, SPOOL):
            if (home / name).is_file():
                copy_database(home / name, target / name)
        for file in sorted(home.iterdir()):
            is_plain = file.is_file() and not file.is_symlink() and not file.name.startswith(".")
            if is_plain and ".sqlite" not in file.name and file.name not in _LEFT_OUT:
                shutil.copy2(file, target / file.name)
        if (home / FOLDER).is_dir():
            shutil.copytree(home / FOLDER, target / FOLDER, ignore=shutil.ignore_patterns(".making-*"))
        yield target


def copy_database(source: Path, target: Path) -> None:
    """The database as it is at one moment; writers need not wait."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
