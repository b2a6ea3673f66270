"""This file is about what a person is told of an import: a line while it runs, a sentence at its end."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from bowerbird.lake.importing.job import ImportProgress
    from bowerbird.lake.linking import LinkReport
    from bowerbird.lake.types import ImportReport


def shown_progress(is_hidden: bool) -> "Progress":
    """A line on standard error, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=is_hidden or not sys.stderr.isatty())


def told(progress: "Progress") -> "Callable[[ImportProgress], None]":
    """What keeps the line up to date."""
    task = progress.add_task("reading")

    def tell(at: "ImportProgress") -> None:
        done = f"{at.accepted:,} in, {at.unchanged:,} unchanged, {at.rejected:,} refused"
        progress.update(task, description=f"{at.rows_in:,} rows read: {done}")

    return tell


def sentence_of(report: "ImportReport") -> str:
    """What a person wants to know at the end."""
    if report.is_unread:
        return "the catalogue has not changed since it was last read: nothing to do"
    per_second = report.accepted / max(report.seconds, 1e-9)
    text = (
        f"{report.rows_in:,} rows: {report.accepted:,} in, {report.unchanged:,} unchanged, "
        f"{report.rejected:,} refused, in {report.seconds:.1f} s ({per_second:.0f} pictures/s)"
    )
    if report.removed:
        text += f"; {report.removed:,} items removed"
    if report.events or report.events_known or report.events_of_unknown_items:
        text += (
            f"\n{report.events:,} events in, {report.events_known:,} known, {report.events_refused:,} "
            f"refused, {report.events_of_unknown_items:,} of items that are not in the lake"
        )
    if report.boards or report.saves:
        text += f"\n{report.boards:,} boards and {report.saves:,} saves in"
    if report.by_code:
        text += "\n" + ", ".join(f"{code}: {count:,}" for code, count in sorted(report.by_code.items()))
    return text + (f"\nrefused rows: {report.rejects_path}" if report.rejects_path else "")


def sentence_of_links(report: "LinkReport") -> str:
    """What a run of linking did."""
    return (
        f"{report.linked:,} of {report.looked_at:,} new pictures are copies of others; "
        "`bowerbird lake duplicates` lists them"
    )
