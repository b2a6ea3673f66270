"""What a shop says is for adults is kept in the lake and is on no page, from the moment it is known."""

import time
from pathlib import Path

from live_server import LiveServer, copied, serving, settings_of
from serve_lake import drawing

from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake

SECRET = "for-adults"


def feed(folder: Path, adult: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.png").write_bytes(drawing("red", "circle", variant=5))
    (folder / "feed.tsv").write_text(
        f"id\ttitle\tbrand\timage_link\tadult\n{SECRET}\tZanzibar red circle\tZanzibrand\ta.png\t{adult}\n"
    )
    return folder / "feed.tsv"


def shown(server: LiveServer) -> dict[str, bool]:
    """Where the item or its brand shows itself."""
    client = server.client()
    page = {"limit": 100}
    known = server.item_ids(client)[0]
    answers = {
        "feed": client.get("/v1/feed", params=page),
        "words": client.get("/v1/search", params={"q": "Zanzibar red circle", **page}),
        "look": client.post(
            "/v1/search", files={"picture": ("a.png", drawing("red", "circle", variant=5))}, data=page
        ),
        "related": client.get(f"/v1/items/{known}/related", params=page),
        "item": client.get(f"/v1/items/{SECRET}"),
        "topics": client.get("/v1/onboarding"),
        "facets": client.get("/v1/facets"),
        "suggest": client.get("/v1/suggest", params={"q": "zanzibrand"}),
    }
    assert all(answer.status_code == 200 or name == "item" for name, answer in answers.items())
    texts = {name: answer.text for name, answer in answers.items() if answer.status_code == 200}
    return {name: SECRET in text or "Zanzibrand" in text for name, text in texts.items()}


def until_shown(server: LiveServer, expected: bool) -> None:
    until = time.monotonic() + 30
    client = server.client()
    while (client.get(f"/v1/items/{SECRET}").status_code == 200) != expected:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_item_for_adults_is_on_no_page(drawn_lake: Path, tmp_path: Path) -> None:
    lake_path = copied(drawn_lake, tmp_path)
    with Lake.open(lake_path) as lake:
        assert import_source(lake, feed(tmp_path / "in", "yes"), ImportOptions(workers=1)).accepted == 1

    with serving(settings_of(lake_path)) as server:
        unsafe = shown(server)
        with Lake.open(lake_path) as lake:
            import_source(lake, feed(tmp_path / "in", "no"), ImportOptions(workers=1))
            until_shown(server, expected=True)
            safe = shown(server)
            import_source(lake, feed(tmp_path / "in", "yes"), ImportOptions(workers=1))
            until_shown(server, expected=False)
            again = shown(server)
            kept = item(lake, SECRET)

    assert not any(unsafe.values()), unsafe
    assert {"feed", "words", "look", "facets"} <= {name for name, is_shown in safe.items() if is_shown}
    assert not any(again.values()), again
    assert (kept.fields.title, kept.safety) == ("Zanzibar red circle", "unsafe")
