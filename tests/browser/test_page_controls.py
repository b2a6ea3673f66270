"""Steering one's feed on the page: the slider, incognito, clearing, and why a picture is there."""

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def set_of(page: Any) -> dict[str, Any]:
    """What the server has of this person."""
    found: dict[str, Any] = page.evaluate("async () => (await fetch('/v1/me/controls')).json()")
    return found


def test_slider_incognito_and_history_are_set_and_taken_back(visit: Any) -> None:
    page = visit("/interests")
    slider = page.get_by_role("slider", name="How adventurous")
    slider.focus()
    slider.press("End")
    expect(page.get_by_text("The next page follows it.").first).to_be_visible()
    assert set_of(page)["adventure"] == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("As it was.").first).to_be_visible()
    assert set_of(page)["adventure"] == 0.5

    page.get_by_role("switch", name="Incognito").check()
    expect(page.get_by_text("Nothing of what you do now is kept.").first).to_be_visible()
    assert set_of(page)["is_incognito"]
    page.get_by_role("switch", name="Incognito").uncheck()

    page.get_by_role("button", name="Clear what counts").click()
    expect(page.get_by_text("What you did before says nothing any more.").first).to_be_visible()
    assert set_of(page)["history_from_ms"] > 0
    page.get_by_role("button", name="Let it count again").click()
    expect(page.get_by_role("button", name="Clear what counts")).to_be_visible()
    assert set_of(page)["history_from_ms"] == 0


def test_menu_of_a_picture_says_why_and_takes_more_and_less(visit: Any) -> None:
    page = visit()
    first = page.get_by_role("article").first
    first.hover()
    first.get_by_role("button", name="More about").click()
    page.get_by_role("button", name="Why am I seeing this?").click()
    parts = page.get_by_role("list", name="What put it here")
    expect(parts).to_be_visible()
    assert parts.get_by_role("listitem").count() > 0
    page.keyboard.press("Escape")

    first.hover()
    first.get_by_role("button", name="More about").click()
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_text("More like this from the next page on.").first).to_be_visible()
