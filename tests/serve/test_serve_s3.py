"""A lake in a bucket, from pictures to pages, by the command that people type."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from serve_lake import draw_folder

from bowerbird.core.errors import LakeError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import place_of
from bowerbird.lake.types import ItemFields

pytestmark = pytest.mark.slow


@contextmanager
def up(*words: str) -> Iterator[httpx.Client]:
    """`bowerbird up`, from its invitation to its end."""
    command = [sys.executable, "-m", "bowerbird.cli.main", "up", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = next(line.split()[1] for line in process.stdout if line.startswith("Open http"))
            with httpx.Client(base_url=address, timeout=60) as client:
                yield client
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) in (0, -signal.SIGTERM)
        finally:
            process.kill()


def titles(client: httpx.Client, words: str) -> list[str]:
    page = client.get("/v1/search", params={"q": words, "limit": 4}).json()
    return [each["item"]["title"] for each in page["items"]]


def test_lake_in_a_bucket_is_imported_encoded_served_and_searched(s3_bucket: str, tmp_path: Path) -> None:
    address, home = f"{s3_bucket}/shop", tmp_path / "home"
    pictures = draw_folder(tmp_path / "pictures", variants=1)

    with up(str(pictures), "--lake", address, "--home", str(home)) as client:
        assert all("circle" in title for title in titles(client, "circle"))
        item = client.get("/v1/feed", params={"limit": 1}).json()["items"][0]["item"]
        shown = client.get(f"/img/{item['picture']['sha']}/236.webp")
        assert shown.status_code == 200
        assert shown.content[8:12] == b"WEBP"
        board = client.post("/v1/boards", json={"name": "Kept"}).json()

    place = place_of(address)
    assert {"item.lance", "media.lance", "blob.lance", "embedding"} <= set(place.folders("tables"))
    assert not (home / "tables").exists()
    assert (home / "index" / "look").is_dir()

    with Lake.open(address, home=home) as lake:
        assert lake.items.count() == 24
        assert lake.records.boards.get(board["id"]).name == "Kept"

    other = tmp_path / "other"
    with Lake.open(address, home=other) as lake:
        assert lake.items.count() == 24
        with pytest.raises(LakeError, match="bowerbird lake adopt"):
            put_items(lake, [StoredItem(ItemFields(id="new"))])
    # The home is lost: another takes over, and numbers go on behind the highest.
    words = [sys.executable, "-m", "bowerbird.cli.main", "lake", "adopt", "--lake", address]
    subprocess.run([*words, "--home", str(other)], check=True, env=os.environ)
    with Lake.open(address, home=other) as lake:
        put_items(lake, [StoredItem(ItemFields(id="new", title="New circle"))])
        assert lake.items.take(["new"], ["number"])["number"].to_pylist() == [24]
        catalogue = Catalogue.open(lake)
        assert catalogue.count() == 25
        assert catalogue.title(24) == "New circle"
    with Lake.open(address, home=home) as lake, pytest.raises(LakeError, match="adopt"):
        put_items(lake, [StoredItem(ItemFields(id="late"))])


def test_home_of_one_lake_is_not_taken_for_another(s3_bucket: str, tmp_path: Path) -> None:
    with Lake.open(f"{s3_bucket}/one", create=True, home=tmp_path / "home"):
        pass

    with pytest.raises(LakeError, match="is the home of another lake"):
        Lake.open(f"{s3_bucket}/two", create=True, home=tmp_path / "home")
