"""Forgetting down to the bytes: a lake that was lived in, searched for values that are nowhere else."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from canaries import Canaries
from live_server import copied, serving, settings_of
from PIL import Image

from bowerbird.cli.main import main
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing, fit_space
from bowerbird.encode.registry import load_encoders
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.items import words_key
from bowerbird.lake.lake import Lake

_WORDS = ("title", "description", "keyword", "category", "brand", "owner", "attribute", "link")
_ROWS = ["id", "number", "title", "media_ids", "words", "row_hash", "created_ms", "updated_ms"]


def noise(seed: int) -> bytes:
    """A picture that no other is like, and whose file is longer than a page of any database."""
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def import_canary(lake: Lake, folder: Path, canaries: Canaries) -> str:
    """An item that says a canary wherever an item can say something; gives its sha."""
    name, content = canaries.text("id"), noise(7)
    row = {
        "id": name,
        "title": f"A {canaries.text('title')} thing",
        "description": canaries.text("description"),
        "keywords": [canaries.text("keyword")],
        "category": [canaries.text("category")],
        "brand": canaries.text("brand"),
        "owner": canaries.text("owner"),
        "material": canaries.text("attribute"),
        "link": f"https://shop.test/{canaries.text('link')}",
    }
    folder.mkdir()
    (folder / f"{name}.png").write_bytes(content)
    (folder / f"{name}.json").write_text(json.dumps(row))
    damaged = {**row, "id": "other", "picture": f"{name}-damaged.png"}
    (folder / f"{name}-damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 600)
    (folder / f"{name}-damaged.json").write_text(json.dumps(damaged))
    assert import_source(lake, folder).by_code.keys() >= {"truncated"}
    sha = hashlib.sha256(content).hexdigest()
    canaries.content("sha", bytes.fromhex(sha))
    canaries.content("picture", content[40_000:40_064])
    return sha


def note_derived(lake: Lake, sha: str, canaries: Canaries) -> None:
    """Encodes, fits and indexes; what these made of the item becomes a canary too."""
    encoders = load_encoders(EncodeConfig())
    encode_missing(lake, encoders)
    space = fit_space(lake, encoders)
    (row,) = lake.items.take([canaries.texts["id"]], ["number", "words"]).to_pylist()
    for name, table in lake.tables().items():
        if name.startswith("embedding/"):
            key = sha if "/picture/" in name else words_key(row["words"])
            canaries.vector(name, table.take([key], ["vector"])["vector"][0].values.to_numpy())
    # All items are pairs to learn from, in the order of their numbers; this one came last.
    canaries.vector("fitted space", space.parts.pair_features[-1])
    thumb = lake.media.take([sha], ["thumb"])["thumb"][0].as_py()
    canaries.content("thumbnail", thumb[2_000:2_064])


def note_indexed(lake_path: Path, canaries: Canaries) -> None:
    """The item's vectors as the server indexed them become canaries."""
    with Lake.open(lake_path) as lake:
        (number,) = lake.records.numbers.find([canaries.texts["id"]])
        assert lake.requests.count(canaries.texts["person id"]) == 2
        assert lake.requests.move() == 2
    for name in ("look", "words"):
        (numbers,) = (lake_path / "index" / name).glob("snap_*/numbers.npy")
        row = np.flatnonzero(np.load(numbers) == number)[0]
        canaries.vector(f"{name} index", np.load(numbers.with_name("vectors.npy"))[row])


def live_in(lake_path: Path, canaries: Canaries) -> dict[str, str]:
    """A server run: boards, saves, searches, display sizes; gives the ids to forget."""
    item_id = canaries.texts["id"]
    with serving(settings_of(lake_path)) as live:
        client, other = live.client(), live.client()
        assert client.get("/v1/feed").json()["items"]  # each page leaves a record in the request log
        assert client.get(f"/v1/items/{item_id}/related").json()["items"]
        sha = client.get(f"/v1/items/{item_id}").json()["picture"]["sha"]
        for size in ("236.webp", "474.jpg"):
            assert client.get(f"/img/{sha}/{size}").status_code == 200
        canaries.content("display size", client.get(f"/img/{sha}/474.jpg").content[3_000:3_064])
        person = client.get("/v1/me").json()["person_id"]
        canaries.texts["person id"] = person
        words = {"name": canaries.text("board name"), "description": canaries.text("board text")}
        board = client.post("/v1/boards", json=words, headers={"Idempotency-Key": "k1"}).json()["id"]
        section = client.post(f"/v1/boards/{board}/sections", json={"name": canaries.text("section")}).json()
        saved = {"item_id": item_id, "section_id": section["id"]}
        saving = client.post(f"/v1/boards/{board}/items", json=saved, headers={"Idempotency-Key": "k2"})
        assert saving.status_code == 201
        theirs = other.post("/v1/boards", json={"name": "Kept"}).json()["id"]
        assert other.post(f"/v1/boards/{theirs}/items", json={"item_id": item_id}).status_code == 201
        event = {
            "event_id": canaries.text("event id"),
            "action": "click",
            "at_ms": 1_795_000_000_000,
            "item_id": item_id,
            "surface": "search",
            "query": canaries.text("query"),
            "facts": {"note": canaries.text("fact")},
        }
        answer = client.post("/v1/events", json={"events": [event]})
        assert answer.json()["accepted"] == 1, answer.text
    canaries.texts["board id"] = board
    return {"item": item_id, "board": board, "person": person, "other board": theirs}


def rows_of_others(lake_path: Path, item_id: str) -> dict[str, Any]:
    """Everything that the lake holds of the other items."""
    with Lake.open(lake_path) as lake:
        items = [row for row in lake.items.read(_ROWS).to_pylist() if row["id"] != item_id]
        shas = sorted(sha for row in items for sha in row["media_ids"])
        found: dict[str, Any] = {"items": sorted(items, key=lambda row: str(row["id"]))}
        for name, table in lake.tables().items():
            if name in ("media", "blob"):
                found[name] = table.take(shas, table.spec.schema.names).to_pylist()
            elif name.startswith("embedding/"):
                keys = shas if "/picture/" in name else [words_key(row["words"]) for row in items]
                found[name] = table.take(keys, ["key", "vector"]).to_pylist()
    return found


@pytest.mark.timeout(240)
def test_forgotten_item_board_and_person_are_in_no_byte_of_the_lake(
    drawn_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake_path, canaries = copied(drawn_lake, tmp_path), Canaries()
    with Lake.open(lake_path) as lake:
        sha = import_canary(lake, tmp_path / "canary", canaries)
        note_derived(lake, sha, canaries)
        lake.maintain()
    ids = live_in(lake_path, canaries)
    note_indexed(lake_path, canaries)
    others = rows_of_others(lake_path, ids["item"])
    before = canaries.found(lake_path)
    needed = {*canaries.texts, "sha (hex)", "picture", "thumbnail", "display size"}
    assert needed <= before.keys()  # the search would find them
    vectors = {name.rpartition(" ")[0] for name in canaries.contents if " float" in name}
    assert vectors == {name.rpartition(" ")[0] for name in before if " float" in name}
    assert any("tables/item.lance/data" in where for where in before["title"])

    words = ["--lake", str(lake_path), "--json"]
    assert main(["lake", "forget", "item", ids["item"], *words]) == 0
    assert main(["lake", "forget", "board", ids["board"], *words]) == 0
    assert main(["lake", "forget", "person", ids["person"], "--now", *words]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert report["remains"] == []
    assert canaries.found(lake_path) == {}
    assert canaries.read(lake_path) == {}
    assert rows_of_others(lake_path, ids["item"]) == others
    with Lake.open(lake_path) as lake:
        assert lake.requests.count() == 0
