"""Interests: what the page takes a person to like, what they say of it, and what lies near an item."""

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def save_alike(page: Any, count: int) -> list[str]:
    """Saves an item and some that are like it, through the page's own address; gives their ids."""
    ids: list[str] = page.evaluate(
        """async (count) => {
            const headers = { 'content-type': 'application/json' };
            const post = (json) => ({ method: 'POST', body: JSON.stringify(json), headers });
            const ask = async (path, json) => (await fetch(path, json && post(json))).json();
            const first = (await ask('/v1/feed?limit=1')).items[0].item.id;
            const related = `/v1/items/${encodeURIComponent(first)}/related?limit=${count - 1}`;
            const like = (await ask(related)).items;
            const ids = [first, ...like.map((each) => each.item.id)];
            const board = await ask('/v1/boards', { name: 'Alike', description: '', is_secret: false });
            for (const item_id of ids) await ask(`/v1/boards/${board.id}/items`, { item_id });
            return ids;
        }""",
        count,
    )
    return ids


def test_interests_are_shown_with_what_says_so_and_a_wish_is_taken_and_undone(visit: Any) -> None:
    page = visit()
    ids = save_alike(page, 4)

    page.get_by_role("button", name="You").first.click()
    page.get_by_role("button", name="Your interests").click()

    expect(page.get_by_role("heading", name="Your interests", level=1)).to_be_visible()
    because = page.get_by_role("link", name=re.compile("^Because of")).first
    expect(because).to_be_visible(timeout=30_000)
    assert unquote(because.get_attribute("href")).removeprefix("/item/") in ids
    never = page.get_by_role("button", name="Never").first
    never.click()
    expect(never).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Never").first).to_have_attribute("aria-pressed", "false")


def test_item_on_boards_shows_what_was_put_with_it_and_the_graph_is_told(visit: Any) -> None:
    page = visit()
    first, second, *_ = save_alike(page, 3)
    # The page asks once; the graph follows within seconds.
    page.evaluate(
        """async (id) => {
            const near = `/v1/taste/items/${encodeURIComponent(id)}/neighbours`;
            const boards = async () => (await (await fetch(near)).json()).boards;
            while (!(await boards()).length) await new Promise((done) => setTimeout(done, 100));
        }""",
        first,
    )

    page.goto(f"/item/{quote(first, safe='')}")

    near = page.get_by_role("region", name="Near this one")
    near.get_by_role("button", name="By boards").click()
    expect(near.locator(f'a[href="/item/{quote(second, safe="")}"]')).to_contain_text("with this one")
    page.goto("/graph")
    expect(page.get_by_role("rowheader", name="Items and boards")).to_be_visible()
