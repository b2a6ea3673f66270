"""This file is about what an import is told, how far it is, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bowerbird.core.errors import TooLargeError
from bowerbird.lake.importing.missing import NOTHING_REMOVED, Removal
from bowerbird.lake.types import ImportReport


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a person may say about an import.

    Attributes:
        name: groups items that come from one source; the file's or folder's name if empty.
        columns: field → column, where the names of columns do not tell.
        images: folder or zip of the pictures that rows name; beside the source if None.
        remove_missing: items of an earlier run that the source no longer has are deleted.
        is_agreed: also if they are many.
        agreed_missing: also if they are many, but not more than this.
        workers: decode processes; one a core if None.
        allowed_hosts: hosts of pictures that may lie in a private net; all others must be public.
        kind: one of `KINDS` of `sources.py`; told by the content if empty.
        allow_no_picture: rows that name no picture become items with nothing but words.
        recheck_pictures: pictures of known rows are asked for again, and taken in if they are others by now.
        actions: an export's word for what people do → action, where the word does not tell.
        takes_back: items that were forgotten may come in again.
    """

    name: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    images: Path | None = None
    remove_missing: bool = False
    is_agreed: bool = False
    agreed_missing: int = 0
    workers: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    kind: str = ""
    allow_no_picture: bool = False
    recheck_pictures: bool = False
    actions: Mapping[str, str] = field(default_factory=dict)
    takes_back: bool = False


@dataclass(slots=True)
class ImportProgress:
    """How far an import is. `rows_in` runs ahead of the others by what is being decoded and stored."""

    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class ImportRun:
    """An import that has ended.

    Attributes:
        is_settled: reading the same catalogue again would do nothing: no picture failed that may be had
            later, and none lies in a file that may be another one by then.
        changes_ms: when the same catalogue will mean something else; None where it stays so.
        removal: what became of items that it no longer has.
    """

    report: ImportReport
    is_settled: bool = True
    changes_ms: int | None = None
    removal: Removal = NOTHING_REMOVED

    def checked(self) -> ImportReport:
        """The report, if nothing waits for a person.

        Raises:
            TooLargeError: items are missing, and somebody has to agree before they are removed.
        """
        if self.removal.held:
            raise TooLargeError(self.removal.held)
        return self.report
