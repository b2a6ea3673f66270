"""This file is about the JSON of tastes: profiles, wishes, neighbours, and the graph's health."""

from typing import Annotated, Literal

from pydantic import Field

from bowerbird.serve.http.schemas import Body, Card, Id


class Evidence(Body):
    """An item that speaks for an interest; `says` is how much, in fresh saves, faded."""

    item: Card
    says: float


class InterestShown(Body):
    """One interest of a person. `share`: how likely the next thing they like is of it."""

    id: str
    name: str
    path: list[str]
    parent_id: str
    share: float
    heft: float
    over_time: list[float]
    wish: str
    until_ms: int
    targetable: bool
    evidence: list[Evidence]


class ProfileShown(Body):
    """A person's interests, most first. `over_time` of each goes with `moments_ms`."""

    at_ms: int
    strength: float
    moments_ms: list[int]
    interests: list[InterestShown]
    vanished: list[str]


class WishAsked(Body):
    """What is wanted of an interest; `days` counts for `mute` alone."""

    interest_id: Id
    wish: Literal["more", "less", "never", "mute", "forget", "clear"]
    days: Annotated[int, Field(ge=1, le=3_650)] = 30


class WishNoted(Body):
    """The wish, and the one that it replaces; empty where there was none."""

    interest_id: str
    wish: str
    at_ms: int
    until_ms: int
    replaced: str


class QueryInterest(Body):
    """An interest that a query may be about."""

    id: str
    name: str
    path: list[str]
    chance: float
    targetable: bool


class ChancesTrue(Body):
    """How true chances by words are, measured on titles that took no part; null where there were too few."""

    titles: int
    ece: float | None
    hit_rate: float | None


class QueryInterestsShown(Body):
    """What a query is about. `found`: what people liked after they asked it, in fresh saves."""

    query: str
    found: float
    is_sure: bool
    interests: list[QueryInterest]
    calibration: ChancesTrue


class Neighbour(Body):
    """An item near another; `boards` hold both, `why` says it in words."""

    item: Card
    boards: int
    why: str


class NeighboursShown(Body):
    """By look, by what people put together, by the trained taste space where there is one, and all as one."""

    look: list[Neighbour]
    boards: list[Neighbour]
    taste: list[Neighbour]
    blended: list[Neighbour]


class Hub(Body):
    """A node with many others. The id of an item; empty for people, boards and queries."""

    id: str
    degree: int


class DegreesShown(Body):
    """How many different nodes those at one end are joined to."""

    kind: str
    nodes: int
    p50: int
    p90: int
    p99: int
    most: int
    hubs: list[Hub]


class KindShown(Body):
    """One kind of edge."""

    kind: str
    edges: int
    taken_back: int
    newest_ms: int
    last_hour: int
    last_day: int
    source: DegreesShown
    target: DegreesShown


class GraphShown(Body):
    """The graph as a whole."""

    kinds: list[KindShown]
    components: int
    largest_share: float
    size_bytes: int
