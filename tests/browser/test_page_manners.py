"""Manners: keyboard and screen reader, light and dark, every width, bad networks, and what is reported."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Every control that can be reached must say what it is; ids must be single; every picture must have a text.
FAULTS = r"""() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const text = (element) => (element?.innerText ?? '').trim();
  const named = (element) => {
    if (element.ariaLabel?.trim()) return true;
    const by = element.getAttribute('aria-labelledby');
    if (by && by.split(/\s+/).some((id) => text(document.getElementById(id)))) return true;
    if (element.labels && [...element.labels].some(text)) return true;
    if (text(element)) return true;
    return [...element.querySelectorAll('img[alt]')].some((image) => image.alt.trim());
  };
  const controls = 'a[href], button, input, select, [role=option], [role=feed], [role=article], dialog, nav';
  for (const element of document.querySelectorAll(controls)) {
    if (shown(element) && !named(element)) faults.push('no name: ' + element.outerHTML.slice(0, 160));
  }
  for (const image of document.images) if (!image.hasAttribute('alt')) faults.push('no alt: ' + image.src);
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push('twice: ' + id);
  const headings = [...document.querySelectorAll('h1')].filter(shown);
  if (headings.length !== 1) faults.push(headings.length + ' headings of the first level');
  if (document.querySelectorAll('main').length !== 1) faults.push('not one main');
  for (const element of document.querySelectorAll('[aria-controls], [aria-activedescendant]')) {
    const id = element.getAttribute('aria-activedescendant');
    if (id && !document.getElementById(id)) faults.push('points at nothing: ' + id);
  }
  if (document.documentElement.lang === '') faults.push('no language');
  return faults;
}"""

# Contrast of each piece of text against the nearest opaque ground behind it, by the formula of WCAG 2.
FAINT = r"""() => {
  const channel = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const ink = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  };
  const light = (colour) => {
    const [red, green, blue] = rgba(colour).map(channel);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] > 0.85) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest(':disabled, .visually-hidden, .skip, noscript, script, style')) continue;
    const both = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${words.slice(0, 40)}`);
  }
  return faint;
}"""

PLACES = [
    "/",
    "/item/vase%2Fred-0",
    "/search",
    "/search?q=lamp",
    "/search?item=cup%2Fblue-0",
    "/boards",
    "/nowhere",
]


def settle(page: Any) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(250)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_every_control_has_a_name_and_every_word_can_be_read(visit: Any, place: str, scheme: str) -> None:
    page = visit(place, color_scheme=scheme)
    settle(page)

    assert page.evaluate(FAULTS) == []
    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("place", ["/", "/search?q=cup", "/item/chair%2Fgreen-1"])
def test_dialogs_and_menus_have_names_too(visit: Any, place: str) -> None:
    page = visit(place)
    expect(page.locator(".card").first).to_be_visible()
    openers = page.locator('[aria-haspopup="dialog"]')

    opened = 0
    for opener in openers.all()[:8]:
        if not opener.is_visible():
            continue
        opener.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate(FAULTS) == []
        opened += 1
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert opened >= 2


def test_keyboard_alone_goes_from_the_skip_link_over_the_grid_into_an_item_and_back(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the pictures")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator(".card > a").first
    expect(first).to_be_focused()

    page.keyboard.press("ArrowRight")
    assert column_of_focus(page) == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert column_of_focus(page) == 1
    page.keyboard.press("ArrowLeft")
    assert column_of_focus(page) == 0
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") < 800

    item = page.evaluate("document.activeElement.parentElement.dataset.item")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    page.go_back()
    expect(page.locator(f'[data-item="{item}"] > a')).to_be_focused()


def column_of_focus(page: Any) -> int:
    page.wait_for_timeout(120)
    return int(
        page.evaluate(
            """() => {
              const left = (element) => Math.round(element.getBoundingClientRect().left);
              const columns = new Set([...document.querySelectorAll('.card')].map(left));
              return [...columns].sort((a, b) => a - b).indexOf(left(document.activeElement));
            }"""
        )
    )


def test_tab_goes_from_a_card_to_its_buttons_then_to_the_next_card(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    page.locator(".card > a").first.focus()

    order = []
    for _ in range(3):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.ariaLabel"))

    assert order[0] == "Save"
    assert order[1].startswith("More about")
    assert page.evaluate("document.activeElement.matches('.card > a')")


def test_slash_goes_to_the_search_field_and_is_not_typed(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()

    page.keyboard.press("/")

    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    expect(page.get_by_role("combobox", name="Search")).to_have_value("")


def test_dialog_keeps_the_focus_and_gives_it_back(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    opener = page.get_by_role("button", name="Search with a picture")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()

    for _ in range(7):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_colours_follow_the_system_until_one_chooses(visit: Any) -> None:
    page = visit(color_scheme="dark")
    dark = ground(page)
    page.get_by_role("button", name="Change to light colours").click()

    assert sum(ground(page)) > 600 > 200 > sum(dark)
    page.reload()
    expect(page.get_by_role("button", name="Change to dark colours")).to_be_visible()
    assert sum(ground(page)) > 600


def ground(page: Any) -> tuple[int, ...]:
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return tuple(int(part) for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280, 1920, 2560])
def test_at_every_width_nothing_sticks_out_and_columns_are_generous(visit: Any, width: int) -> None:
    page = visit(width=width, height=900, is_phone=width < 600)
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_timeout(300)

    lefts = page.evaluate(
        "[...document.querySelectorAll('.card')].map((card) => Math.round(card.getBoundingClientRect().left))"
    )
    columns = len(set(lefts))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert columns == 2 if width < 600 else 228 <= width / columns <= 400


def test_phone_has_its_bar_at_the_foot_with_room_for_thumbs(visit: Any) -> None:
    page = visit(width=390, height=844, is_phone=True)
    bar = page.get_by_role("navigation", name="Main, at the foot")

    for control in bar.locator("a, button").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    bar.get_by_role("link", name="Boards").tap()
    expect(page.get_by_role("heading", name="A place for what you find")).to_be_visible()
    bar.get_by_role("link", name="For you").tap()
    more = page.locator(".card .more").first
    assert min(more.bounding_box()["width"], more.bounding_box()["height"]) >= 44
    more.tap()
    expect(page.get_by_role("button", name="Hide")).to_be_visible()


def test_still_for_those_who_want_no_motion(visit: Any) -> None:
    page = visit(reduced_motion="reduce")
    expect(page.locator(".card").first).to_be_visible()

    slow = page.evaluate(
        """[...document.querySelectorAll('*')].filter((element) => {
          const { transitionDuration, animationDuration } = getComputedStyle(element);
          return parseFloat(transitionDuration) > 0.001 || parseFloat(animationDuration) > 0.001;
        }).length"""
    )

    assert slow == 0


def test_boxes_have_their_final_size_and_a_blur_before_pictures_come(visit: Any) -> None:
    page = visit("/boards")
    waiting: list[Any] = []
    is_slow = True
    page.route("**/img/**", lambda route: waiting.append(route) if is_slow else route.continue_())
    page.get_by_role("link", name="For you", exact=True).first.click()
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_timeout(300)
    before = page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.style.cssText)")
    blurs = page.locator(".card .box").evaluate_all("all => all.map((box) => box.style.backgroundImage)")
    assert blurs
    assert all("data:image/png" in blur for blur in blurs)

    is_slow = False
    for route in waiting:
        route.continue_()
    expect(page.locator(".card .has-come").first).to_be_visible()
    settle(page)

    assert (
        page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.style.cssText)") == before
    )


def test_feed_that_fails_says_so_and_can_be_tried_again(visit: Any) -> None:
    page = visit("/boards")
    page.watch.expects_failures = True
    page.route("**/v1/feed**", lambda route: route.abort())

    page.get_by_role("link", name="For you", exact=True).first.click()
    expect(page.get_by_role("alert")).to_contain_text("The pictures did not come")
    page.unroute("**/v1/feed**")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".card").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_offline_keeps_what_is_there_and_goes_on_by_itself_when_back(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    page.watch.expects_failures = True
    page.context.set_offline(True)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.mouse.wheel(0, 4_000)
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    expect(page.locator(".card").first).to_be_visible()
    height = page.evaluate("document.documentElement.scrollHeight")

    page.context.set_offline(False)

    expect(page.get_by_role("alert")).to_have_count(0)
    for _ in range(40):
        if page.evaluate("document.documentElement.scrollHeight") > height:
            break
        page.wait_for_timeout(250)
    assert page.evaluate("document.documentElement.scrollHeight") > height


def test_server_that_cannot_be_reached_at_first_is_tried_again(visit: Any) -> None:
    page = visit("/boards")
    page.watch.expects_failures = True
    page.route("**/v1/me", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("heading", name="Bowerbird cannot be reached")).to_be_visible()

    page.unroute("**/v1/me")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".card").first).to_be_visible()


def test_item_and_page_that_are_not_there_lead_on(visit: Any) -> None:
    page = visit("/nowhere/at/all")
    expect(page.get_by_role("heading", name="There is no such page", level=2)).to_be_visible()
    page.watch.expects_failures = True

    page.goto("/item/never-there")
    expect(page.get_by_role("heading", name="This picture is no longer here")).to_be_visible()
    page.get_by_role("link", name="To new pictures", exact=True).click()

    expect(page.locator(".card").first).to_be_visible()


def test_what_was_seen_opened_and_looked_at_is_reported_once(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_timeout(1_600)
    inside = page.evaluate(
        """[...document.querySelectorAll('.card')].filter((card) => {
          const { top, bottom, height } = card.getBoundingClientRect();
          return (Math.min(bottom, innerHeight) - Math.max(top, 0)) / height >= 0.55;
        }).map((card) => card.dataset.item)"""
    )
    item = inside[1]
    page.locator(f'[data-item="{item}"] > a').click()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
    page.wait_for_timeout(700)
    with page.expect_response("**/v1/events") as taken:
        page.get_by_role("combobox", name="Search").fill("red cup")
        page.get_by_role("combobox", name="Search").press("Enter")
    expect(page.get_by_role("feed", name="What was found")).to_be_visible()
    assert taken.value.status == 202
    assert (taken.value.json()["rejected"], taken.value.json()["accepted"] > 0) == ([], True)
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(500)

    seen = [event for event in page.watch.said("impression") if event["surface"] == "feed"]
    assert set(inside) <= {event["item_id"] for event in seen}
    assert len(seen) == len({event["item_id"] for event in seen})
    assert all(event["request_id"] and event["position"] >= 0 for event in seen)
    (opened,) = page.watch.said("closeup")
    assert (opened["item_id"], opened["surface"], bool(opened["request_id"])) == (item, "feed", True)
    (looked,) = page.watch.said("dwell")
    assert looked["item_id"] == item
    assert 500 <= looked["dwell_ms"] <= 20_000
    (searched,) = page.watch.said("search")
    assert searched["query"] == "red cup"
    assert searched["request_id"]
    ids = [event["event_id"] for event in page.watch.events]
    assert len(ids) == len(set(ids))


def test_page_is_small_and_names_no_other_host() -> None:
    built = Path(__file__).parents[2] / "src" / "bowerbird" / "serve" / "page"
    scripts = sorted(built.glob("assets/*.js"))
    assert scripts, "the page is not built; run `python hatch_build.py`"
    import gzip

    zipped_bytes = sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts)
    addresses = {
        found
        for path in [*scripts, *built.glob("assets/*.css"), built / "index.html"]
        for found in re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", path.read_text())
    }

    assert zipped_bytes <= 60_000
    # Names of XML languages, and the address in an error message of Svelte: neither is ever asked for.
    assert {
        address for address in addresses if "w3.org" not in address and "svelte.dev" not in address
    } == set()


def test_page_says_where_people_are_simulated_and_nothing_where_they_are_not(visit: Any) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    expect(page.get_by_text("simulated")).to_have_count(0)

    def with_simulated(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "simulated_people": 1_200})

    page.route("**/v1/me", with_simulated)
    page.reload()

    expect(page.get_by_text("People here are simulated: 1,200 of them.")).to_be_visible()
