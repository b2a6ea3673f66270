"""An item's page names the other items that show the same picture."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from live_server import LiveServer, copied, serving, settings_of
from PIL import Image
from serve_lake import drawing


def scene(size: tuple[int, int], kind: str) -> bytes:
    coarse = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    whole = Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)
    whole.resize(size).save(out, kind, quality=85)
    return out.getvalue()


PICTURE = scene((400, 300), "PNG")


@pytest.fixture(scope="module")
def live(drawn_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(copied(drawn_lake, tmp_path_factory.mktemp("copies")))) as live:
        client = live.client()
        for name, content in (
            ("first", PICTURE), ("same file", PICTURE), ("smaller", scene((240, 180), "JPEG")),
            ("another", drawing("orange", "star", px=400)),
        ):  # fmt: skip
            fields = f'{{"id": "{name}", "title": "{name.title()}"}}'
            made = client.post(
                "/v1/items", files={"picture": ("x", content, "image/png")}, data={"fields": fields}
            )
            assert made.status_code == 201
        yield live


def copies(client: httpx.Client, item_id: str) -> list[str]:
    return sorted(each["id"] for each in client.get(f"/v1/items/{item_id}").json()["copies"])


def test_copies_are_named_once_the_server_has_compared_what_came_in(live: LiveServer) -> None:
    client, started = live.client(), time.monotonic()

    while copies(client, "first") != ["same file", "smaller"] and time.monotonic() - started < 30:
        time.sleep(0.2)

    assert copies(client, "first") == ["same file", "smaller"]
    assert copies(client, "smaller") == ["first", "same file"]
    assert copies(client, "same file") == ["first", "smaller"]
    assert copies(client, "another") == []


def test_copy_that_a_person_hid_is_not_named_to_that_person(live: LiveServer) -> None:
    client, other = live.client(), live.client()
    live.service.copies.follow()

    client.post("/v1/items/smaller/hide")

    assert copies(client, "first") == ["same file"]
    assert copies(other, "first") == ["same file", "smaller"]


def test_deleted_copy_is_named_no_more(live: LiveServer) -> None:
    client = live.client()
    live.service.copies.follow()

    client.delete("/v1/items/same file")

    assert copies(client, "first") == ["smaller"]
    assert live.service.copies.of(live.service.number_of("first"), 0) == []
