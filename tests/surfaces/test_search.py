from dataclasses import dataclass

import numpy as np
import pytest
from small_eyes import AxisSpace, Encoders, decode, picture
from small_world import World, pointing

from bowerbird.core.actions import Action
from bowerbird.core.errors import CursorError, FilterError, InputError, NotFoundError
from bowerbird.core.filters import Eq, Range
from bowerbird.core.request import Region, SearchRequest
from bowerbird.lake.items import delete_items
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.retrieve.lexical import LanceLexicalIndex
from bowerbird.surfaces.search import Search, SearchPage


@dataclass(slots=True)
class ThreeIndexes:
    look: ExactIndex
    words: ExactIndex
    lexical: LanceLexicalIndex


def search_of(world: World) -> Search:
    lexical = LanceLexicalIndex(world.lake.items, world.catalogue)
    return Search(
        world.catalogue,
        ThreeIndexes(world.indexes.look, world.indexes.words, lexical),
        Encoders(),
        AxisSpace(),
        world.lake.online,
        decode,
        lambda number: picture(world.title(number).split(" ")[0].lower(), "green"),
        world.signer,
    )


@pytest.fixture
def search(world: World) -> Search:
    return search_of(world)


def ask(
    world: World, words: str = "", limit: int = 12, person_id: str = "ann", **more: object
) -> SearchRequest:
    return SearchRequest(person_id, limit, world.clock.now_ms(), words=words, **more)  # type: ignore[arg-type]


def titles(world: World, page: SearchPage) -> list[str]:
    return [world.title(each.number) for each in page.placements]


def test_words_find_what_they_name(world: World, search: Search) -> None:
    page = search(ask(world, "vase"))

    assert page.verdict == "found"
    assert page.message == ""
    assert all("vase" in title for title in titles(world, page))


def test_colour_and_kind_together_find_items_with_both(world: World, search: Search) -> None:
    page = search(ask(world, "red vase", limit=12))

    assert page.query.colours == ("red",)
    assert sorted(titles(world, page)) == sorted(f"Red vase {each}" for each in range(12))


def test_colour_alone_finds_pictures_of_that_colour(world: World, search: Search) -> None:
    page = search(ask(world, "yellow"))

    assert page.verdict == "found"
    assert all(title.startswith("Yellow") for title in titles(world, page))


def test_item_called_after_a_colour_counts_as_having_it(world: World, search: Search) -> None:
    item = ItemFields(id="green-vase-new", title="Rosso, a vase in red")  # its picture is green
    world.add([item], pointing([1], seed=8), pointing([0], seed=9))

    page = search(ask(world, "vase in red", limit=50))

    assert "Rosso, a vase in red" in titles(world, page)


def test_refused_colour_comes_after_all_others(world: World, search: Search) -> None:
    page = search(ask(world, "vase not red", limit=24))

    assert not any(title.startswith("Red") for title in titles(world, page))


def test_mistyped_words_still_find(world: World, search: Search) -> None:
    world.lake.items.maintain()
    page = search(ask(world, "chaur"))

    assert page.placements[0].reason.text == "Has words like ‘chaur’"
    assert page.placements
    assert all("chair" in title for title in titles(world, page))


def test_words_for_what_is_not_there_say_so(world: World, search: Search) -> None:
    page = search(ask(world, "submarine"))

    assert page.verdict == "nothing"
    assert page.placements == ()
    assert page.message == "Nothing here matches ‘submarine’."
    assert page.cursor is None


def test_picture_finds_what_looks_like_it(world: World, search: Search) -> None:
    page = search(ask(world, picture=picture("blue")))

    assert page.query.has_picture
    assert all(title.startswith("Blue") for title in titles(world, page))
    assert page.placements[0].reason.text == "Looks like your picture"


def test_part_of_a_picture_finds_what_looks_like_the_part(world: World, search: Search) -> None:
    striped = picture("blue", "yellow")
    left, right = Region(0.0, 0.0, 0.45, 1.0), Region(0.55, 0.0, 0.45, 1.0)

    of_left = search(ask(world, picture=striped, region=left))
    of_right = search(ask(world, picture=striped, region=right))

    assert all(title.startswith("Blue") for title in titles(world, of_left))
    assert all(title.startswith("Yellow") for title in titles(world, of_right))


def test_part_of_an_items_picture_is_looked_at(world: World, search: Search) -> None:
    number = world.number("red-vase-0")  # its stored picture is red on the left, green on the right

    page = search(ask(world, item_number=number, region=Region(0.6, 0.0, 0.4, 1.0)))

    assert all(title.startswith("Green") for title in titles(world, page))
    assert page.placements[0].reason.text == "Looks like the part you marked"


def test_item_finds_its_like_and_never_itself(world: World, search: Search) -> None:
    number = world.number("red-vase-0")

    page = search(ask(world, item_number=number, limit=100))

    assert number not in [each.number for each in page.placements]
    assert all(title.startswith("Red") for title in titles(world, page))
    assert page.placements[0].reason.text == "Looks like ‘Red vase 0’"
    assert page.placements[0].reason.evidence == (number,)


def test_picture_with_words_finds_what_has_both(world: World, search: Search) -> None:
    page = search(ask(world, "lamp", picture=picture("green"), limit=10))

    assert all(title.startswith("Green lamp") for title in titles(world, page))
    assert page.placements[0].reason.text == "Looks like your picture, and fits ‘lamp’"


def test_near_copies_are_shown_once(world: World, search: Search) -> None:
    number = np.array([world.number("red-vase-0")])
    copy = world.number("red-vase-1")
    world.indexes.look.upsert(np.array([copy]), world.indexes.look.vectors(number))

    shown = [each.number for each in search(ask(world, "red vase", limit=50)).placements]

    assert len({int(number[0]), copy} & set(shown)) == 1


def test_filter_is_kept(world: World, search: Search) -> None:
    page = search(ask(world, "vase", where=Range("price_micros", gte=3_000_000.0, lt=4_000_000.0), limit=50))

    assert sorted(titles(world, page)) == [
        f"{colour} vase 2" for colour in ("Blue", "Green", "Red", "Yellow")
    ]


def test_filter_on_an_unknown_field_is_refused(world: World, search: Search) -> None:
    with pytest.raises(FilterError):
        search(ask(world, "vase", where=Eq("smell", "nice")))


def test_hidden_item_is_left_out_on_every_page(world: World, search: Search) -> None:
    first = search(ask(world, "red vase", limit=4))
    hidden = search(ask(world, limit=4, cursor=first.cursor)).placements[0].number
    world.act("ann", Action.HIDE, *world.catalogue.ids_of([hidden]))

    again = search(ask(world, limit=4, cursor=first.cursor))
    for_another = search(ask(world, "red vase", limit=50, person_id="bob"))

    assert hidden not in [each.number for each in again.placements]
    assert hidden in [each.number for each in for_another.placements]


def test_deleted_item_is_gone_from_a_list_already_made(world: World, search: Search) -> None:
    first = search(ask(world, "red vase", limit=4))
    gone = search(ask(world, limit=4, cursor=first.cursor)).placements[0].number
    delete_items(world.lake, world.catalogue.ids_of([gone]))
    world.catalogue.refresh()

    again = search(ask(world, limit=4, cursor=first.cursor))

    assert gone not in [each.number for each in again.placements]


def all_pages(world: World, search: Search, first: SearchPage) -> list[int]:
    shown, cursor = [each.number for each in first.placements], first.cursor
    while cursor is not None:
        page = search(ask(world, limit=7, cursor=cursor))
        shown += [each.number for each in page.placements]
        cursor = page.cursor
    return shown


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize(
    "given", [{"words": "lamp"}, {"picture": picture("red")}, {"words": "lamp", "picture": picture("red")}]
)
def test_pages_hold_each_hit_once_also_after_a_restart(
    world: World, search: Search, given: dict[str, object], is_restarted: bool
) -> None:
    whole = [each.number for each in search(ask(world, limit=200, **given)).placements]  # type: ignore[arg-type]
    first = search(ask(world, limit=7, **given))  # type: ignore[arg-type]

    shown = all_pages(world, search_of(world) if is_restarted else search, first)

    assert shown == whole
    assert len(shown) >= 12


def test_positions_go_on_over_pages(world: World, search: Search) -> None:
    first = search(ask(world, "lamp", limit=5))
    second = search(ask(world, limit=5, cursor=first.cursor))

    assert [each.position for each in (*first.placements, *second.placements)] == list(range(10))


def test_cursor_of_another_person_is_refused(world: World, search: Search) -> None:
    cursor = search(ask(world, "lamp", limit=5)).cursor

    with pytest.raises(CursorError):
        search(ask(world, limit=5, person_id="bob", cursor=cursor))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"words": "   "},
        {"region": Region(0.0, 0.0, 1.0, 1.0), "words": "vase"},
        {"picture": picture("red"), "item_number": 3},
        {"words": "x" * 501},
        {"picture": picture("red"), "region": Region(0.9, 0.0, 0.5, 1.0)},
        {"picture": picture("red"), "region": Region(0.5, 0.5, 0.001, 0.5)},
        {"words": "vase", "limit": 0},
    ],
)
def test_search_that_cannot_be_read_is_refused_with_what_is_needed(
    world: World, search: Search, given: dict[str, object]
) -> None:
    with pytest.raises(InputError, match="needed"):
        search(ask(world, **given))  # type: ignore[arg-type]


def test_unknown_item_is_refused(world: World, search: Search) -> None:
    with pytest.raises(NotFoundError):
        search(ask(world, item_number=100_000))


def test_every_reason_for_words_is_true(world: World, search: Search) -> None:
    page = search(ask(world, "vase", limit=40))

    for each in page.placements:
        assert each.reason.text in {"Has the words of ‘vase’", "Comes near ‘vase’ in meaning"}
        if each.reason.text.startswith("Has"):
            assert "vase" in world.title(each.number)


def test_empty_catalogue_finds_nothing(empty_world: World) -> None:
    search = search_of(empty_world)

    for given in ({"words": "vase"}, {"picture": picture("red")}):
        page = search(ask(empty_world, **given))  # type: ignore[arg-type]
        assert page.verdict == "nothing"
        assert page.placements == ()
        assert page.message.startswith("Nothing here")


def suggested(search: Search, typed: str) -> list[str]:
    return [suggestion.text.lower() for suggestion in search.suggest(typed)]


def test_suggestions_complete_what_is_typed_from_titles_categories_and_colours(
    world: World, search: Search
) -> None:
    search.refresh()

    assert "vase" in suggested(search, "va")
    assert "red vase" in suggested(search, "red v")
    assert "red vase" in suggested(search, "vase")
    kinds = {suggestion.text: suggestion.kind for suggestion in search.suggest("la")}
    assert kinds["Lamps"] == "category"
    assert {suggestion.kind for suggestion in search.suggest("yello")} >= {"colour"}


@pytest.mark.parametrize("typed", ["vsae", "vaase", "vaze", "red vsae"])
def test_mistyped_beginning_is_completed_all_the_same(world: World, search: Search, typed: str) -> None:
    search.refresh()

    assert any("vase" in text for text in suggested(search, typed))


@pytest.mark.parametrize("typed", ["", "   ", "qqqqqqq", "☃"])
def test_nothing_is_suggested_for_what_the_catalogue_does_not_have(
    world: World, search: Search, typed: str
) -> None:
    search.refresh()

    assert search.suggest(typed) == ()
