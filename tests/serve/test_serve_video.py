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


def original_of(films: LiveServer, title: str) -> tuple[str, bytes]:
    """Where the video is, and its bytes as they lie on the disk."""
    client = films.client()
    card = by_title(client.get("/v1/feed", params={"limit": 10}).json())[title]["item"]
    name = title.lower().removesuffix(" film")
    return f"/video/{card['picture']['sha']}", (
        films.lake_path.parent / "in" / f"{name} film.mp4"
    ).read_bytes()


def test_whole_video_comes_as_it_was_put_in(films: LiveServer) -> None:
    address, content = original_of(films, "Warm film")

    answer = films.client().get(address)

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    etag = answer.headers["etag"]
    assert films.client().get(address, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=5-5", 5, 6),
        ("bytes=10-999999999", 10, None),
        ("bytes=-999999999", 0, None),
    ],
)
def test_part_of_a_video_comes_as_asked(films: LiveServer, asked: str, start: int, end: int | None) -> None:
    address, content = original_of(films, "Cold film")

    answer = films.client().get(address, headers={"Range": asked})

    part = content[start:end]
    first = len(content) + start if start < 0 else start
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    assert int(answer.headers["content-length"]) == len(part)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=", "nonsense", "bytes=a-b"]
)
def test_range_that_nobody_understands_is_answered_with_all_of_it(films: LiveServer, asked: str) -> None:
    address, content = original_of(films, "Cold film")

    answer = films.client().get(address, headers={"Range": asked})

    assert (answer.status_code, len(answer.content)) == (200, len(content))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_part_outside_of_the_video_is_refused(films: LiveServer, asked: str) -> None:
    address, content = original_of(films, "Cold film")

    answer = films.client().get(address, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(content)}"


def test_part_of_another_version_is_answered_with_all_of_this_one(films: LiveServer) -> None:
    address, content = original_of(films, "Cold film")
    client = films.client()
    etag = client.get(address, headers={"Range": "bytes=0-0"}).headers["etag"]

    other = client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    same = client.get(address, headers={"Range": "bytes=0-9", "If-Range": etag})

    assert (other.status_code, len(other.content)) == (200, len(content))
    assert (same.status_code, len(same.content)) == (206, 10)


def test_head_tells_the_length_and_sends_nothing(films: LiveServer) -> None:
    address, content = original_of(films, "Warm film")

    whole = films.client().head(address)
    part = films.client().head(address, headers={"Range": "bytes=0-9"})

    assert (whole.status_code, int(whole.headers["content-length"]), whole.content) == (
        200,
        len(content),
        b"",
    )
    assert (part.status_code, part.headers["content-length"]) == (206, "10")


def test_what_is_no_video_is_not_played(films: LiveServer) -> None:
    client = films.client()
    dot = by_title(client.get("/v1/feed", params={"limit": 10}).json())["Purple dot"]["item"]["picture"][
        "sha"
    ]

    assert client.get(f"/video/{dot}").status_code == 404
    assert client.get(f"/video/{'0' * 64}").status_code == 404


def test_uploaded_video_is_found_and_played_when_its_post_is_answered(films: LiveServer) -> None:
    client = films.client()
    content = video(
        [(shape("purple", "square", "#f0e0d0"), 1.0), (shape("teal", ground="#402010"), 1.0)], form="webm"
    )

    made = client.post(
        "/v1/items",
        files={"picture": ("new.webm", content, "video/webm")},
        data={"fields": '{"title": "New film"}'},
    )
    scene = still_of(shape("teal", ground="#402010"))
    found = client.post("/v1/search", files={"picture": ("a.jpg", scene, "image/jpeg")}).json()["items"][0]

    assert made.status_code == 201, made.text
    assert made.json()["video"]["duration_ms"] == pytest.approx(2_000, abs=100)
    assert found["item"]["title"] == "New film"
    assert found["frame"]["at_ms"] >= 1_000
    played = client.get(f"/video/{made.json()['picture']['sha']}", headers={"Range": "bytes=0-3"})
    assert (played.status_code, played.content, played.headers["content-type"]) == (
        206,
        content[:4],
        "video/webm",
    )
    assert client.delete(f"/v1/items/{made.json()['id']}").status_code == 204
    assert client.get(f"/video/{made.json()['picture']['sha']}").status_code == 404
    after = client.post("/v1/search", files={"picture": ("a.jpg", scene, "image/jpeg")}).json()["items"]
    assert "New film" not in [each["item"]["title"] for each in after]


def test_video_that_cannot_be_used_is_refused_in_plain_words(films: LiveServer) -> None:
    client = films.client()
    good = video([(shape("red"), 0.5)])

    broken = client.post("/v1/items", files={"picture": ("x.mp4", good[: len(good) // 2], "video/mp4")})
    searched = client.post("/v1/search", files={"picture": ("x.mp4", good, "video/mp4")})

    assert (broken.status_code, broken.json()["code"]) == (422, "bad-picture")
    assert broken.json()["errors"][0]["code"] == "truncated"
    assert (searched.status_code, searched.json()["errors"][0]["code"]) == (422, "video")


def test_video_over_the_limit_is_refused_before_it_is_read(films: LiveServer, tmp_path: Path) -> None:
    too_large = video([(shape("red"), 0.5)]) + bytes(2 * 2**20)
    lake_path = tmp_path / "lake"
    with Lake.open(lake_path, create=True) as lake:
        fit_space(lake, load_encoders(EncodeConfig()))
    with serving(settings_of(lake_path, upload_limit_mb=1, video_limit_mb=1)) as live:
        answer = live.client().post("/v1/items", files={"picture": ("x.mp4", too_large, "video/mp4")})

    assert answer.status_code == 413


def test_preview_is_light_and_moves(films: LiveServer) -> None:
    client = films.client()
    cards = {title: each["item"] for title, each in by_title(client.get("/v1/feed").json()).items()}

    answer = client.get(f"/img/{cards['Cold film']['picture']['sha']}/preview.webp")

    preview = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == "image/webp"
    assert len(answer.content) <= 300_000
    assert (preview.size, preview.format) == ((240, 135), "WEBP")
    assert 12 <= getattr(preview, "n_frames", 1) <= 25
    assert client.get(f"/img/{cards['Purple dot']['picture']['sha']}/preview.webp").status_code == 404


def test_part_of_a_frame_is_searched_for(films: LiveServer) -> None:
    client = films.client()
    warm = by_title(client.get("/v1/feed").json())["Warm film"]["item"]["id"]
    frames = client.get(f"/v1/items/{warm}").json()["frames"]
    orange = next(frame["index"] for frame in frames if frame["at_ms"] >= 2_000)
    red = next(frame["index"] for frame in frames if 500 <= frame["at_ms"] < 2_000)

    def first(**form: str) -> dict:
        return client.post("/v1/search", data={"item_id": warm, **form}).json()["items"][0]

    for index, from_ms in ((red, 500), (orange, 2_000)):
        hit = first(frame=str(index), region="0.2,0.1,0.6,0.8")
        assert hit["item"]["id"] == warm
        assert from_ms <= hit["frame"]["at_ms"] < from_ms + 1_500
    assert first(frame=str(red))["item"]["id"] == warm
    assert first()["item"]["id"] != warm
    assert client.post("/v1/search", data={"item_id": warm, "frame": "31"}).status_code == 404


def test_word_that_is_said_finds_the_video_and_the_moment(films: LiveServer, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "talk.mp4").write_bytes(video([(shape("teal"), 1.0)]))
    (folder / "talk.en.srt").write_text(
        "1\n00:00:00,100 --> 00:00:00,400\nHello there\n\n"
        "2\n00:00:00,500 --> 00:00:00,900\nRhubarb marmalade\n"
    )
    import_source(films.service.lake, folder, ImportOptions(workers=1))
    films.service.indexes.sync()
    client = films.client()

    hit = client.get("/v1/search", params={"q": "rhubarb"}).json()["items"][0]

    assert hit["item"]["title"] == "Talk"
    assert hit["said"] == {"at_ms": 500, "text": "Rhubarb marmalade"}
    transcript = client.get(f"/v1/items/{hit['item']['id']}").json()["transcript"]
    assert transcript["language"] == "en"
    assert [cue["at_ms"] for cue in transcript["cues"]] == [100, 500]
