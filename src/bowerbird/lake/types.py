"""This file is about what the lake hands on: items, pictures, events, boards, and reports on them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.actions import Action
from bowerbird.core.clock import LATEST_MS

PictureKind = Literal["picture", "animation", "video"]
Availability = Literal["in_stock", "out_of_stock", "preorder", "discontinued"]


class ItemFields(BaseModel):
    """What an item may carry, as it arrives: every source is brought into this form before it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=256)]
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


@dataclass(frozen=True, slots=True)
class MovingFrame:
    """One telling frame of a video or an animation.

    Attributes:
        at_ms: when it is shown, from the start.
        from_ms: when its scene begins; where a player should start.
        thumb_jpeg, thumbhash, main_colour, colours, signature: as those of a picture.
    """

    at_ms: int
    from_ms: int
    thumb_jpeg: bytes
    thumbhash: bytes
    main_colour: str
    colours: tuple[float, ...]
    signature: int


@dataclass(frozen=True, slots=True)
class Moving:
    """What is known of a file that moves, beside what a picture has.

    Attributes:
        frame_rate: frames a second, on average.
        codec: of the pictures, by FFmpeg's name; an animation's is its format.
        poster: which of `frames` stands for all.
        poster_jpeg: that frame, large enough for every display size; empty where the file itself will do.
        frames: at least one, in order of time.
    """

    duration_ms: int
    frame_rate: float
    codec: str
    has_audio: bool
    poster: int
    poster_jpeg: bytes
    frames: tuple[MovingFrame, ...]


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """What a decode worker gives back for one file; the original bytes travel beside it.

    Attributes:
        sha256: hex of the original bytes; the media id.
        format: as decoded, not as named: `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`, …
        width_px, height_px: after the EXIF rotation.
        frames: 1 for a still picture.
        thumb_jpeg: at most `THUMB_PX` on the longer side, sRGB, on white, no metadata.
        thumbhash: 21 to 25 bytes, the blur placeholder.
        main_colour: `#rrggbb`, the most common colour.
        colours: [len(NAMED_COLOURS)] share of the subject's area in each named colour, sums to 1.
        signature: 64-bit perceptual hash as a signed integer; near-duplicates differ in few bits.
        exif: the few text fields that describe the picture (`title`, `description`, `keywords`, `taken`).
        moving: of a video or an animation; what a video looks like is then what its poster does, and its
            `frames` is 1.
    """

    sha256: str
    format: str
    width_px: int
    height_px: int
    frames: int
    size_bytes: int
    thumb_jpeg: bytes
    thumbhash: bytes
    main_colour: str
    colours: tuple[float, ...]
    signature: int
    exif: dict[str, str] = field(default_factory=dict)
    moving: Moving | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that did not go in, and why; written as one JSON line to the rejects file."""

    row: int
    where: str
    field: str
    code: str
    hint: str
    received: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `rows_in == accepted + rejected + unchanged` always holds.

    Attributes:
        is_unread: the catalogue as a whole had not changed, so that no row was read.
        events, events_known, events_refused, events_of_unknown_items: what people did, if the source tells:
            new in the event log, there before, unreadable, or left out, since the item is not in the lake.
        boards, saves: new ones.
    """

    rows_in: int
    accepted: int
    rejected: int
    unchanged: int
    removed: int
    seconds: float
    version: int
    rejects_path: str | None
    by_code: dict[str, int] = field(default_factory=dict)
    is_unread: bool = False
    events: int = 0
    events_known: int = 0
    events_refused: int = 0
    events_of_unknown_items: int = 0
    boards: int = 0
    saves: int = 0


class Event(BaseModel):
    """Something that happened, stored once: the same `event_id` again changes nothing.

    Source: the event schema of Appendix D in the discovery facts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: Annotated[str, Field(min_length=1, max_length=128)]
    action: Action
    at_ms: Annotated[int, Field(ge=0, le=LATEST_MS)]
    received_ms: Annotated[int, Field(ge=0, le=LATEST_MS)] = 0
    person_id: Annotated[str, Field(min_length=1, max_length=256)]
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


@dataclass(frozen=True, slots=True)
class AppendResult:
    """How many events were new, how many had been stored before, and the offset of the newest."""

    accepted: int
    duplicates: int
    last_offset: int
