"""This file is about the card of a table of requests: how it was made, so that it can be made again."""

from pydantic import BaseModel, ConfigDict

from bowerbird.learn.requests.config import RequestTableConfig

CARD = "card.json"


class RequestTableCard(BaseModel):
    """How a table was made.

    Attributes:
        since_ms, until_ms: requests of `since_ms` <= time < `until_ms` are in it.
        as_of_ms: events that arrived later are not.
        events_offset: of the newest event that counts.
        counts: requests, candidates, shown and labelled ones; events joined by the request that they name,
            and by person, item and time; requests left out because their window is still open.
        files: name → sha-256.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since_ms: int
    until_ms: int
    as_of_ms: int
    events_offset: int
    config: RequestTableConfig
    counts: dict[str, int]
    files: dict[str, str]
