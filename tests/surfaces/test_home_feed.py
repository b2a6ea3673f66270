from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from small_world import DAY_MS, EACH, World, pointing

from bowerbird.blend import CursorSigner, Page
from bowerbird.core.actions import Action
from bowerbird.core.errors import CursorError, FilterError, InputError
from bowerbird.core.filters import Eq, Range
from bowerbird.lake.items import delete_items
from bowerbird.lake.types import ItemFields
from bowerbird.learn.data import Histories
from bowerbird.learn.types import Found
from bowerbird.retrieve.learned import LearnedModel
from bowerbird.surfaces.feed import HomeFeed


@pytest.fixture
def feed(world: World) -> HomeFeed:
    return feed_of(world)


def feed_of(world: World) -> HomeFeed:
    return HomeFeed(
        world.catalogue,
        world.indexes,
        world.lake.online,
        world.saved_numbers,
        lambda since_ms: [],
        world.signer,
    )


def ids(world: World, page: Page) -> list[str]:
    return world.catalogue.ids_of([each.number for each in page.placements])


def colours(world: World, page: Page) -> Counter[str]:
    return Counter(item_id.split("-")[0] for item_id in ids(world, page))


def kinds(world: World, page: Page) -> Counter[str]:
    return Counter(item_id.split("-")[1] for item_id in ids(world, page))


def test_first_visit_shows_every_colour_and_every_kind(world: World, feed: HomeFeed) -> None:
    page = feed(world.feed_request())

    assert len(page.placements) == 12
    assert set(colours(world, page)) == {"red", "green", "blue", "yellow"}
    assert min(kinds(world, page).values()) >= 3


def test_save_changes_the_very_next_page_towards_its_look_and_kind(world: World, feed: HomeFeed) -> None:
    before = feed(world.feed_request())
    world.act("ann", Action.SAVE, "red-vase-0")

    after = feed(world.feed_request())

    alike = [each for each in after.placements if each.source == "interests"]
    assert len(alike) >= 4
    assert all(
        "red" in world.title(each.number).lower() or "vase" in world.title(each.number) for each in alike
    )
    assert colours(world, after)["red"] > colours(world, before)["red"]


def test_save_between_two_pages_changes_the_second(world: World, feed: HomeFeed) -> None:
    first = feed(world.feed_request())
    world.act("ann", Action.SAVE, "blue-lamp-0")

    second = feed(world.feed_request(cursor=first.cursor))

    assert sum(each.reason.kind == "saved" for each in second.placements) >= 4


def test_two_tastes_stay_apart_and_both_appear(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.SAVE, "red-vase-0", "red-vase-1", "red-vase-2", "red-vase-3")
    world.act("ann", Action.SAVE, "blue-lamp-0")

    page = feed(world.feed_request(limit=20))

    led_by = Counter(
        world.title(each.reason.evidence[0]).split(" ")[0] for each in page.placements if each.reason.evidence
    )
    assert led_by["Red"] >= 4
    assert led_by["Blue"] >= 3


def test_taste_of_a_year_ago_gives_way_to_a_newer_one(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.SAVE, "red-vase-0", "red-vase-1", "red-vase-2", days_ago=365)
    world.act("ann", Action.SAVE, "blue-lamp-0", "blue-lamp-1")

    page = feed(world.feed_request())

    led_by = Counter(
        world.title(each.reason.evidence[0]).split(" ")[0] for each in page.placements if each.reason.evidence
    )
    assert led_by["Blue"] > 2 * led_by["Red"]


def test_hidden_item_is_gone_from_a_page_already_asked_for(world: World, feed: HomeFeed) -> None:
    cursor = feed(world.feed_request()).cursor
    second = feed(world.feed_request(cursor=cursor))
    hidden = second.placements[3].number
    world.act("ann", Action.HIDE, *world.catalogue.ids_of([hidden]))

    again = feed(world.feed_request(cursor=cursor))

    assert hidden not in [each.number for each in again.placements]
    assert len(again.placements) == len(second.placements) - 1


def test_hiding_red_things_makes_red_rarer(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.HIDE, "red-vase-0", "red-chair-0", "red-lamp-0")

    page = feed(world.feed_request())

    assert colours(world, page)["red"] == 0


def test_hide_taken_back_lets_the_item_appear_again(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.HIDE, "red-vase-0", days_ago=1)
    world.act("ann", Action.UNHIDE, "red-vase-0")

    shown = [number for page in pages(world, feed) for number in numbers(page)]

    assert world.number("red-vase-0") in shown


def pages(world: World, feed: HomeFeed, most: int = 40, **more: object) -> list[Page]:
    found = [feed(world.feed_request(**more))]
    while found[-1].cursor is not None and len(found) < most:
        found.append(feed(world.feed_request(**{**more, "cursor": found[-1].cursor})))
    return found


def numbers(page: Page) -> list[int]:
    return [each.number for each in page.placements]


def test_pages_of_one_feed_repeat_nothing_and_end_when_all_was_shown(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.CLOSEUP, "red-vase-0", "green-lamp-3")

    shown = [number for page in pages(world, feed) for number in numbers(page)]

    assert len(shown) == len(set(shown))
    assert len(shown) == 144


def test_same_cursor_gives_the_same_page_again(world: World, feed: HomeFeed) -> None:
    cursor = feed(world.feed_request()).cursor

    first, again = feed(world.feed_request(cursor=cursor)), feed(world.feed_request(cursor=cursor))

    assert again.placements == first.placements
    assert again.cursor == first.cursor


def test_threads_that_share_a_feed_get_the_same_page_for_the_same_cursor(
    world: World, feed: HomeFeed
) -> None:
    world.act("ann", Action.SAVE, "red-vase-0", "blue-lamp-0")
    cursor = feed(world.feed_request()).cursor

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: feed(world.feed_request(cursor=cursor)), range(24)))

    assert all(page.placements == found[0].placements for page in found)
    assert {page.cursor for page in found} == {found[0].cursor}


def test_cursor_still_works_after_a_restart(world: World, feed: HomeFeed) -> None:
    first = feed(world.feed_request())
    second = feed(world.feed_request(cursor=first.cursor))
    restarted = feed_of(world)

    again = restarted(world.feed_request(cursor=first.cursor))
    third = restarted(world.feed_request(cursor=second.cursor))

    assert numbers(again) == numbers(second)
    assert not set(numbers(third)) & {*numbers(first), *numbers(second)}


def test_cursor_of_another_person_is_refused(world: World, feed: HomeFeed) -> None:
    cursor = feed(world.feed_request("ann")).cursor

    with pytest.raises(CursorError, match="not one of ours"):
        feed(world.feed_request("bob", cursor=cursor))


@pytest.mark.parametrize("cursor", ["", "x", "æøå", "A" * 40, "A" * 100_000])
def test_broken_cursor_is_refused(world: World, feed: HomeFeed, cursor: str) -> None:
    with pytest.raises(CursorError):
        feed(world.feed_request(cursor=cursor))


def test_cursor_made_with_another_key_is_refused(world: World, feed: HomeFeed) -> None:
    cursor = feed(world.feed_request()).cursor
    world.signer = CursorSigner(b"another key, as after a reinstall")

    with pytest.raises(CursorError):
        feed_of(world)(world.feed_request(cursor=cursor))


def test_filter_is_kept_on_every_page(world: World, feed: HomeFeed) -> None:
    first = feed(world.feed_request(where=Range("price_micros", lt=2_500_000)))
    rest = feed(world.feed_request(cursor=first.cursor))

    prices = world.catalogue.price_micros[[*numbers(first), *numbers(rest)]]
    assert len(prices) == 24
    assert prices.max() < 2_500_000
    assert rest.cursor is None


def test_cursor_with_another_filter_is_refused(world: World, feed: HomeFeed) -> None:
    first = feed(world.feed_request(where=Eq("category", "Vases")))

    with pytest.raises(CursorError, match="another filter"):
        feed(world.feed_request(cursor=first.cursor, where=Eq("category", "Lamps")))


def test_filter_on_an_unknown_field_is_refused(world: World, feed: HomeFeed) -> None:
    with pytest.raises(FilterError):
        feed(world.feed_request(where=Eq("smell", "nice")))


@pytest.mark.parametrize("limit", [0, -1, 1_000_000])
def test_limit_out_of_bounds_is_refused(world: World, feed: HomeFeed, limit: int) -> None:
    with pytest.raises(InputError, match="needed is 1 to"):
        feed(world.feed_request(limit=limit))


def test_empty_catalogue_gives_an_empty_page(empty_world: World) -> None:
    page = feed_of(empty_world)(empty_world.feed_request())

    assert page.placements == ()
    assert page.cursor is None


def test_item_on_an_own_board_is_not_shown(world: World, feed: HomeFeed) -> None:
    board = world.lake.records.boards.create("ann", "Vases")
    world.lake.records.saves.save(board.id, "red-vase-0")
    world.act("ann", Action.SAVE, "red-vase-0")

    shown = [number for page in pages(world, feed) for number in numbers(page)]

    assert world.number("red-vase-0") not in shown
    assert len(shown) == 143


def test_deleted_item_is_not_shown(world: World, feed: HomeFeed) -> None:
    gone = world.number("red-vase-0")
    delete_items(world.lake, ["red-vase-0"])
    world.catalogue.refresh()

    shown = [number for page in pages(world, feed) for number in numbers(page)]

    assert gone not in shown


def test_deleted_item_is_no_reason_any_more(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.SAVE, "red-vase-0", "blue-lamp-0")
    feed(world.feed_request())
    gone = world.number("red-vase-0")
    delete_items(world.lake, ["red-vase-0"])
    world.catalogue.refresh()

    page = feed(world.feed_request())

    evidence = {number for each in page.placements for number in each.reason.evidence}
    assert evidence == {world.number("blue-lamp-0")}
    assert gone not in numbers(page)


def test_new_items_are_shown_as_new_unless_nearly_everything_is(world: World, feed: HomeFeed) -> None:
    before = feed(world.feed_request(limit=24))
    items = [
        ItemFields(id=f"red-new-{each}", title=f"New {each}", created_ms=world.clock.now_ms() - 2 * DAY_MS)
        for each in range(4)
    ]
    world.add(items, pointing([5] * 4, seed=5), pointing([6] * 4, seed=6))

    page = feed(world.feed_request(limit=24))

    new = [each for each in page.placements if each.source == "fresh"]
    assert not any(each.source == "fresh" for each in before.placements)
    assert len(new) >= 2
    assert all(each.reason.text == "New here: added 2 days ago" for each in new)
    assert all(world.title(each.number).startswith("New") for each in new)


def test_seen_items_come_after_unseen_ones_on_a_fresh_feed(world: World, feed: HomeFeed) -> None:
    seen = np.arange(138)
    world.lake.online.mark_seen("ann", seen, world.clock.now_ms())

    page = feed(world.feed_request())

    assert set(numbers(page)[:6]) == set(range(138, 144))
    assert all(number < 138 for number in numbers(page)[6:])
    assert page.placements[7].reason.text.startswith("You have seen everything new")


def test_every_reason_is_true(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.SAVE, "red-vase-0")
    world.act("ann", Action.CLOSEUP, "blue-lamp-0")

    page = feed(world.feed_request(limit=24))

    for each in page.placements:
        if each.source == "interests":
            (evidence,) = each.reason.evidence
            assert each.reason.text in {
                "Because you saved ‘Red vase 0’",
                "Because you looked at ‘Blue lamp 0’",
            }
            assert world.title(evidence) in each.reason.text
            shared = set(world.title(evidence).lower().split()[:2])
            assert shared & set(world.title(each.number).lower().split()[:2])
        else:
            kind = world.catalogue.ids_of([each.number])[0].split("-")[1]
            assert each.reason.text == f"Something from ‘{kind.title()}s’"


def test_popular_items_say_how_many_people_saved_them(world: World) -> None:
    feed = HomeFeed(
        world.catalogue,
        world.indexes,
        world.lake.online,
        world.saved_numbers,
        lambda since_ms: [("green-chair-5", 12), ("green-chair-6", 1)],
        world.signer,
    )

    page = feed(world.feed_request())

    reasons = {world.title(each.number): each.reason.text for each in page.placements}
    assert reasons["Green chair 5"] == "Popular this week: 12 people saved it"
    assert not any("1 people" in text for text in reasons.values())


def test_report_counts_what_each_rule_removed(world: World, feed: HomeFeed) -> None:
    world.act("ann", Action.HIDE, "red-vase-0")

    stages = {count.stage: count for count in feed(world.feed_request(limit=100)).report}

    assert stages["eligible/hidden"].taken - stages["eligible/hidden"].given == 1
    assert stages["blend"].given == 100
    assert [name for name in stages if "/" not in name] == ["taste", "retrieve", "rank", "blend", "explain"]


class Follower:
    """A trained model in miniature: after any history, the yellow lamps in their order."""

    def __init__(self, world: World) -> None:
        self.facts: dict[str, object] = {}
        self.numbers = np.arange(len(world.catalogue.live), dtype=np.int64)
        self.wanted = np.array([world.number(f"yellow-lamp-{n}") for n in range(EACH)], dtype=np.int32)

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        assert len(histories) == 1
        assert exclude is not None
        fit = self.wanted[~np.isin(self.wanted, exclude.items)][:k]
        return Found(fit[None, :], np.linspace(1, 0, len(fit), dtype=np.float32)[None, :])

    def save(self, folder: Path) -> None:
        raise AssertionError("nobody saves it here")


def learned_feed(world: World) -> HomeFeed:
    follower = Follower(world)
    model = LearnedModel("follower", "one", follower, follower.numbers)
    return HomeFeed(
        world.catalogue,
        world.indexes,
        world.lake.online,
        world.saved_numbers,
        lambda since_ms: [],
        world.signer,
        model_now=lambda: model,
    )


def test_what_a_trained_model_expects_has_its_share_of_the_page_and_says_why(world: World) -> None:
    world.act("ann", Action.SAVE, "red-vase-0", "red-vase-1", "red-vase-2")

    page = learned_feed(world)(world.feed_request(limit=20))

    learned = [each for each in page.placements if each.source == "learned"]
    assert 3 <= len(learned) <= 10
    assert {world.title(each.number).split()[0] for each in learned} == {"Yellow"}
    assert {each.reason.kind for each in learned} == {"expected"}
    assert "Red vase 2" in learned[0].reason.text
    assert learned[0].reason.evidence == (world.number("red-vase-2"),)
    assert any(each.source == "interests" for each in page.placements)
    assert page.models["retriever"] == "follower one"


def test_model_changes_nothing_for_someone_who_did_nothing(world: World, feed: HomeFeed) -> None:
    with_model = learned_feed(world)(world.feed_request())

    assert ids(world, with_model) == ids(world, feed(world.feed_request()))


def test_what_a_model_expects_is_screened_like_everything_else(world: World) -> None:
    world.act("ann", Action.SAVE, "red-vase-0")
    world.act("ann", Action.HIDE, *(f"yellow-lamp-{n}" for n in range(EACH)))

    page = learned_feed(world)(world.feed_request(limit=20))

    assert not [each for each in page.placements if each.source == "learned"]
