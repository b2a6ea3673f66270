"""This file is about the JSON that clients see: what is declared in OpenAPI and what bodies may hold.

Answers are encoded by hand for speed (`serve/pages.py`); a test walks every route and holds the bytes
against these schemas.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.actions import Action
from bowerbird.core.clock import LATEST_MS
from bowerbird.lake.types import Availability


class Body(BaseModel):
    """Whatever crosses HTTP: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Id = Annotated[str, Field(min_length=1, max_length=256)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=2_000)]


class Price(Body):
    """An amount in millionths of a currency."""

    micros: int
    currency: str


class Picture(Body):
    """The first picture of an item. `placeholder` is a base64 thumbhash, `colour` is `#rrggbb`."""

    sha: str
    width: int
    height: int
    frames: int
    placeholder: str
    colour: str


class Video(Body):
    """What the first picture of an item is a poster of."""

    duration_ms: int
    has_audio: bool


class Card(Body):
    """What is needed to show an item on a page."""

    id: str
    title: str
    description: str
    link: str
    category: list[str]
    brand: str
    price: Price | None
    availability: str
    picture: Picture | None
    video: Video | None


class FrameShown(Body):
    """One frame of a video or an animation; `picture` is the address of a small picture of it."""

    index: int
    at_ms: int
    picture: str


class CueShown(Body):
    """Something said in a video, and when."""

    at_ms: int
    text: str


class TranscriptShown(Body):
    """All that is said in a video; `language` is a tag such as `en`, or empty."""

    language: str
    cues: list[CueShown]


class ItemDetail(Card):
    """One item with everything that its own page shows; `frames` are those that tell most."""

    transcript: TranscriptShown | None
    frames: list[FrameShown]
    copies: list[Card]
    attributes: dict[str, str]
    keywords: list[str]
    saved_in: list[str]
    is_hidden: bool
    owner: str
    language: str


class ReasonShown(Body):
    """Why an item is here; `evidence` are ids of the items that led to it."""

    kind: str
    text: str
    evidence: list[str]


class Placed(Body):
    """One item in its slot. `score` compares within one source only, `value` within one page.

    `propensity` is the chance that it came into this slot, before the draw; 1 where nothing was drawn.
    `frame` is the one that found the item, where it is a video and one of its frames did; `said` is what its
    video says of what was searched for.
    """

    item: Card
    position: int
    kind: Literal["organic", "ad"]
    source: str
    propensity: float
    score: float
    value: float
    reason: ReasonShown
    frame: FrameShown | None
    said: CueShown | None


class Stage(Body):
    """What one stage took, gave and cost."""

    stage: str
    taken: int
    given: int
    ms: float
    note: str


class Report(Body):
    """Every stage of the page, and the optional steps that were missing."""

    stages: list[Stage]
    degraded: list[str]


class PageShown(Body):
    """One page. `cursor` asks for the next; null at the end."""

    request_id: str
    items: list[Placed]
    cursor: str | None
    report: Report
    models: dict[str, str]


class FeatureShown(Body):
    """One behaviour feature. `value` is -1 for seconds since something that never happened."""

    name: str
    kind: str
    meaning: str
    value: float


class FeaturesShown(Body):
    """What is counted of a person, beside an item if one was named; `version` is that of the whole list."""

    version: str
    at_ms: int
    item: str
    features: list[FeatureShown]


class RegionShown(Body):
    """A part of a picture, as fractions of its sides."""

    x: float
    y: float
    width: float
    height: float


class QueryShown(Body):
    """How a search was understood."""

    words: str
    colours: list[str]
    region: RegionShown | None
    has_picture: bool


class SearchPageShown(PageShown):
    """A page of search, with a verdict on whether what was asked for is here at all."""

    query: QueryShown
    verdict: Literal["found", "weak", "nothing"]
    message: str


class Suggestion(Body):
    """One completion; `kind` says where it comes from."""

    text: str
    kind: str


class Suggestions(Body):
    """Completions of what is being typed, best first."""

    suggestions: list[Suggestion]


class FacetValue(Body):
    """One value of a field, and how many items have it."""

    value: str
    count: int


class PriceRange(Body):
    """Cheapest and dearest in the most common currency."""

    min_micros: int
    max_micros: int
    currency: str


class Facets(Body):
    """What can be filtered by."""

    category: list[FacetValue]
    brand: list[FacetValue]
    colour: list[FacetValue]
    price: PriceRange | None


class Me(Body):
    """Who the client is to us. Without cookies, send `token` in the `Bowerbird-Person` header.

    `simulated_people` is how many of those whom this server knows were made up by a program.
    """

    person_id: str
    token: str
    is_new: bool
    saves: int
    hides: int
    simulated_people: int


class RemainsShown(Body):
    """Something that a forget has left in files of the server."""

    where: str
    why: str
    until_ms: int | None
    how: str


class ForgetShown(Body):
    """What was forgotten: how much was removed at once, and what remains until when."""

    kind: Literal["item", "board", "person"]
    forgotten: int
    removed: dict[str, int]
    remains: list[RemainsShown]


class Topic(Body):
    """A theme of the catalogue, shown by four items."""

    id: str
    label: str
    items: list[Card]


class Onboarding(Body):
    """Themes to choose from at the first visit."""

    topics: list[Topic]


class Picks(Body):
    """What was chosen at the first visit."""

    topic_ids: Annotated[list[Id], Field(max_length=50)] = []
    item_ids: Annotated[list[Id], Field(max_length=200)] = []


class SectionShown(Body):
    """A part of a board."""

    id: str
    name: str
    count: int


class BoardShown(Body):
    """A named collection; `cover` holds up to four of its items."""

    id: str
    name: str
    description: str
    is_secret: bool
    count: int
    cover: list[Card]
    sections: list[SectionShown]


class Boards(Body):
    """All boards of a person."""

    boards: list[BoardShown]


class Saved(Body):
    """One item on a board."""

    item: Card
    section_id: str | None
    saved_ms: int


class BoardPage(Body):
    """A board and one page of its items."""

    board: BoardShown
    items: list[Saved]
    cursor: str | None


class NewBoard(Body):
    """A board to be made."""

    name: Name
    description: Description = ""
    is_secret: bool = False


class BoardChange(Body):
    """What is to change about a board; what is left out stays."""

    name: Name | None = None
    description: Description | None = None
    is_secret: bool | None = None


class SectionName(Body):
    """A section to be made or renamed."""

    name: Name


class NewSave(Body):
    """An item to be saved."""

    item_id: Id
    section_id: Id | None = None


class Move(Body):
    """Where a saved item goes: another board, another section, or both."""

    board_id: Id
    section_id: Id | None = None


class EventGiven(Body):
    """Something that happened; who did it and when it arrived are added by the server."""

    event_id: Annotated[str, Field(min_length=1, max_length=128)]
    action: Action
    at_ms: Annotated[int, Field(ge=0, le=LATEST_MS)]
    session_id: Annotated[str, Field(max_length=128)] = ""
    request_id: Annotated[str, Field(max_length=128)] = ""
    surface: Annotated[str, Field(max_length=64)] = ""
    item_id: Annotated[str, Field(max_length=256)] = ""
    query: Annotated[str, Field(max_length=1_000)] = ""
    board_id: Annotated[str, Field(max_length=256)] = ""
    position: Annotated[int, Field(ge=-1, le=1_000_000)] = -1
    dwell_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 0
    client: Annotated[str, Field(max_length=64)] = ""
    consent: bool = True
    facts: Annotated[dict[str, Any], Field(max_length=32)] = {}


class EventsGiven(Body):
    """A batch of events."""

    events: list[EventGiven]


class RejectedEvent(Body):
    """One event that was not taken; `index` is its place in the batch."""

    index: int
    field: str
    code: str
    hint: str


class EventsTaken(Body):
    """What became of a batch of events."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class NewItemFields(Body):
    """The `fields` part of a new item, as JSON; an id is made up when there is none."""

    id: Id | None = None
    title: Annotated[str, Field(max_length=1_000)] = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    link: Annotated[str, Field(max_length=2_000)] = ""
    price_micros: Annotated[int, Field(ge=0, le=2**53)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    brand: Annotated[str, Field(max_length=200)] = ""
    category: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    keywords: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    attributes: dict[str, str] = {}
    language: Annotated[str, Field(max_length=35)] = ""
    country: Annotated[str, Field(max_length=2)] = ""
    owner: Annotated[str, Field(max_length=256)] = ""
    availability: Availability = "in_stock"
    created_ms: Annotated[int, Field(ge=0)] | None = None


class SourceRows(Body):
    """Rows of a run by what became of them, and items that it removed."""

    accepted: int
    unchanged: int
    rejected: int
    removed: int


class SourceRunShown(Body):
    """One run of a source; `said` tells why it waits or failed."""

    id: str
    began_ms: int
    ended_ms: int | None
    outcome: Literal["running", "done", "unchanged", "waiting", "failed", "stopped"]
    said: str
    rows: SourceRows


class SourceShown(Body):
    """A catalogue that is synchronised again and again; `next_run_ms` is null where it runs by hand."""

    name: str
    place: str
    every_s: int
    state: Literal["ready", "waiting", "failing"]
    failures: int
    held_missing: int
    last_good_ms: int | None
    next_run_ms: int | None
    last_run: SourceRunShown | None


class SourcesShown(Body):
    """Every registered source, by name."""

    sources: list[SourceShown]


class Health(Body):
    """Whether the process runs, or whether it can answer."""

    status: Literal["ok", "ready", "warming", "failed"]
    detail: str = ""
