"""Searching: by words, by a picture however it comes, by a part of one, and by a picture with words."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# A form with a picture in it is not shown to the test by the browser, so its fields are noted on the way.
NOTE_FORMS = """() => {
  const send = window.fetch;
  window.__forms = [];
  window.fetch = (address, request) => {
    if (request?.body instanceof FormData) window.__forms.push([...request.body.keys()]);
    return send(address, request);
  };
}"""

NOT_SOLD_HERE = "submarine torpedo engine manual"


def field(page: Any) -> Any:
    return page.get_by_role("combobox", name="Search")


def found(page: Any, first: int = 6) -> list[str]:
    """Names of the first cards, once the list has come."""
    cards = page.get_by_role("feed", name="What was found").locator(".card")
    expect(cards.first).to_be_visible()
    page.wait_for_timeout(200)
    return [str(name).lower() for name in cards.evaluate_all("all => all.map((one) => one.ariaLabel)")][
        :first
    ]


def dropped(picture: Path) -> str:
    """A script that drops a file on the page, as a person does."""
    content = base64.b64encode(picture.read_bytes()).decode()
    return f"""() => {{
      const bytes = Uint8Array.from(atob('{content}'), (char) => char.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(new File([bytes], 'mine.png', {{ type: 'image/png' }}));
      const say = (kind) => document.querySelector('main').dispatchEvent(
        new DragEvent(kind, {{ dataTransfer: carried, bubbles: true, cancelable: true }}));
      window.__carry = {{ carried, say }};
    }}"""


def test_search_by_words_finds_what_they_say(visit: Any) -> None:
    page = visit()

    field(page).fill("blue vase")
    field(page).press("Enter")

    expect(page).to_have_url(re.compile(r"/search\?q=blue\+vase"))
    names = found(page)
    assert names[0] == "blue vase"
    assert sum("vase" in name for name in names) >= 4


def test_suggestions_can_be_walked_and_taken_by_keyboard(visit: Any) -> None:
    page = visit()
    field(page).focus()
    page.keyboard.type("lam")
    expect(page.get_by_role("option").first).to_be_visible()

    page.keyboard.press("ArrowDown")

    chosen = page.get_by_role("option", selected=True)
    words = chosen.locator(".words").inner_text()
    expect(field(page)).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(words)
    assert any("lamp" in name for name in found(page))


def test_search_for_what_is_not_there_says_so(visit: Any) -> None:
    page = visit()

    field(page).fill(NOT_SOLD_HERE)
    field(page).press("Enter")

    expect(page.get_by_role("heading", name=f"Nothing here matches “{NOT_SOLD_HERE}”")).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("button", name="Search with a picture")).to_be_visible()


def test_filters_narrow_by_colour_price_brand_and_stock_and_can_be_cleared(visit: Any) -> None:
    page = visit("/search?q=lamp")
    found(page)
    bar = page.get_by_role("group", name="Narrow the search")

    bar.get_by_role("button", name="Colour").click()
    page.get_by_role("dialog", name="Colour").get_by_role("button", name="Red").click()
    page.get_by_role("button", name="Done").click()
    expect(page).to_have_url(re.compile("colour=red"))
    assert all("red" in name for name in found(page))

    bar.get_by_role("button", name="Price").click()
    page.get_by_role("spinbutton", name="To").fill("60")
    page.get_by_role("button", name="Show").click()
    expect(bar.get_by_role("button", name="Up to €60")).to_be_visible()
    prices = page.locator(".card .price").all_inner_texts()
    assert all(float(price.strip("€")) <= 60 for price in prices)

    bar.get_by_role("button", name="In stock").click()
    expect(bar.get_by_role("button", name="In stock")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("stock=1"))

    bar.get_by_role("button", name="Clear").click()
    assert any("red" not in name for name in found(page, 20))


def test_filters_that_leave_nothing_offer_to_go_without(visit: Any) -> None:
    page = visit("/search?q=lamp&brand=Nobody")

    expect(page.get_by_role("heading", name=re.compile("Nothing here matches"))).to_be_visible()
    page.get_by_role("link", name="Search without filters").click()

    assert found(page)


def test_search_by_an_uploaded_picture(visit: Any, picture_file: Path) -> None:
    page = visit()
    page.get_by_role("button", name="Search with a picture").click()

    page.get_by_label("Choose a picture").set_input_files(picture_file)

    expect(page.get_by_role("img", name="What you search with")).to_be_visible()
    names = found(page)
    assert sum("vase" in name or "blue" in name for name in names) >= 4
    # The picture is kept for this tab: reading the page again does not lose it.
    page.reload()
    expect(page.get_by_role("img", name="What you search with")).to_be_visible()
    assert found(page) == names


def test_search_by_a_pasted_picture(visit: Any, picture_file: Path) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate(dropped(picture_file))

    page.evaluate(
        """() => document.body.dispatchEvent(new ClipboardEvent('paste', {
          clipboardData: window.__carry.carried, bubbles: true, cancelable: true }))"""
    )

    expect(page.get_by_role("img", name="What you search with")).to_be_visible()
    assert found(page)


def test_search_by_a_picture_dropped_anywhere(visit: Any, picture_file: Path) -> None:
    page = visit()
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate(dropped(picture_file))

    page.evaluate("window.__carry.say('dragenter')")
    expect(page.get_by_text("Drop the picture to search with it")).to_be_visible()
    page.evaluate("window.__carry.say('drop')")

    expect(page.get_by_text("Drop the picture to search with it")).to_have_count(0)
    expect(page.get_by_role("img", name="What you search with")).to_be_visible()
    assert found(page)


def test_search_by_a_photo_from_a_phone(visit: Any, picture_file: Path) -> None:
    page = visit(width=390, height=844, is_phone=True)
    page.get_by_role("button", name="Search with a picture").tap()
    camera = page.get_by_label("Take a photo")
    assert camera.get_attribute("capture") == "environment"
    assert camera.get_attribute("accept") == "image/*"

    camera.set_input_files(picture_file)

    expect(page.get_by_role("img", name="What you search with")).to_be_visible()
    assert found(page)


def test_file_that_is_no_picture_is_refused_in_words(visit: Any, tmp_path: Path) -> None:
    page = visit()
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    page.get_by_role("button", name="Search with a picture").click()

    page.get_by_label("Choose a picture").set_input_files(text)

    expect(page.get_by_text("cannot be read as a picture").first).to_be_visible()


def test_box_drawn_on_a_close_up_searches_that_part(visit: Any) -> None:
    page = visit("/item/lamp%2Fgreen-0")
    page.get_by_role("button", name="Search a part").click()
    stage = page.locator(".stage").bounding_box()

    page.evaluate(NOTE_FORMS)

    draw(page, stage, (0.1, 0.12), (0.8, 0.6))

    page.wait_for_url(re.compile("/search"))
    assert abs(region_of(page)[0] - 0.1) < 0.02
    assert abs(region_of(page)[3] - 0.48) < 0.02
    assert {"item_id", "region"} <= set(page.evaluate("window.__forms.at(-1)"))
    assert any("lamp" in name for name in found(page, 10))


def test_box_is_adjusted_by_its_corners_and_by_keyboard(visit: Any) -> None:
    page = visit("/search?item=cup%2Fred-0&region=0.2,0.2,0.5,0.5")
    found(page)
    stage = page.locator(".stage").bounding_box()

    draw(page, stage, (0.7, 0.7), (0.9, 0.95))
    page.wait_for_url(re.compile("region=0.2%2C0.2%2C0.7"))
    assert abs(region_of(page)[3] - 0.75) < 0.02

    page.get_by_role("button", name=re.compile("^Top left corner")).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_url(re.compile("region=0.3%2C"))
    assert region_of(page)[2] == pytest.approx(0.6, abs=0.02)

    page.get_by_role("button", name=re.compile("^Selected part")).focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.wait_for_url(lambda url: abs(region_in(url)[1] - 0.14) < 0.001)
    expect(page.get_by_text("Selected part: 60 percent wide")).to_have_count(1)

    page.get_by_role("button", name=re.compile("^Selected part")).focus()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "region" not in url)
    expect(page.get_by_role("heading", name="Like this picture")).to_be_visible()


def test_box_on_an_uploaded_picture_searches_that_part(visit: Any, picture_file: Path) -> None:
    page = visit()
    page.get_by_role("button", name="Search with a picture").click()
    page.get_by_label("Choose a picture").set_input_files(picture_file)
    found(page)

    page.evaluate(NOTE_FORMS)

    draw(page, page.locator(".stage").bounding_box(), (0.2, 0.2), (0.8, 0.8))

    expect(page.get_by_role("heading", name="Like this part")).to_be_visible()
    assert found(page)
    assert {"picture", "region"} <= set(page.evaluate("window.__forms.at(-1)"))


def test_words_joined_to_a_picture_change_what_is_found(visit: Any) -> None:
    page = visit("/item/cushion%2Fblue-0")
    page.get_by_label("Like this, but…").fill("in red")
    page.get_by_label("Like this, but…").press("Enter")

    expect(page.get_by_role("heading", name="Like this, but in red")).to_be_visible()
    names = found(page)
    assert sum("red" in name for name in names) >= 3

    page.get_by_label("Words to join to the picture").fill("yellow")
    page.get_by_label("Words to join to the picture").press("Enter")
    expect(page.get_by_role("heading", name="Like this, but yellow")).to_be_visible()
    assert sum("yellow" in name for name in found(page)) >= 3


def test_where_a_search_starts_shows_themes_and_colours(visit: Any) -> None:
    page = visit("/search")

    expect(page.get_by_role("heading", name="By colour")).to_be_visible()
    page.locator(".topics a").first.click()

    assert found(page)


def draw(page: Any, stage: dict[str, float], start: tuple[float, float], end: tuple[float, float]) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return stage["x"] + x * stage["width"], stage["y"] + y * stage["height"]

    page.mouse.move(*at(*start))
    page.mouse.down()
    page.mouse.move(*at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), steps=4)
    page.mouse.move(*at(*end), steps=4)
    page.mouse.up()


def region_of(page: Any) -> list[float]:
    return region_in(page.url)


def region_in(url: str) -> list[float]:
    matched = re.search(r"region=([\d.%C]+)", url)
    return [float(part) for part in matched[1].split("%2C")] if matched else [9.0, 9.0, 9.0, 9.0]
