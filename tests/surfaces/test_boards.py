from dataclasses import dataclass, field

import pytest
from small_world import World

from bowerbird.core.actions import Action
from bowerbird.core.errors import CursorError, InputError, NotFoundError, TooLargeError
from bowerbird.lake.items import delete_items
from bowerbird.lake.types import Event
from bowerbird.surfaces.boards import Boards, BoardsConfig
from bowerbird.surfaces.feed import HomeFeed


@dataclass(slots=True)
class Office:
    """Boards, and the events they told of."""

    world: World
    boards: Boards
    told: list[Event] = field(default_factory=list)


def office_of(world: World, config: BoardsConfig | None = None) -> Office:
    told: list[Event] = []

    def record(events: list[Event]) -> None:
        world.record(events)
        told.extend(events)

    boards = Boards(world.lake.records, world.catalogue, record, world.clock, world.signer, config)
    return Office(world, boards, told)


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


def test_board_is_created_changed_and_deleted(office: Office) -> None:
    board = office.boards.create("ann", "  Living   room ", description="warm")
    changed = office.boards.change("ann", board.id, name="Bedroom", is_secret=True)

    assert board.name == "Living room"
    assert (changed.name, changed.description, changed.is_secret) == ("Bedroom", "warm", True)
    assert [each.id for each in office.boards.of("ann")] == [board.id]

    office.boards.delete("ann", board.id)

    assert office.boards.of("ann") == []
    with pytest.raises(NotFoundError):
        office.boards.get("ann", board.id)


@pytest.mark.parametrize("name", ["", "   ", "\x00", "a\x07b"])
def test_name_without_anything_to_read_is_refused(office: Office, name: str) -> None:
    with pytest.raises(InputError, match="needed is 1 to 100"):
        office.boards.create("ann", name)


def test_name_too_long_is_refused(office: Office) -> None:
    with pytest.raises(TooLargeError, match="101 characters"):
        office.boards.create("ann", "x" * 101)


def test_secret_board_is_not_there_for_others(office: Office) -> None:
    secret = office.boards.create("ann", "Gifts", is_secret=True)

    with pytest.raises(NotFoundError) as seen:
        office.boards.get("bob", secret.id)
    with pytest.raises(NotFoundError) as missing:
        office.boards.get("bob", "board_none")

    assert str(seen.value).replace(secret.id, "*") == str(missing.value).replace("board_none", "*")
    with pytest.raises(NotFoundError):
        office.boards.items("bob", secret.id, 10)


def test_public_board_is_read_by_all_and_changed_by_its_owner_only(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    office.boards.save("ann", board.id, "red-vase-0")

    assert [item.item_id for item in office.boards.items("bob", board.id, 10).items] == ["red-vase-0"]
    for forbidden in (
        lambda: office.boards.change("bob", board.id, name="Mine"),
        lambda: office.boards.delete("bob", board.id),
        lambda: office.boards.save("bob", board.id, "blue-lamp-0"),
        lambda: office.boards.unsave("bob", board.id, "red-vase-0"),
        lambda: office.boards.create_section("bob", board.id, "Top"),
    ):
        with pytest.raises(NotFoundError, match="only its owner"):
            forbidden()


def test_saving_twice_saves_once_and_is_one_event(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    first = office.boards.save("ann", board.id, "red-vase-0")
    office.world.clock.advance(by_ms=60_000)

    again = office.boards.save("ann", board.id, "red-vase-0")

    assert again == first
    assert office.boards.get("ann", board.id).count == 1
    assert office.world.lake.events.count() == 2  # the board's making and one save


def test_save_after_unsave_is_a_new_event(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    office.boards.save("ann", board.id, "red-vase-0")
    office.world.clock.advance(by_ms=60_000)
    office.boards.unsave("ann", board.id, "red-vase-0")
    office.boards.unsave("ann", board.id, "red-vase-0")
    office.world.clock.advance(by_ms=60_000)
    office.boards.save("ann", board.id, "red-vase-0")

    actions = [event.action for event in office.told]
    assert actions == [Action.BOARD_CREATE, Action.SAVE, Action.UNSAVE, Action.SAVE]
    assert len({event.event_id for event in office.told}) == 4


def test_save_is_answered_by_the_next_page_of_the_feed(office: Office) -> None:
    world = office.world
    feed = HomeFeed(
        world.catalogue,
        world.indexes,
        world.lake.online,
        office.boards.saved_numbers,
        lambda since: [],
        world.signer,
    )
    feed(world.feed_request())
    board = office.boards.create("ann", "Vases")
    office.boards.save("ann", board.id, "red-vase-0")

    page = feed(world.feed_request())

    assert sum(each.reason.text == "Because you saved ‘Red vase 0’" for each in page.placements) >= 4
    assert world.number("red-vase-0") not in [each.number for each in page.placements]


def test_unknown_or_deleted_item_cannot_be_saved(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    delete_items(office.world.lake, ["red-vase-1"])
    office.world.catalogue.refresh()

    for item_id in ("no-such-item", "red-vase-1"):
        with pytest.raises(NotFoundError, match="there is no item"):
            office.boards.save("ann", board.id, item_id)


def test_deleted_item_is_left_out_of_its_board(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    office.boards.save("ann", board.id, "red-vase-0")
    office.world.clock.advance(by_ms=1)
    office.boards.save("ann", board.id, "red-vase-1")
    delete_items(office.world.lake, ["red-vase-1"])
    office.world.catalogue.refresh()

    page = office.boards.items("ann", board.id, 10)

    assert [item.item_id for item in page.items] == ["red-vase-0"]


def test_pages_of_a_board_come_newest_first_and_hold_each_item_once(office: Office) -> None:
    board = office.boards.create("ann", "Vases")
    for each in range(10):
        office.world.clock.advance(by_ms=1000)
        office.boards.save("ann", board.id, f"red-vase-{each}")

    found, cursor = [], None
    while not found or cursor is not None:
        page = office.boards.items("ann", board.id, 4, cursor=cursor)
        found += [item.item_id for item in page.items]
        cursor = page.cursor

    assert found == [f"red-vase-{each}" for each in reversed(range(10))]


def test_cursor_of_another_board_is_refused(office: Office) -> None:
    one, two = office.boards.create("ann", "One"), office.boards.create("ann", "Two")
    for each in range(3):
        office.boards.save("ann", one.id, f"red-vase-{each}")
    cursor = office.boards.items("ann", one.id, 1).cursor

    with pytest.raises(CursorError):
        office.boards.items("ann", two.id, 1, cursor=cursor)


def test_sections_are_made_renamed_filled_and_deleted(office: Office) -> None:
    board = office.boards.create("ann", "Home")
    section = office.boards.create_section("ann", board.id, "Kitchen")
    office.boards.save("ann", board.id, "red-vase-0", section_id=section.id)
    office.boards.save("ann", board.id, "blue-lamp-0")
    office.boards.rename_section("ann", board.id, section.id, "Bath")

    (kept,) = office.boards.get("ann", board.id).sections
    assert (kept.name, kept.count) == ("Bath", 1)
    inside = office.boards.items("ann", board.id, 10, section_id=section.id)
    assert [item.item_id for item in inside.items] == ["red-vase-0"]

    office.boards.delete_section("ann", board.id, section.id)

    assert office.boards.get("ann", board.id).count == 2
    with pytest.raises(NotFoundError, match="has no section"):
        office.boards.items("ann", board.id, 10, section_id=section.id)


def test_item_moves_to_another_board_and_keeps_its_time(office: Office) -> None:
    one, two = office.boards.create("ann", "One"), office.boards.create("ann", "Two")
    saved = office.boards.save("ann", one.id, "red-vase-0")
    office.world.clock.advance(by_ms=5_000)

    moved = office.boards.move("ann", one.id, "red-vase-0", to_board_id=two.id)

    assert moved.saved_ms == saved.saved_ms
    assert office.boards.holding("ann", "red-vase-0") == [two.id]
    assert office.told[-1].action is Action.MOVE


def test_item_cannot_move_to_a_board_of_someone_else(office: Office) -> None:
    mine, other = office.boards.create("ann", "One"), office.boards.create("bob", "Two")
    office.boards.save("ann", mine.id, "red-vase-0")

    with pytest.raises(NotFoundError):
        office.boards.move("ann", mine.id, "red-vase-0", to_board_id=other.id)

    assert office.boards.holding("ann", "red-vase-0") == [mine.id]


def test_limits_are_kept_and_named(world: World) -> None:
    office = office_of(world, BoardsConfig(max_boards=1, max_sections=1, max_items=1))
    board = office.boards.create("ann", "One")
    office.boards.create_section("ann", board.id, "Top")
    office.boards.save("ann", board.id, "red-vase-0")

    with pytest.raises(TooLargeError, match="at most 1 are kept"):
        office.boards.create("ann", "Two")
    with pytest.raises(TooLargeError, match="sections"):
        office.boards.create_section("ann", board.id, "Bottom")
    with pytest.raises(TooLargeError, match="items"):
        office.boards.save("ann", board.id, "blue-lamp-0")
    office.boards.save("ann", board.id, "red-vase-0")  # already there: nothing is added


def test_events_of_a_secret_board_say_so(office: Office) -> None:
    board = office.boards.create("ann", "Gifts", is_secret=True)
    office.boards.save("ann", board.id, "red-vase-0")

    assert all(event.facts == {"is_secret": True} for event in office.told)


def test_saved_numbers_are_of_the_persons_own_boards_only(office: Office) -> None:
    mine, other = office.boards.create("ann", "One"), office.boards.create("bob", "Two")
    office.boards.save("ann", mine.id, "red-vase-0")
    office.boards.save("bob", other.id, "blue-lamp-0")

    assert office.boards.saved_numbers("ann").tolist() == [office.world.number("red-vase-0")]
