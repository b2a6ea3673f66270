"""This file is about the JSON of controls and of why an item was shown."""

from typing import Annotated

from pydantic import Field

from bowerbird.serve.http.schemas import Body


class ControlsShown(Body):
    """What a person has set about their feed.

    `adventure`: 0 only what I like, 0.5 the usual mix, 1 surprise me. `history_from_ms`: what was done before
    says nothing; 0: all counts. `is_incognito`: nothing of what is done now is kept.
    """

    adventure: float
    history_from_ms: int
    is_incognito: bool
    country: str
    blocked_owners: list[str]


class ControlsGiven(Body):
    """What to change; what is left out stays."""

    adventure: Annotated[float | None, Field(ge=0, le=1)] = None
    is_incognito: bool | None = None
    country: Annotated[str | None, Field(pattern=r"^([A-Za-z]{2})?$")] = None


class WhyPart(Body):
    """One part of what an item was worth; `adds` of all parts make the value."""

    name: str
    is_at: float
    adds: float


class WhyShown(Body):
    """Why an item was on a page, from what the page was made of.

    `chances` are what a trained ranker expects of each action; empty where none had a say. `propensity` is
    the chance of this item in its place under the policy.
    """

    value: float
    parts: list[WhyPart]
    chances: dict[str, float]
    policy: str
    propensity: float
