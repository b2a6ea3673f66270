"""This file is about boards over HTTP: named collections, their sections, and what is saved to them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bowerbird.serve.http.answers import DONE, Json, forget_shown, json, nothing, told
from bowerbird.serve.http.asking import Cursor, Forget, Limit, Ready, Who, page_limit
from bowerbird.serve.http.idempotency import once
from bowerbird.serve.http.schemas import (
    BoardChange,
    BoardPage,
    Boards,
    BoardShown,
    ForgetShown,
    Move,
    NewBoard,
    NewSave,
    Saved,
    SectionName,
    SectionShown,
)
from bowerbird.serve.shown import board_shown, saved_shown, section_shown

router = APIRouter(tags=["boards"])

Section = Annotated[str | None, Query(max_length=256, description="Only this section")]


@router.get("/v1/boards", response_model=None, responses=told(Boards))
async def list_boards(service: Ready, person: Who) -> Response:
    """The person's boards, the one last changed first."""

    def act() -> Response:
        boards = service.boards.of(person.person_id)
        return json({"boards": [board_shown(board, service.catalogue) for board in boards]})

    return await service.lanes.reads.run(act)


@router.post("/v1/boards", status_code=201, response_model=None, responses=told(BoardShown, 201, "Made"))
async def create_board(request: Request, service: Ready, person: Who, new: NewBoard) -> Response:
    """A new, empty board."""

    def act() -> Response:
        board = service.boards.create(
            person.person_id, new.name, description=new.description, is_secret=new.is_secret
        )
        return json(board_shown(board, service.catalogue), 201)

    return await once(service, request, person, new.model_dump_json().encode(), act)


@router.get("/v1/boards/{board_id}", response_model=None, responses=told(BoardPage))
async def read_board(
    service: Ready,
    person: Who,
    board_id: str,
    section: Section = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response:
    """A board and one page of its items, newest first; a secret one for its owner only."""
    most = page_limit(service, limit)

    def act() -> Response:
        board = service.boards.get(person.person_id, board_id)
        page = service.boards.items(person.person_id, board_id, most, section_id=section, cursor=cursor)
        items = [saved_shown(item, service.catalogue) for item in page.items]
        return json({"board": board_shown(board, service.catalogue), "items": items, "cursor": page.cursor})

    return await service.lanes.reads.run(act)


@router.patch("/v1/boards/{board_id}", response_model=None, responses=told(BoardShown))
async def change_board(service: Ready, person: Who, board_id: str, change: BoardChange) -> Response:
    """The board with what was given changed."""

    def act() -> Response:
        board = service.boards.change(
            person.person_id,
            board_id,
            name=change.name,
            description=change.description,
            is_secret=change.is_secret,
        )
        return json(board_shown(board, service.catalogue))

    return await service.lanes.writes.run(act)


@router.delete(
    "/v1/boards/{board_id}", status_code=204, response_model=None, responses={**DONE, **told(ForgetShown)}
)
async def delete_board(service: Ready, person: Who, board_id: str, forget: Forget = False) -> Response:
    """The board is gone; its items stay in the catalogue. With `forget`, what it told goes too."""
    if forget:
        report = await service.lanes.writes.run(service.forget_board, person.person_id, board_id)
        return Json(forget_shown(report))
    await service.lanes.writes.run(service.boards.delete, person.person_id, board_id)
    return nothing()


@router.post(
    "/v1/boards/{board_id}/sections",
    status_code=201,
    response_model=None,
    responses=told(SectionShown, 201, "Made"),
)
async def create_section(
    request: Request, service: Ready, person: Who, board_id: str, new: SectionName
) -> Response:
    """A new, empty section."""

    def act() -> Response:
        section = service.boards.create_section(person.person_id, board_id, new.name)
        return json(section_shown(section), 201)

    return await once(service, request, person, new.model_dump_json().encode(), act)


@router.patch(
    "/v1/boards/{board_id}/sections/{section_id}", response_model=None, responses=told(SectionShown)
)
async def rename_section(
    service: Ready, person: Who, board_id: str, section_id: str, name: SectionName
) -> Response:
    """The section, renamed."""

    def act() -> Response:
        section = service.boards.rename_section(person.person_id, board_id, section_id, name.name)
        return json(section_shown(section))

    return await service.lanes.writes.run(act)


@router.delete(
    "/v1/boards/{board_id}/sections/{section_id}", status_code=204, response_model=None, responses=DONE
)
async def delete_section(service: Ready, person: Who, board_id: str, section_id: str) -> Response:
    """The section is gone; its items stay on the board."""
    await service.lanes.writes.run(service.boards.delete_section, person.person_id, board_id, section_id)
    return nothing()


@router.post(
    "/v1/boards/{board_id}/items",
    status_code=201,
    response_model=None,
    responses=told(Saved, 201, "Saved"),
)
async def save_item(request: Request, service: Ready, person: Who, board_id: str, new: NewSave) -> Response:
    """The item is on the board; the next page of the feed answers to it."""

    def act() -> Response:
        item = service.boards.save(person.person_id, board_id, new.item_id, section_id=new.section_id)
        return json(saved_shown(item, service.catalogue), 201)

    return await once(service, request, person, new.model_dump_json().encode(), act)


@router.delete(
    "/v1/boards/{board_id}/items/{item_id:path}", status_code=204, response_model=None, responses=DONE
)
async def unsave_item(service: Ready, person: Who, board_id: str, item_id: str) -> Response:
    """The item is not on the board."""
    await service.lanes.writes.run(service.boards.unsave, person.person_id, board_id, item_id)
    return nothing()


@router.post(
    "/v1/boards/{board_id}/items/{item_id:path}/move",
    response_model=None,
    responses=told(Saved, text="Moved"),
)
async def move_item(
    request: Request, service: Ready, person: Who, board_id: str, item_id: str, move: Move
) -> Response:
    """The item is on the other board or in the other section."""

    def act() -> Response:
        item = service.boards.move(
            person.person_id,
            board_id,
            item_id,
            to_board_id=move.board_id,
            to_section_id=move.section_id,
        )
        return json(saved_shown(item, service.catalogue))

    return await once(service, request, person, move.model_dump_json().encode(), act)
