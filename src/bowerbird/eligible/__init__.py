"""Takes Candidates, gives a keep mask."""

from bowerbird.eligible.hidden import hidden_from
from bowerbird.eligible.rules import (
    Rule,
    holds,
    keep_allowed,
    keep_for_country,
    keep_not_blocked,
    keep_not_hidden,
    keep_not_saved,
    keep_not_shown,
    keep_unseen,
    keep_wanted,
    screen,
)
from bowerbird.eligible.types import Removal, Screened, Standing

__all__ = [
    "Removal",
    "Rule",
    "Screened",
    "Standing",
    "hidden_from",
    "holds",
    "keep_allowed",
    "keep_for_country",
    "keep_not_blocked",
    "keep_not_hidden",
    "keep_not_saved",
    "keep_not_shown",
    "keep_unseen",
    "keep_wanted",
    "screen",
]
