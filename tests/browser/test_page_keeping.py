"""Keeping: saving to boards, and everything that can be done with boards and their sections."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def save_first(page: Any, board: str) -> str:
    """Saves the first card of the feed to a new board; gives the item's id."""
    card = page.locator(".card").first
    card.hover()
    card.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("textbox", name="Name").fill(board)
    with page.expect_response(re.compile(r"/v1/boards/[^/]+/items$")) as answer:
        page.get_by_role("button", name="Make and save").click()
    assert answer.value.status == 201
    return str(card.get_attribute("data-item"))


def open_board(page: Any, name: str) -> None:
    page.get_by_role("link", name="Boards").first.click()
    page.get_by_role("link", name=re.compile(f"^{name}")).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def choose(page: Any, *path: str) -> None:
    """Presses the first card's menu button, then each thing by name."""
    card = page.locator(".card").first
    card.hover()
    card.get_by_role("button", name="More about").click()
    for name in path:
        page.get_by_role("button", name=name).click()


def test_first_save_makes_a_board_and_the_next_goes_there_by_one_press(visit: Any) -> None:
    page = visit()
    first = save_first(page, "Things in blue")
    expect(
        page.locator(f'[data-item="{first}"]').get_by_role("button", name="Saved to Things in blue")
    ).to_be_visible()

    second = page.locator(".card").nth(2)
    second.hover()
    with page.expect_response(re.compile(r"/v1/boards/[^/]+/items$")):
        second.get_by_role("button", name="Save to Things in blue").click()

    expect(page.get_by_role("status").filter(has_text="Saved to Things in blue")).to_have_count(1)
    page.get_by_role("link", name="Boards").first.click()
    board = page.get_by_role("link", name=re.compile("Things in blue"))
    expect(board).to_contain_text("2 pictures")
    expect(board.locator("img")).to_have_count(2)


def test_save_is_shown_at_once_and_taken_back_by_undo(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Perhaps")
    saved = page.locator(f'[data-item="{item}"]').get_by_role("button", name="Saved to Perhaps")
    expect(saved).to_be_visible()

    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Undo").click()

    expect(saved).to_have_count(0)
    page.get_by_role("link", name="Boards").first.click()
    expect(page.get_by_role("link", name=re.compile("Perhaps"))).to_contain_text("0 pictures")


def test_save_that_the_server_refuses_is_put_back_and_said(visit: Any) -> None:
    page = visit()
    save_first(page, "Vases")
    page.watch.expects_failures = True
    page.route(
        re.compile(r"/v1/boards/[^/]+/items$"),
        lambda route: route.fulfill(
            status=409,
            content_type="application/problem+json",
            body='{"title":"Conflict","status":409,"detail":"The board is full.","code":"full"}',
        ),
    )
    card = page.locator(".card").nth(2)
    card.hover()

    card.get_by_role("button", name="Save to Vases").click()

    expect(page.get_by_text("Not saved to Vases. The board is full.").first).to_be_visible()
    expect(card.get_by_role("button", name="Save to Vases")).to_have_count(1)


def test_item_says_on_its_own_page_where_it_is_saved(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Lamps")

    page.goto(f"/item/{item.replace('/', '%2F')}")

    expect(page.get_by_role("link", name="Lamps")).to_be_visible()
    expect(page.get_by_role("button", name="Saved", exact=True)).to_have_attribute("aria-pressed", "true")


def test_board_has_sections_and_items_move_between_them(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Home")
    open_board(page, "Home")

    page.get_by_role("button", name="Section").click()
    page.get_by_role("textbox", name="Name").fill("Kitchen")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Nothing in this section yet")).to_be_visible()
    page.get_by_role("link", name="Show the board").click()

    choose(page, "Move…")
    with page.expect_response("**/move"):
        page.get_by_role("button", name="Home, Kitchen").click()

    expect(page.get_by_role("link", name=re.compile("Kitchen 1"))).to_be_visible()
    page.get_by_role("link", name=re.compile("Kitchen")).click()
    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()

    page.get_by_role("button", name="Change the section Kitchen").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Cellar")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("Cellar"))).to_be_visible()

    page.get_by_role("button", name="Change the section Cellar").click()
    page.get_by_role("button", name="Delete the section").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("Cellar"))).to_have_count(0)
    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()


def test_item_moves_to_another_board(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Here")
    page.get_by_role("link", name="Boards").first.click()
    page.get_by_role("button", name="New board").click()
    page.get_by_role("textbox", name="Name").fill("There")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Nothing on this board yet")).to_be_visible()
    open_board(page, "Here")

    choose(page, "Move…")
    page.get_by_role("button", name=re.compile("^There")).click()

    expect(page.get_by_role("heading", name="Nothing on this board yet")).to_be_visible()
    open_board(page, "There")
    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()


def test_item_taken_off_a_board_comes_back_by_undo(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Home")
    open_board(page, "Home")

    choose(page, "Take off this board")
    expect(page.get_by_role("heading", name="Nothing on this board yet")).to_be_visible()
    with page.expect_response(re.compile(r"/v1/boards/[^/]+/items$")):
        page.get_by_role("button", name="Undo").last.click()

    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()
    page.reload()
    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()


def test_board_is_renamed_made_secret_and_deleted_after_a_question(visit: Any) -> None:
    page = visit()
    save_first(page, "Present")
    open_board(page, "Present")
    menu = page.get_by_role("button", name="Change this board")

    menu.click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Present for Ada")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("heading", name="Present for Ada")).to_be_visible()

    menu.click()
    page.get_by_role("button", name="Make it secret").click()
    expect(page.get_by_text("Secret ·")).to_be_visible()

    menu.click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name="Present for Ada")).to_be_visible()
    menu.click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()

    expect(page).to_have_url(re.compile("/boards$"))
    expect(page.get_by_role("heading", name="A place for what you find")).to_be_visible()


def test_secret_board_is_not_there_for_somebody_else(visit: Any) -> None:
    page = visit()
    save_first(page, "Mine alone")
    open_board(page, "Mine alone")
    page.get_by_role("button", name="Change this board").click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("button", name="Make it secret").click()

    other = visit("/boards")
    other.watch.expects_failures = True
    other.goto(page.url)

    expect(other.get_by_role("heading", name="This board is not here")).to_be_visible()
    expect(other.locator(".card")).to_have_count(0)


def test_forget_me_asks_and_then_nothing_is_left(visit: Any) -> None:
    page = visit()
    save_first(page, "Gone soon")
    page.get_by_role("button", name="You and your settings").click()
    page.get_by_role("button", name="Forget me…").click()

    page.get_by_role("button", name="Forget me", exact=True).click()
    told = page.get_by_role("dialog", name="You are forgotten")
    expect(told).to_contain_text("Deleted: 1 board, 1 save")
    expect(told).to_contain_text("may still hold traces of it until")
    with page.expect_navigation(url="**/"):
        told.get_by_role("button", name="Start anew").click()

    page.goto("/boards")
    expect(page.get_by_role("heading", name="A place for what you find")).to_be_visible()


def test_save_and_undo_in_quick_succession_leave_nothing_behind(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Quick")
    order: list[str] = []
    page.on("request", lambda asked: "/items" in asked.url and order.append(f"{asked.method} sent"))
    page.on(
        "response", lambda answer: "/items" in answer.url and order.append(f"{answer.request.method} done")
    )
    card = page.locator(".card").nth(2)
    card.hover()

    card.get_by_role("button", name="Save to Quick").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Undo").last.click()

    assert order[:3] == ["POST sent", "POST done", "DELETE sent"]
    open_board(page, "Quick")
    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()
    expect(page.locator(".card")).to_have_count(1)


def test_item_that_was_hidden_stays_on_the_board_it_was_saved_to(visit: Any) -> None:
    page = visit()
    item = save_first(page, "Kept")
    with page.expect_response("**/hide"):
        choose(page, "Hide")
    expect(page.locator(f'[data-item="{item}"]')).to_have_count(0)

    open_board(page, "Kept")

    expect(page.locator(f'[data-item="{item}"]')).to_be_visible()
