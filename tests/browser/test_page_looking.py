"""Looking around: the first visit, the endless feed, one item from close up, and what comes after."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def cards(page: Any) -> Any:
    return page.locator(".card")


def shown_ids(page: Any) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.dataset.item)")


def test_first_visit_with_picks_leads_to_a_feed_and_is_not_asked_again(visit: Any) -> None:
    page = visit(is_new=True)
    expect(page.get_by_role("heading", name="What do you like?")).to_be_visible()

    page.locator(".topics button").nth(0).click()
    page.locator(".topics button").nth(2).click()
    with page.expect_response("**/v1/onboarding") as answer:
        page.get_by_role("button", name="Show me 2 interests").click()

    assert answer.value.status == 204
    expect(cards(page).first).to_be_visible()
    page.reload()
    expect(cards(page).first).to_be_visible()
    expect(page.get_by_role("heading", name="What do you like?")).to_have_count(0)


def test_first_visit_that_is_skipped_leads_to_a_feed(visit: Any) -> None:
    page = visit(is_new=True)

    page.get_by_role("button", name="Skip").click()

    expect(cards(page).first).to_be_visible()
    assert len(set(shown_ids(page))) >= 8


def test_feed_when_scrolled_goes_on_without_repeats_and_keeps_the_document_small(visit: Any) -> None:
    page = visit()
    expect(cards(page).first).to_be_visible()
    seen: set[str] = set()
    first_height = page.evaluate("document.documentElement.scrollHeight")

    for _ in range(14):
        now = shown_ids(page)
        assert len(now) == len(set(now))
        seen.update(now)
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(150)

    assert page.evaluate("document.documentElement.scrollHeight") > first_height
    assert len(seen) > 40
    assert len(shown_ids(page)) < 60


def test_close_up_shows_the_item_and_more_like_it(visit: Any) -> None:
    page = visit()
    name = cards(page).nth(2).get_attribute("aria-label")

    cards(page).nth(2).locator("> a").click()

    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/item/"))
    expect(page.get_by_role("link", name="shop.example")).to_have_attribute("rel", re.compile("noopener"))
    expect(page.locator(".price").first).to_contain_text("€")
    expect(page.get_by_role("feed", name="More like this").locator(".card").first).to_be_visible()


def test_going_back_finds_the_feed_where_it_was_left(visit: Any) -> None:
    page = visit()
    expect(cards(page).first).to_be_visible()
    for _ in range(5):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(200)
    before, left_at = set(shown_ids(page)), page.evaluate("scrollY")
    middle = page.evaluate(
        """[...document.querySelectorAll('.card')].find((card) => {
          const { top } = card.getBoundingClientRect();
          return top > 150 && top < 500;
        }).dataset.item"""
    )

    page.locator(f'[data-item="{middle}"] > a').click()
    expect(page.get_by_role("heading", level=2, name="More like this")).to_be_visible()
    page.go_back()

    expect(page.locator(f'[data-item="{middle}"]')).to_be_visible()
    assert abs(page.evaluate("scrollY") - left_at) <= 2
    assert len(before & set(shown_ids(page))) > len(before) / 2
    expect(page.locator(f'[data-item="{middle}"] > a')).to_be_focused()


def test_why_am_i_seeing_this_tells_the_reason_of_the_server(visit: Any) -> None:
    with_reasons: dict[str, str] = {}
    page = visit("/boards")
    page.on(
        "response",
        lambda answer: (
            "/v1/feed" in answer.url
            and with_reasons.update({at["item"]["id"]: at["reason"]["text"] for at in answer.json()["items"]})
        ),
    )
    page.get_by_role("link", name="For you", exact=True).first.click()
    expect(cards(page).first).to_be_visible()
    card = cards(page).nth(1)

    card.hover()
    card.get_by_role("button", name="More about").click()
    page.get_by_role("button", name="Why am I seeing this?").click()

    reason = with_reasons[str(card.get_attribute("data-item"))]
    assert reason
    expect(page.get_by_role("dialog", name="Why you see this")).to_contain_text(reason)


def test_hidden_item_leaves_at_once_and_stays_away(visit: Any) -> None:
    page = visit()
    card = cards(page).nth(1)
    item = card.get_attribute("data-item")
    card.hover()
    card.get_by_role("button", name="More about").click()

    with page.expect_response("**/hide"):
        page.get_by_role("button", name="Hide").click()
        expect(page.locator(f'[data-item="{item}"]')).to_have_count(0, timeout=500)

    expect(page.get_by_role("status").filter(has_text="Hidden")).to_have_count(1)
    page.reload()
    expect(cards(page).first).to_be_visible()
    assert item not in shown_ids(page)


def test_hidden_item_comes_back_to_its_place_by_undo(visit: Any) -> None:
    page = visit()
    card = cards(page).nth(1)
    item, place = card.get_attribute("data-item"), card.bounding_box()
    card.hover()
    card.get_by_role("button", name="More about").click()
    page.get_by_role("button", name="Hide").click()
    expect(page.locator(f'[data-item="{item}"]')).to_have_count(0)

    page.get_by_role("button", name="Undo").click()

    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()
    assert page.locator(f'[data-item="{item}"]').bounding_box() == place


def test_feed_answers_to_a_save_on_the_next_refresh(visit: Any) -> None:
    page = visit("/item/vase%2Fblue-0")
    page.locator(".closeup").get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("Vases")
    with page.expect_response(re.compile(r"/v1/boards/[^/]+/items$")):
        page.get_by_role("button", name="Make and save").click()

    with page.expect_response("**/v1/feed**") as answer:
        page.get_by_role("link", name="For you", exact=True).first.click()

    reasons = {evidence for at in answer.value.json()["items"] for evidence in at["reason"]["evidence"]}
    assert "vase/blue-0" in reasons
    expect(cards(page).first).to_be_visible()


def test_link_out_opens_beside_and_is_counted(visit: Any) -> None:
    page = visit("/item/lamp%2Fred-0")
    page.context.route("https://shop.example/**", lambda route: route.fulfill(body="a shop"))

    with page.expect_popup() as popup:
        page.get_by_role("link", name="shop.example").click()

    assert popup.value.url == "https://shop.example/lamp/red-0"
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(300)
    assert [event["item_id"] for event in page.watch.said("click")] == ["lamp/red-0"]
