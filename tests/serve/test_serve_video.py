"""Videos over HTTP: found through their best frame, shown, played."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer, serving, settings_of
from PIL import Image

from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing, fit_space
from bowerbird.encode.registry import load_encoders
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.lake import Lake

sys.path.insert(0, str(Path(__file__).parents[1] / "lake"))
from drawn_video import blank, shape, still_of, video

pytest.importorskip("av")

SCENES = {
    "warm": [(blank(), 0.5), (shape("red"), 1.5), (shape("orange", "square", "#203050"), 1.5)],
    "cold": [(shape("blue", "square"), 1.5), (shape("green", ground="#e8e0f0"), 1.5)],
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("films")
    (folder / "in").mkdir()
    for name, scenes in SCENES.items():
        (folder / "in" / f"{name} film.mp4").write_bytes(video(scenes, size=(640, 360)))
    for colour in ("purple", "yellow", "teal"):
        (folder / "in" / f"{colour} dot.jpg").write_bytes(still_of(shape(colour)))
    with Lake.open(folder / "lake", create=True) as lake:
        assert import_source(lake, folder / "in", ImportOptions(workers=1)).accepted == 5
        encoders = load_encoders(EncodeConfig())
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
    with serving(settings_of(folder / "lake")) as live:
        yield live


def by_title(page: dict) -> dict[str, dict]:
    return {each["item"]["title"]: each for each in page["items"]}


def test_video_is_found_through_the_frame_that_looks_like_the_picture(films: LiveServer) -> None:
    client = films.client()

    for scene, title, from_ms in (
        (shape("red"), "Warm film", 500),
        (shape("orange", "square", "#203050"), "Warm film", 2_000),
        (shape("green", ground="#e8e0f0"), "Cold film", 1_500),
    ):
        page = client.post("/v1/search", files={"picture": ("a.jpg", still_of(scene), "image/jpeg")}).json()

        assert page["items"][0]["item"]["title"] == title
        frame = page["items"][0]["frame"]
        assert from_ms <= frame["at_ms"] <= from_ms + 1_500
        shown = client.get(frame["picture"])
        assert shown.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(shown.content)).size == (320, 180)
        assert by_title(page)["Purple dot"]["frame"] is None


def test_item_that_is_a_video_says_how_long_it_is_and_which_frames_it_has(films: LiveServer) -> None:
    client = films.client()
    page = client.get("/v1/feed", params={"limit": 10}).json()
    cards = {title: each["item"] for title, each in by_title(page).items()}

    assert cards["Purple dot"]["video"] is None
    assert cards["Cold film"]["video"] == {"duration_ms": 3_000, "has_audio": False}
    assert cards["Cold film"]["picture"]["frames"] == 1
    detail = client.get(f"/v1/items/{cards['Cold film']['id']}").json()
    assert len(detail["frames"]) >= 2
    assert [frame["index"] for frame in detail["frames"]] == list(range(len(detail["frames"])))
    sha = detail["picture"]["sha"]
    poster = client.get(f"/img/{sha}/736.webp")
    assert Image.open(io.BytesIO(poster.content)).size == (640, 360)
    assert client.get(f"/img/{sha}/frame-31.jpg").status_code == 404
    assert client.get(f"/img/{'0' * 64}/frame-0.jpg").status_code == 404


def test_picture_like_a_frame_is_related_to_its_video(films: LiveServer) -> None:
    client = films.client()
    made = client.post(
        "/v1/items", files={"picture": ("r.jpg", still_of(shape("red", "circle")), "image/jpeg")}
    )
    dot = made.json()["id"]
    warm = by_title(client.get("/v1/feed", params={"limit": 10}).json())["Warm film"]["item"]["id"]

    like_dot = client.get(f"/v1/items/{dot}/related", params={"limit": 3}).json()["items"]
    like_film = client.get(f"/v1/items/{warm}/related", params={"limit": 3}).json()["items"]

    assert like_dot[0]["item"]["id"] == warm
    assert like_film[0]["item"]["id"] == dot
    assert client.delete(f"/v1/items/{dot}").status_code == 204
