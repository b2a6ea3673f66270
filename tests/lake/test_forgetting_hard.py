"""Forgetting where it is hard: killed anywhere, a lake in a bucket, a video with what is said in it."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from canaries import Canaries

from bowerbird.lake.forgetting.purging import purge
from bowerbird.lake.forgetting.remaining import state_of
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import StoredItem, item, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import place_of
from bowerbird.lake.schemas import BLOB, MEDIA
from bowerbird.lake.types import Event, ItemFields

CHILD = """
import sys
from bowerbird.lake.forgetting.purging import purge
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.lake import Lake
with Lake.open(sys.argv[1]) as lake:
    print("go", flush=True)
    forget(lake, "item", [sys.argv[2]])
    purge(lake, [], keeps_versions=False)
print("done", flush=True)
"""


def fill(lake: Lake, canaries: Canaries) -> None:
    """A hundred items, one of them with canaries, each with a picture of its own."""
    contents = [hashlib.sha512(bytes([row])).digest() * 40 for row in range(100)]
    shas = [hashlib.sha256(content).hexdigest() for content in contents]
    lake.blobs.upsert(pa.table({"id": shas, "content": contents}, schema=BLOB.schema))
    rows = {name: pa.nulls(100, MEDIA.schema.field(name).type) for name in MEDIA.schema.names} | {"id": shas}
    lake.media.upsert(pa.table(rows, schema=MEDIA.schema))
    ids = [canaries.text("id"), *(f"item {row}" for row in range(1, 100))]
    titles = [canaries.text("title"), *(f"A thing {row}" for row in range(1, 100))]
    put_items(
        lake,
        [StoredItem(ItemFields(id=ids[row], title=titles[row]), (shas[row],)) for row in range(100)],
    )
    canaries.content("picture", contents[0][:64])
    canaries.texts["sha"] = shas[0]
    event = {"event_id": canaries.text("event"), "action": "save", "at_ms": 1, "person_id": "p"}
    lake.events.append([Event.model_validate({**event, "item_id": ids[0]})])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_forget_killed_anywhere_is_finished_by_the_next_one(tmp_path: Path) -> None:
    canaries, pauses = Canaries(), random.Random(5)
    with Lake.open(tmp_path / "lake", create=True) as lake:
        fill(lake, canaries)
        others = lake.items.read(["id", "number", "media_ids", "title"]).slice(1).to_pylist()
    kills = 0
    for _ in range(6):
        words = [sys.executable, "-c", CHILD, str(tmp_path / "lake"), canaries.texts["id"]]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pauses.uniform(0.0, 0.5))
            child.send_signal(signal.SIGKILL)
            kills += "done" not in child.communicate()[0]

    with Lake.open(tmp_path / "lake") as lake:
        if not lake.records.forgotten.entries():
            forget(lake, "item", [canaries.texts["id"]])
        assert purge(lake, [], keeps_versions=False).remains == ()
        left = lake.items.read(["id", "number", "media_ids", "title"]).to_pylist()
        assert sorted(left, key=lambda row: str(row["id"])) == sorted(others, key=lambda row: str(row["id"]))
        assert lake.media.count() == lake.blobs.count() == 99
        assert [state_of(entry) for entry in lake.records.forgotten.entries()] == ["gone"]
    assert kills >= 3
    assert canaries.found(tmp_path / "lake") == canaries.read(tmp_path / "lake") == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_item_of_a_lake_in_a_bucket_is_in_none_of_its_files(s3_bucket: str, tmp_path: Path) -> None:
    canaries, address = Canaries(), f"{s3_bucket}/lake"
    with Lake.open(address, create=True, home=tmp_path / "home") as lake:
        fill(lake, canaries)
        place = place_of(address)
        needles = [needle for _, needle in canaries.needles()]
        before = {file.path for file in place.files() if any(n in place.read(file.path) for n in needles)}
        assert any(path.startswith("tables/item.lance/data") for path in before)

        forget(lake, "item", [canaries.texts["id"]])
        report = purge(lake, [], keeps_versions=False)

        assert report.remains == ()
        after = {file.path for file in place.files() if any(n in place.read(file.path) for n in needles)}
        assert after == set()
        assert lake.items.count() == lake.media.count() == lake.blobs.count() == 99
        assert item(lake, "item 7").fields.title == "A thing 7"
    assert canaries.found(tmp_path / "home") == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_forgotten_video_takes_its_frames_and_what_is_said_along(tmp_path: Path) -> None:
    pytest.importorskip("av")
    from drawn_video import shape, video

    canaries, folder = Canaries(), tmp_path / "in"
    folder.mkdir()
    content = video([(shape("red"), 1.5), (shape("blue", "square"), 1.5)], form="mp4")
    (folder / "clip.mp4").write_bytes(content)
    (folder / "clip.json").write_text(
        f'{{"id": "{canaries.text("id")}", "title": "{canaries.text("title")}"}}'
    )
    said = f"00:00:00.000 --> 00:00:01.000\n{canaries.text('said')}\n"
    (folder / "clip.vtt").write_text(f"WEBVTT\n\n{said}")
    canaries.content("video", content[-2_000:-1_936])
    with Lake.open(tmp_path / "lake", create=True) as lake:
        report = import_source(lake, folder, ImportOptions(workers=1))
        assert report.accepted == 1, report
        thumbs = lake.frames.read(["thumb"])["thumb"].to_pylist()
        for row, thumb in enumerate(thumbs):
            canaries.content(f"frame {row}", thumb[700:764])
        assert len(thumbs) >= 2
        assert set(canaries.texts) | set(canaries.contents) <= canaries.found(tmp_path / "lake").keys()

        forget(lake, "item", [canaries.texts["id"]])
        assert purge(lake, [], keeps_versions=False).remains == ()

        assert lake.frames.count() == lake.videos.count() == lake.media.count() == 0
    assert canaries.found(tmp_path / "lake") == canaries.read(tmp_path / "lake") == {}
