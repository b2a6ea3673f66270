"""Takes a lake, gives findings: what is lost, what is wrong, what to do."""

from collections.abc import Callable, Iterator

from bowerbird.lake.lake import Lake
from bowerbird.lake.verifying.contents import check_contents, check_sizes
from bowerbird.lake.verifying.files import check_files
from bowerbird.lake.verifying.home import (
    check_databases,
    check_derived,
    check_events,
    check_notes,
    check_saves,
)
from bowerbird.lake.verifying.references import check_embeddings, check_numbers, check_references
from bowerbird.lake.verifying.types import Finding

__all__ = ["Finding", "verify"]


def verify(lake: Lake, *, sample: int = 100, is_full: bool = False) -> Iterator[Finding]:
    """Every finding, as soon as it is found; damage that stops a table from opening was raised before.

    Args:
        lake: to look at; nothing in it is changed.
        sample: contents that are read and hashed.
        is_full: read and hash all of them, read every event, compare indexes of databases with rows.
    """
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: check_files(lake),
        lambda: check_references(lake),
        lambda: check_numbers(lake),
        lambda: check_embeddings(lake),
        lambda: check_sizes(lake),
        lambda: check_contents(lake, sample=None if is_full else sample),
        lambda: check_databases(lake, is_full=is_full),
        lambda: check_events(lake) if is_full else iter(()),
        lambda: check_saves(lake),
        lambda: check_notes(lake),
        lambda: check_derived(lake),
    )
    for check in checks:
        yield from check()
