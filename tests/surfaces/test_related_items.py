import numpy as np
import pytest
from small_world import DAY_MS, World, pointing

from bowerbird.blend import Page
from bowerbird.core.actions import Action
from bowerbird.core.errors import CursorError, NotFoundError
from bowerbird.core.filters import Eq
from bowerbird.core.request import RelatedRequest
from bowerbird.lake.items import delete_items
from bowerbird.lake.types import ItemFields
from bowerbird.surfaces.feed import RelatedItems


@pytest.fixture
def related(world: World) -> RelatedItems:
    return RelatedItems(world.catalogue, world.indexes, world.lake.online, world.signer)


def ask(world: World, item_id: str, limit: int = 8, person_id: str = "ann", **more: object) -> RelatedRequest:
    return RelatedRequest(person_id, world.number(item_id), limit, world.clock.now_ms(), **more)  # type: ignore[arg-type]


def numbers(page: Page) -> list[int]:
    return [each.number for each in page.placements]


def test_items_of_the_same_look_and_kind_come_first(world: World, related: RelatedItems) -> None:
    page = related(ask(world, "red-vase-0"))

    titles = [world.title(number) for number in numbers(page)]
    assert all(title.startswith("Red vase") for title in titles)


def test_item_itself_is_never_shown(world: World, related: RelatedItems) -> None:
    shown = []
    cursor = None
    while not shown or cursor is not None:
        page = related(ask(world, "red-vase-0", cursor=cursor))
        shown += numbers(page)
        cursor = page.cursor

    assert world.number("red-vase-0") not in shown
    assert len(shown) == len(set(shown))
    assert len(shown) >= 20


def test_further_pages_hold_nothing_that_is_unlike_the_item(world: World, related: RelatedItems) -> None:
    shown, cursor = [], None
    while not shown or cursor is not None:
        page = related(ask(world, "red-vase-0", cursor=cursor))
        shown += numbers(page)
        cursor = page.cursor

    assert all("red" in world.title(n).lower() or "vase" in world.title(n) for n in shown)


def test_near_copy_of_the_item_is_left_out(world: World, related: RelatedItems) -> None:
    number = world.number("red-vase-0")
    copy = world.indexes.look.vectors(np.array([number])) + 0.001
    world.add([ItemFields(id="red-copy-0", title="Red copy")], copy.astype(np.float32), pointing([0], seed=9))

    page = related(ask(world, "red-vase-0"))

    assert world.number("red-copy-0") not in numbers(page)


def test_reason_names_the_item_and_what_is_shared(world: World, related: RelatedItems) -> None:
    page = related(ask(world, "red-vase-0", limit=30))

    for each in page.placements:
        assert each.reason.evidence == (world.number("red-vase-0"),)
        if each.reason.kind == "looks_like":
            assert each.reason.text == "Looks like ‘Red vase 0’"
            assert world.title(each.number).startswith("Red")
        else:
            assert each.reason.text == "Is something like ‘Red vase 0’"
            assert "vase" in world.title(each.number)


def test_hidden_item_is_left_out_at_once_on_a_page_asked_for_before(
    world: World, related: RelatedItems
) -> None:
    cursor = related(ask(world, "red-vase-0")).cursor
    second = related(ask(world, "red-vase-0", cursor=cursor))
    world.act("ann", Action.HIDE, *world.catalogue.ids_of(numbers(second)[:1]))

    again = related(ask(world, "red-vase-0", cursor=cursor))

    assert numbers(again) == numbers(second)[1:]


def test_filter_is_kept(world: World, related: RelatedItems) -> None:
    page = related(ask(world, "red-vase-0", where=Eq("category", "Lamps")))

    assert page.placements
    assert all("lamp" in world.title(number) for number in numbers(page))


def test_deleted_item_has_no_related_items(world: World, related: RelatedItems) -> None:
    delete_items(world.lake, ["red-vase-0"])
    world.catalogue.refresh()

    with pytest.raises(NotFoundError):
        related(ask(world, "red-vase-0"))


def test_cursor_of_another_item_is_refused(world: World, related: RelatedItems) -> None:
    cursor = related(ask(world, "red-vase-0")).cursor

    with pytest.raises(CursorError):
        related(ask(world, "blue-lamp-0", cursor=cursor))


def test_only_item_of_a_catalogue_has_an_empty_page(empty_world: World) -> None:
    item = ItemFields(id="red-vase-0", title="Red vase", created_ms=DAY_MS)
    empty_world.add([item], pointing([0], seed=1), pointing([0], seed=2))
    related = RelatedItems(
        empty_world.catalogue, empty_world.indexes, empty_world.lake.online, empty_world.signer
    )

    page = related(ask(empty_world, "red-vase-0"))

    assert page.placements == ()
    assert page.cursor is None
