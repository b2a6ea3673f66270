"""Videos on the page: their length and preview on cards, played from the moment that was found."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))
sys.path.insert(0, str(Path(__file__).parents[1] / "lake"))
from drawn_video import blank, shape, still_of, video

pytestmark = pytest.mark.browser
pytest.importorskip("av")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a film and some pictures, in place of the shop."""
    from live_server import serving, settings_of

    from bowerbird.encode.config import EncodeConfig
    from bowerbird.encode.job import encode_missing, fit_space
    from bowerbird.encode.registry import load_encoders
    from bowerbird.lake.importing.job import ImportOptions, import_source
    from bowerbird.lake.lake import Lake

    folder = tmp_path_factory.mktemp("films")
    (folder / "in").mkdir()
    scenes = [(shape("red"), 2.0), (shape("blue", "square", "#302010"), 2.0), (blank(), 0.5)]
    (folder / "in" / "two shapes.webm").write_bytes(video(scenes, form="webm", size=(640, 360)))
    (folder / "in" / "two shapes.en.vtt").write_text(
        "WEBVTT\n\n00:00.200 --> 00:01.900\nA red circle\n\n00:02.100 --> 00:03.900\nA rhubarb square\n"
    )
    for number, colour in enumerate(("purple", "yellow", "teal", "orange") * 8):
        picture = still_of(shape(colour), (300, 400 + 10 * number))
        (folder / "in" / f"{colour} dot {number}.jpg").write_bytes(picture)
    with Lake.open(folder / "lake", create=True) as lake:
        assert import_source(lake, folder / "in", ImportOptions(workers=1)).accepted == 33
        encoders = load_encoders(EncodeConfig())
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
    with serving(settings_of(folder / "lake")) as live:
        yield live.address


def wait_until(page: Any, is_there: Callable[[float], bool]) -> None:
    """Until the player stands at such a second."""
    for _ in range(100):
        if is_there(page.evaluate("document.querySelector('video').currentTime")):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the video never got there")


def test_card_of_a_video_tells_its_length_and_moves_while_the_pointer_rests_on_it(visit: Any) -> None:
    page = visit("/search?q=two+shapes")
    card = page.locator(".card", has=page.locator(".length"))

    expect(card).to_have_count(1)
    expect(card.locator(".length")).to_have_text(re.compile("0:04"))
    with page.expect_response(re.compile(r"/preview\.webp$")) as answer:
        card.hover()
    assert answer.value.status == 200
    expect(card.locator(".preview")).to_be_visible()
    page.mouse.move(5, 5)
    expect(card.locator(".preview")).to_have_count(0)


def test_card_stands_still_for_people_who_prefer_that(visit: Any) -> None:
    page = visit("/search?q=two+shapes", reduced_motion="reduce")
    card = page.locator(".card", has=page.locator(".length"))

    card.hover()
    page.wait_for_timeout(600)

    expect(card.locator(".preview")).to_have_count(0)
    card.locator(".length").click()  # but they may ask for it
    expect(card.locator(".preview")).to_be_visible()


def test_word_that_is_said_leads_into_the_video_where_it_is_said(visit: Any) -> None:
    page = visit("/search?q=rhubarb")
    card = page.locator(".card", has=page.locator(".length"))
    expect(card.locator(".length")).to_have_text(re.compile("0:02 of 0:04"))

    card.locator("a.picture").click()

    player = page.locator("video")
    expect(player).to_be_visible()
    wait_until(page, lambda second: second > 2)
    expect(page.get_by_role("button", name=re.compile("A rhubarb square"))).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_role("button", name=re.compile("A red circle")).click()
    wait_until(page, lambda second: second < 2)


def test_scene_of_a_video_is_searched_for(visit: Any) -> None:
    page = visit("/search?q=two+shapes")
    page.locator(".card", has=page.locator(".length")).locator("a.picture").click()
    strip = page.get_by_role("group", name="Scenes").get_by_role("button")
    expect(strip.first).to_be_visible()

    strip.last.click()
    page.get_by_role("button", name="Search with this frame").click()

    expect(page.get_by_role("heading", name="Like this frame")).to_be_visible()
    assert re.search(r"frame=\d+", page.url)
    expect(page.locator(".card", has=page.locator(".length")).locator(".title")).to_have_text("Two shapes")
