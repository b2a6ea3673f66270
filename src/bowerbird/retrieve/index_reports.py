"""This file is about what the indexes say of themselves."""

from dataclasses import dataclass

from bowerbird.retrieve.recall_monitor import RecallReport


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync took in.

    Attributes:
        upserted: items added or changed.
        deleted: items gone.
        version: of the item table that the indexes now reflect.
    """

    upserted: int
    deleted: int
    version: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The state of one vector index, for metrics.

    Attributes:
        items: that can be found.
        fresh: rows that are scanned because they are not in the lists yet.
        hidden: rows of the lists that are deleted or replaced.
        lists: inverted lists; 0: everything is scanned.
    """

    items: int
    fresh: int
    hidden: int
    lists: int
    recall: RecallReport
