"""Exports of Pinry and Immich bring their pictures, words and tags, and their boards and albums."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from feed_files import FeedServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_import_feeds import understood
from test_import_job import counts, picture, refusals

from bowerbird.lake.importing.behaviour import Remembering
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.importing.json_stream import objects_of
from bowerbird.lake.importing.kinds import kind_of
from bowerbird.lake.importing.source_files import SourceFiles
from bowerbird.lake.importing.sources import open_source
from bowerbird.lake.importing.types import RowError
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake

ONE = ImportOptions(workers=1)
HOME = replace(ONE, allowed_hosts=("127.0.0.1",))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def written(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def boards(lake: Lake, owner: str) -> dict[str, tuple[bool, list[str]]]:
    """Name → whether it is secret, and its items."""
    return {
        board.name: (board.is_secret, [save.item_id for save in lake.records.saves.page(board.id, 50).saves])
        for board in lake.records.boards.of_owner(owner)
    }


def dump(folder: Path) -> Path:
    """What `manage.py dumpdata` of Pinry writes, the tables in its order."""
    for seed in range(2):
        written(folder / f"media/image/original/by-md5/{seed}/a/{seed}.jpg", picture(seed))

    def row(model_: str, pk: int, **fields: object) -> dict[str, object]:
        return {"model": model_, "pk": pk, "fields": fields}

    pin = {"submitter": 7, "private": False, "url": None, "published": "2021-05-01T10:00:00.5Z"}
    rows = [
        row("contenttypes.contenttype", 1, app_label="core", model="pin"),
        row("core.board", 5, submitter=7, name="Kitchen", private=False, pins=[1, 2, 9]),
        row("core.board", 6, submitter=7, name="Mine", private=True, pins=[2]),
        row("core.pin", 1, **pin, referer="https://a.example/page", image=11,
            description="A red pot\nSeen at the fair"),
        row("core.pin", 2, **{**pin, "private": True}, referer=None, description=None, image=12),
        row("core.pin", 3, **{**pin, "url": "https://10.0.0.1/x.jpg"}, description="Gone", image=99),
        row("users.user", 7, username="anna", email="a@a.example", password="x"),
        row("django_images.image", 11, image="image/original/by-md5/0/a/0.jpg", height=40, width=50),
        row("django_images.image", 12, image="image/original/by-md5/1/a/1.jpg", height=40, width=50),
        row("taggit.tag", 3, name="red", slug="red"), row("taggit.tag", 4, name="pot", slug="pot"),
        row("taggit.taggeditem", 1, tag=3, content_type=1, object_id=1),
        row("taggit.taggeditem", 2, tag=4, content_type=1, object_id=1),
    ]  # fmt: skip
    return written(folder / "dump.json", rows).parent


def test_dump_of_pinry_brings_pins_tags_people_and_boards(lake: Lake, tmp_path: Path) -> None:
    folder = dump(tmp_path / "pins")

    report = import_source(lake, folder, ONE)

    assert kind_of(SourceFiles.find(folder)) == "pinry"
    assert (counts(report), report.by_code) == ((3, 2, 1, 0), {"address-refused": 1})
    pin = item(lake, "pinry-1")
    assert (pin.fields.title, pin.fields.description) == ("A red pot", "A red pot Seen at the fair")
    assert (pin.fields.keywords, pin.fields.owner) == (("red", "pot"), "anna")
    assert (pin.fields.link, pin.fields.created_ms) == ("https://a.example/page", 1_619_863_200_500)
    assert lake.blobs.blob(pin.media_ids[0]) == picture(0)
    assert (pin.safety, item(lake, "pinry-2").safety) == ("unknown", "hidden")
    assert (report.boards, report.saves) == (2, 3)
    assert boards(lake, "pins/anna") == {
        "Kitchen": (False, ["pinry-2", "pinry-1"]), "Mine": (True, ["pinry-2"]),
    }  # fmt: skip
    again = import_source(lake, folder, ONE)
    assert (counts(again), again.boards, again.saves) == ((3, 0, 1, 2), 0, 0)


def test_pages_of_the_api_of_pinry_bring_the_same(lake: Lake, tmp_path: Path) -> None:
    server = FeedServer()
    server.files["/media/image/original/0.jpg"] = picture(0)
    anna = {"username": "anna", "token": None, "email": "a@a.example", "resource_link": "http://x/users/7/"}
    pins = [
        {"resource_link": "http://x/pins/1/", "id": 1, "submitter": anna, "url": None, "origin": None,
         "description": "A red pot", "referer": "https://a.example/page", "tags": ["red", "pot"],
         "image": {"id": 11, "image": server.address("/media/image/original/0.jpg"), "width": 50,
                   "height": 40, "thumbnail": {"image": "http://x/t.jpg"}}},
        {"resource_link": "http://x/pins/2/", "id": 2, "submitter": anna, "url": "https://b.example/2.jpg",
         "description": None, "referer": None, "tags": [],
         "image": {"id": 12, "image": "/media/image/here.jpg"}},
    ]  # fmt: skip
    folder = tmp_path / "pins"
    written(folder / "here.jpg", picture(1))
    written(folder / "pins.json", {"count": 2, "next": None, "previous": None, "results": pins})
    board = {"id": 5, "name": "Kitchen", "pins_detail": pins, "submitter": "http://x/api/v2/profile/users/7/"}
    written(folder / "boards.json", {"count": 1, "next": None, "results": [board]})

    report = import_source(lake, folder, HOME)
    server.shutdown()
    server.server_close()

    assert counts(report) == (2, 2, 0, 0)
    assert item(lake, "pinry-1").fields.keywords == ("red", "pot")
    assert lake.blobs.blob(item(lake, "pinry-2").media_ids[0]) == picture(1)
    (found,) = [board for _, board in boards(lake, "pins/http://x/api/v2/profile/users/7/").items()]
    assert found == (False, ["pinry-2", "pinry-1"])


def asset(id_: str, name: str, **more: object) -> dict[str, object]:
    return {
        "id": id_, "type": "IMAGE", "originalFileName": name,
        "originalPath": f"upload/library/admin/2023/{name}", "ownerId": "owner-1",
        "fileCreatedAt": "2023-07-01T08:30:00.000Z", "isTrashed": False, "isFavorite": False,
        "exifInfo": {"description": "", "city": "Rome", "latitude": 41.9, "make": "Cam"}, "checksum": "x",
        "tags": [], "people": [], "visibility": "timeline", **more,
    }  # fmt: skip


def test_export_of_immich_brings_assets_words_and_albums(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    written(folder / "2023/beach.jpg", picture(0))
    written(folder / "other/IMG_0001.JPG", picture(1))
    written(folder / "a3.png", picture(2, "PNG"))
    owner = {"id": "owner-1", "name": "Anna", "email": "a@a.example"}
    assets = [
        asset("a1", "beach.jpg", exifInfo={"description": "At the beach\nwith Ben"}, owner=owner,
              tags=[{"id": "t", "name": "sea", "value": "nature/sea"}], isFavorite=True,
              people=[{"id": "p", "name": "Ben", "isHidden": False}, {"name": "Eve", "isHidden": True}]),
        asset("a2", "IMG_0001.JPG", visibility="locked"), asset("a3", "whatever.png"),
        asset("a4", "binned.jpg", isTrashed=True), asset("a5", "lost.jpg"),
    ]  # fmt: skip
    written(folder / "search-1.json", {"albums": {"items": []}, "assets": {"total": 5, "items": assets}})
    album = {"id": "al", "albumName": "Holiday", "description": "Sun", "ownerId": "owner-1", "owner": owner}
    albums = [
        {**album, "shared": True, "assets": assets[:1]},
        {**album, "id": "am", "albumName": "Quiet", "assetIds": ["a3"]},
    ]
    written(folder / "albums.json", albums)

    report = import_source(lake, folder, ONE)

    assert kind_of(SourceFiles.find(folder)) == "immich"
    assert counts(report) == (4, 3, 1, 0)
    assert report.by_code == {"missing-file": 1, "passed-over-trashed": 1}
    beach = item(lake, "immich-a1")
    assert (beach.fields.title, beach.fields.keywords) == ("At the beach", ("sea", "Ben"))
    assert (beach.fields.owner, beach.fields.created_ms) == ("Anna", 1_688_200_200_000)
    assert beach.fields.attributes == {"favourite": "yes"}
    assert "Rome" not in str(beach)
    assert (item(lake, "immich-a2").safety, item(lake, "immich-a2").fields.title) == ("hidden", "")
    assert item(lake, "immich-a3").fields.title == "Whatever"
    assert boards(lake, "photos/Anna") == {"Holiday": (False, ["immich-a1"]), "Quiet": (True, ["immich-a3"])}


def test_words_in_xmp_beside_a_picture_are_its_words(lake: Lake, tmp_path: Path) -> None:
    xmp = (
        '<?xpacket?><x:xmpmeta><rdf:RDF><rdf:Description><dc:description><rdf:Alt><rdf:li xml:lang="x">'
        "On the hill &amp; above</rdf:li></rdf:Alt></dc:description><digiKam:TagsList><rdf:Seq>"
        "<rdf:li>hill</rdf:li><rdf:li>sky</rdf:li></rdf:Seq></digiKam:TagsList></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    folder = tmp_path / "photos"
    written(folder / "a.jpg", picture(0))
    written(folder / "a.jpg.xmp", xmp.encode())
    written(folder / "b.jpg", picture(1))
    written(folder / "b.xmp", b"<x:xmpmeta><dc:title><rdf:li>Bench")

    report = import_source(lake, folder, ONE)

    assert (counts(report), report.by_code) == ((2, 2, 0, 0), {})
    rows = [row for part in lake.items.scan(["title", "description", "keywords"]) for row in part.to_pylist()]
    assert {"title": "A", "description": "On the hill & above", "keywords": ["hill", "sky"]} in rows


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_export_that_breaks_off_brings_what_stood_before_and_no_boards(
    lake: Lake, tmp_path: Path, cut: float
) -> None:
    folder = dump(tmp_path / "pins")
    text = (folder / "dump.json").read_bytes()
    (folder / "dump.json").write_bytes(text[: int(len(text) * cut)])

    report = import_source(lake, folder, replace(ONE, kind="pinry"))

    assert "broken-file" in refusals(report).values()
    assert report.boards == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=8),
    st.integers(1, 40),
    st.booleans(),
)
def test_objects_are_the_same_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]], piece: int, is_array: bool
) -> None:
    monkeypatch.setattr("bowerbird.lake.importing.json_stream._PIECE_CHARS", piece)
    text = json.dumps(told, indent=1) if is_array else "\n".join(map(json.dumps, told))
    path = written(tmp_path / "x.json", text.encode())

    assert list(objects_of(path)) == told


@pytest.mark.parametrize("text", [b"[1, 2", b'[{"a": }]', b'{"a": 1', b"nonsense", b"[" * 100_000])
def test_json_that_is_none_ends_with_a_reason(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(RowError, match="any further"):
        list(objects_of(written(tmp_path / "x.json", text)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["pinry", "immich"]), st.lists(JSON, max_size=5), st.data())
def test_export_of_anything_raises_nothing(
    tmp_path: Path, kind: str, told: list[Any], data: st.DataObject
) -> None:
    base = {
        "pinry": {"id": 1, "submitter": "a", "image": {"image": "x"}, "tags": [], "model": "core.pin",
                  "pk": 1, "fields": {"image": 1, "submitter": 2}, "name": "n", "pins_detail": []},
        "immich": asset("a", "b.jpg", albumName="x", assets=[], owner={"name": "y"}),
    }[kind]  # fmt: skip
    names = data.draw(st.lists(st.sampled_from(sorted(base)), max_size=6))
    mixed = [{**base, **{name: data.draw(JSON) for name in names}}, *told]
    source = open_source(SourceFiles.find(written(tmp_path / "in/x.json", mixed).parent), kind).source

    said = understood(source)

    assert isinstance(source, Remembering)
    assert all(board.key and board.owner for board in source.boards())
    assert len(said) <= len(mixed) * 6


def test_half_letters_cost_no_import(lake: Lake, tmp_path: Path) -> None:
    written(tmp_path / "0.jpg", picture(0))
    half = "\\ud83d"
    rows = [
        f'{{"id": "a{half}", "image": "0.jpg", "title": "b{half}", "k{half}": "v", "x": {{"y": "{half}"}}}}',
        f'{{"id": "b", "image": "0.jpg", "link": "https://a.example/{half}"}}',
        f'{{"id": "c", "image": "{half}.jpg"}}',
    ]
    path = written(tmp_path / "t.jsonl", "\n".join(rows).encode())

    report = import_source(lake, path, ONE)

    assert counts(report) == (3, 1, 2, 0)
    assert report.by_code == {"bad-link": 1, "missing-file": 1}
