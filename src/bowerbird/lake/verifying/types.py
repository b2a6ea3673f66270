"""This file is about what verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        check: which check found it, in one word.
        is_damage: something that was acknowledged is lost or wrong; otherwise it can wait, or mends itself.
        what: it, in one sentence.
        advice: what to do.
    """

    check: str
    is_damage: bool
    what: str
    advice: str


RESTORE = "restore the lake from a backup (`bowerbird lake restore`)"
"""The advice where content is lost."""
EXAMPLES = 3
"""How many names a finding gives."""


def some_of(names: list[str]) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(names[:EXAMPLES])
    return shown + (f" and {len(names) - EXAMPLES:,} more" if len(names) > EXAMPLES else "")
