"""This file is about what a person does with boards, and who may."""

from hashlib import sha256

import numpy as np

from bowerbird.blend import CursorSigner
from bowerbird.core.actions import Action
from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError, TooLargeError
from bowerbird.core.ids import new_id
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.records import Board, Records, Save, Section
from bowerbird.lake.types import Event
from bowerbird.surfaces.boards.config import BoardsConfig
from bowerbird.surfaces.boards.types import BoardItem, BoardPage, Record
from bowerbird.surfaces.boards.words import checked_description, checked_name


class Boards:
    """Boards, sections and saves of people.

    A secret board exists for nobody but its owner; a public one is read by all and changed by its owner.
    Each change is stored first and then recorded as an event, so that the feed answers to it at once; done
    twice it changes nothing more.
    """

    def __init__(
        self,
        records: Records,
        catalogue: Catalogue,
        record: Record,
        clock: Clock,
        signer: CursorSigner,
        config: BoardsConfig | None = None,
    ) -> None:
        self._records = records
        self._catalogue = catalogue
        self._record = record
        self._clock = clock
        self._signer = signer
        self._config = config or BoardsConfig()

    def of(self, person_id: str) -> list[Board]:
        """All boards of the person, secret ones too, the one last changed first."""
        return self._records.boards.of_owner(person_id)

    def get(self, person_id: str, board_id: str) -> Board:
        """A board that the person may see.

        Raises:
            NotFoundError: there is none, or it is another person's secret.
        """
        board = self._records.boards.get(board_id)
        if board.is_secret and board.owner != person_id:
            # The same words as for a board that does not exist: a secret is not given away by its error.
            raise NotFoundError(f"there is no board {board_id!r}; list the boards for their ids")
        return board

    def create(self, person_id: str, name: str, *, description: str = "", is_secret: bool = False) -> Board:
        """A new, empty board.

        Raises:
            InputError, TooLargeError: the name or description cannot be kept, or there are too many boards.
        """
        name, description = self._name(name), self._description(description)
        _check_room(len(self.of(person_id)), self._config.max_boards, what="boards", where="a person")
        board = self._records.boards.create(person_id, name, description=description, is_secret=is_secret)
        self._tell(Action.BOARD_CREATE, person_id, board, event_id=f"create-{board.id}")
        return board

    def change(
        self,
        person_id: str,
        board_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        is_secret: bool | None = None,
    ) -> Board:
        """The board with the given values changed; only its owner may."""
        self._mine(person_id, board_id)
        return self._records.boards.change(
            board_id,
            name=None if name is None else self._name(name),
            description=None if description is None else self._description(description),
            is_secret=is_secret,
        )

    def delete(self, person_id: str, board_id: str) -> None:
        """The board, its sections and its saves are gone; the items stay in the catalogue."""
        board = self._mine(person_id, board_id)
        self._records.boards.delete(board_id)
        self._tell(Action.BOARD_DELETE, person_id, board, event_id=f"delete-{board_id}")

    def require_mine(self, person_id: str, board_id: str) -> None:
        """Nothing, if the board is the person's own.

        Raises:
            NotFoundError: it is not.
        """
        self._mine(person_id, board_id)

    def create_section(self, person_id: str, board_id: str, name: str) -> Section:
        """A new, empty section of the person's board."""
        board = self._mine(person_id, board_id)
        name = checked_name(name, what="section", max_chars=self._config.max_name_chars)
        _check_room(len(board.sections), self._config.max_sections, what="sections", where="a board")
        return self._records.boards.create_section(board_id, name)

    def rename_section(self, person_id: str, board_id: str, section_id: str, name: str) -> Section:
        """The section, renamed."""
        self._mine(person_id, board_id)
        name = checked_name(name, what="section", max_chars=self._config.max_name_chars)
        return self._records.boards.rename_section(board_id, section_id, name)

    def delete_section(self, person_id: str, board_id: str, section_id: str) -> None:
        """The section is gone; its items stay on the board."""
        self._mine(person_id, board_id)
        self._records.boards.delete_section(board_id, section_id)

    def save(
        self, person_id: str, board_id: str, item_id: str, *, section_id: str | None = None
    ) -> BoardItem:
        """The item is on the person's board; saved again it stays as it is.

        Raises:
            NotFoundError: no such item, board or section.
            TooLargeError: the board is full.
        """
        board = self._mine(person_id, board_id)
        number = self._live_number(item_id)
        if board_id not in self._records.saves.boards_of_item(person_id, item_id):
            _check_room(board.count, self._config.max_items, what="items", where="a board")
        kept = self._records.saves.save(board_id, item_id, section_id=section_id)
        # The same save has the same event id: a client that asks again after a lost answer counts once.
        event_id = f"save-{board_id}-{kept.saved_ms}-{sha256(item_id.encode()).hexdigest()[:16]}"
        self._tell(Action.SAVE, person_id, board, event_id=event_id, item_id=item_id, at_ms=kept.saved_ms)
        return _board_item(number, kept)

    def unsave(self, person_id: str, board_id: str, item_id: str) -> None:
        """The item is not on the person's board."""
        board = self._mine(person_id, board_id)
        if self._records.saves.unsave(board_id, item_id):
            self._tell(Action.UNSAVE, person_id, board, item_id=item_id)

    def move(
        self,
        person_id: str,
        board_id: str,
        item_id: str,
        *,
        to_board_id: str,
        to_section_id: str | None = None,
    ) -> BoardItem:
        """The item is on the other board, or in the other section, and keeps the time it was saved.

        Raises:
            NotFoundError: the item is not there, or no such board or section.
            TooLargeError: the other board is full.
        """
        source, target = self._mine(person_id, board_id), self._mine(person_id, to_board_id)
        if to_board_id != board_id:
            _check_room(target.count, self._config.max_items, what="items", where="a board")
        kept = self._records.saves.move(
            board_id, item_id, to_board_id=to_board_id, to_section_id=to_section_id
        )
        if (
            to_board_id != board_id
        ):  # one event a board, so that forgetting one leaves what is said of the other
            self._tell(Action.MOVE, person_id, source, item_id=item_id, has_left=True)
        self._tell(Action.MOVE, person_id, target, item_id=item_id)
        return _board_item(int(self._catalogue.numbers_of([item_id])[0]), kept)

    def items(
        self,
        person_id: str,
        board_id: str,
        limit: int,
        *,
        section_id: str | None = None,
        cursor: str | None = None,
    ) -> BoardPage:
        """One page of a board that the person may see, newest first.

        Raises:
            NotFoundError: no such board or section.
            CursorError: the cursor is not of this board, section and person.
        """
        board = self.get(person_id, board_id)
        if section_id is not None and section_id not in [section.id for section in board.sections]:
            raise NotFoundError(
                f"board {board_id!r} has no section {section_id!r}; list the board's sections"
            )
        kind = f"board/{board_id}/{section_id or ''}"
        after = _read_place(self._signer.open(kind, person_id, cursor)) if cursor else None
        page = self._records.saves.page(board_id, limit, section_id=section_id, after=after)
        numbers = self._catalogue.numbers_of([save.item_id for save in page.saves])
        items = tuple(
            _board_item(int(number), save)
            for number, save in zip(numbers, page.saves, strict=True)
            if self._is_live(int(number))
        )
        if page.after is None:
            return BoardPage(items, None)
        return BoardPage(items, self._signer.seal(kind, person_id, _write_place(page.after)))

    def holding(self, person_id: str, item_id: str) -> list[str]:
        """Ids of the person's boards that hold the item, the one saved to last first."""
        return self._records.saves.boards_of_item(person_id, item_id)

    def saved_numbers(self, person_id: str) -> np.ndarray:
        """int64 [n] sorted numbers of all items on the person's boards."""
        saved = self._records.saves.all_saved(person_id)
        numbers = self._catalogue.numbers_of([save.item_id for save in saved])
        return np.unique(numbers[numbers >= 0])

    def _mine(self, person_id: str, board_id: str) -> Board:
        """The board, if it is the person's own; to others it cannot be changed, so it is not there."""
        board = self._records.boards.get(board_id)
        if board.owner != person_id:
            raise NotFoundError(
                f"there is no board {board_id!r} of yours; only its owner can change a board; "
                "list your boards for their ids"
            )
        return board

    def _live_number(self, item_id: str) -> int:
        number = int(self._catalogue.numbers_of([item_id])[0])
        if not self._is_live(number):
            raise NotFoundError(f"there is no item {item_id!r}; it may have been deleted; choose another one")
        return number

    def _is_live(self, number: int) -> bool:
        return 0 <= number < self._catalogue.size and bool(self._catalogue.live[number])

    def _name(self, name: str) -> str:
        return checked_name(name, what="board", max_chars=self._config.max_name_chars)

    def _description(self, description: str) -> str:
        return checked_description(description, max_chars=self._config.max_description_chars)

    def _tell(
        self,
        action: Action,
        person_id: str,
        board: Board,
        *,
        event_id: str | None = None,
        item_id: str = "",
        at_ms: int | None = None,
        has_left: bool = False,
    ) -> None:
        facts = {"is_secret": board.is_secret} | ({"has_left": True} if has_left else {})
        self._record(
            [
                Event(
                    event_id=event_id or new_id("event"),
                    action=action,
                    at_ms=self._clock.now_ms() if at_ms is None else at_ms,
                    person_id=person_id,
                    surface="boards",
                    item_id=item_id,
                    board_id=board.id,
                    facts=facts,
                )
            ]
        )


def _board_item(number: int, save: Save) -> BoardItem:
    return BoardItem(number, save.item_id, save.section_id, save.saved_ms)


def _check_room(held: int, most: int, *, what: str, where: str) -> None:
    if held >= most:
        raise TooLargeError(
            f"{where} has {held:,} {what} already; at most {most:,} are kept; delete some first"
        )


def _write_place(after: tuple[int, str]) -> bytes:
    saved_ms, item_id = after
    return f"{saved_ms}:{item_id}".encode()


def _read_place(body: bytes) -> tuple[int, str]:
    saved_ms, _, item_id = body.decode().partition(":")
    return int(saved_ms), item_id
