"""This file is about search over HTTP: words, a picture, a part of one, and words with a picture."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import Response

from bowerbird.core.errors import InputError
from bowerbird.core.request import Region, SearchRequest
from bowerbird.lake.video.stored import MOST_FRAMES
from bowerbird.serve.http.answers import Json, told
from bowerbird.serve.http.asking import Cursor, FilterText, Limit, Ready, Who, page_limit, read_filter
from bowerbird.serve.http.schemas import Facets, SearchPageShown, Suggestions
from bowerbird.serve.http.uploads import uploaded

router = APIRouter(tags=["search"])

Words = Annotated[str, Query(max_length=1_000, description="What is looked for")]
FormWords = Annotated[str, Form(max_length=1_000)]
FormId = Annotated[str | None, Form(max_length=256)]
FormFrame = Annotated[int | None, Form(ge=0, lt=MOST_FRAMES, description="Of the item's video")]
FormRegion = Annotated[str | None, Form(max_length=100, description="`x,y,width,height` as fractions")]
FormFilter = Annotated[str | None, Form(alias="filter", max_length=20_000)]
FormLimit = Annotated[int | None, Form(ge=1, le=500)]


@router.get("/v1/search", response_model=None, responses=told(SearchPageShown))
async def search(
    request: Request,
    service: Ready,
    person: Who,
    q: Words = "",
    limit: Limit = None,
    cursor: Cursor = None,
    where: FilterText = None,
) -> Response:
    """Items for words; or, with `cursor`, the next page of any search."""
    if not q.strip() and not cursor:
        raise InputError("neither words nor a cursor were given; say what to look for in `q`")
    asked = SearchRequest(
        person.person_id,
        page_limit(service, limit),
        service.clock.now_ms(),
        words=q.strip(),
        where=read_filter(where),
        cursor=cursor,
        request_id=request.state.request_id,
    )
    return Json(await service.lanes.models.run(service.search_page, asked))


@router.post("/v1/search", response_model=None, responses=told(SearchPageShown))
async def search_by_picture(
    request: Request,
    service: Ready,
    person: Who,
    picture: Annotated[UploadFile | None, File(description="A picture file")] = None,
    q: FormWords = "",
    item_id: FormId = None,
    frame: FormFrame = None,
    region: FormRegion = None,
    where: FormFilter = None,
    limit: FormLimit = None,
) -> Response:
    """Items like a picture, a frame of a video, or a part of one, joined with words if there are any."""
    content = None if picture is None else await uploaded(picture, service.settings.upload_limit_bytes)
    if content is None and item_id is None and not q.strip():
        raise InputError("nothing to search for was sent; send `picture`, `item_id` or `q`")
    asked = SearchRequest(
        person.person_id,
        page_limit(service, limit),
        service.clock.now_ms(),
        words=q.strip(),
        picture=content,
        item_number=None if item_id is None else service.number_of(item_id),
        frame=frame,
        region=read_region(region),
        where=read_filter(where),
        request_id=request.state.request_id,
    )
    return Json(await service.lanes.models.run(service.search_page, asked))


@router.get("/v1/suggest", response_model=None, responses=told(Suggestions))
async def suggest(service: Ready, q: Words = "") -> Response:
    """Completions of what is being typed."""
    return Json(await service.lanes.reads.run(service.suggest, q))


@router.get("/v1/facets", response_model=None, responses=told(Facets))
async def facets(service: Ready) -> Response:
    """What can be filtered by, with counts."""
    return Json(await service.lanes.reads.run(service.facets))


def read_region(text: str | None) -> Region | None:
    """A part of a picture from `x,y,width,height`.

    Raises:
        InputError: not four fractions that lie inside the picture.
    """
    if not text:
        return None
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"region {text!r} was received; needed are four fractions x,y,width,height"
        ) from error
    is_inside = 0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 and 0 < height <= 1
    # Browsers add fractions of pixels: a little over the border is the border.
    if not is_inside or x + width > 1.01 or y + height > 1.01:
        raise InputError(f"region {text!r} leaves the picture; needed are fractions from 0 to 1 inside of it")
    return Region(x, y, min(width, 1 - x), min(height, 1 - y))
