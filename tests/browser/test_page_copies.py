"""An item's page shows, in a row, the other items that have the same picture."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))

pytestmark = pytest.mark.browser

WORDS = "id,title,price,image\nlamp,Reading lamp,20 EUR,lamp.jpg\nsale,Lamp on sale,15 EUR,small.webp\n"


def scene(seed: int, size: tuple[int, int], kind: str) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((600, 800), Image.Resampling.BICUBIC).resize(size).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over one picture in two sizes and some others, in place of the shop."""
    from live_server import serving, settings_of

    from bowerbird.encode.config import EncodeConfig
    from bowerbird.encode.job import encode_missing, fit_space
    from bowerbird.encode.registry import load_encoders
    from bowerbird.lake.importing.job import ImportOptions, import_source
    from bowerbird.lake.lake import Lake

    folder = tmp_path_factory.mktemp("copies")
    (folder / "lamp.jpg").write_bytes(scene(0, (600, 800), "JPEG"))
    (folder / "small.webp").write_bytes(scene(0, (360, 480), "WEBP"))
    others = [f"other-{seed},Another thing {seed},9 EUR,{seed}.jpg\n" for seed in range(1, 33)]
    for seed in range(1, 33):
        (folder / f"{seed}.jpg").write_bytes(scene(seed, (300, 400), "JPEG"))
    (folder / "shop.csv").write_text(WORDS + "".join(others))
    with Lake.open(folder / "lake", create=True) as lake:
        assert import_source(lake, folder / "shop.csv", ImportOptions(workers=1)).accepted == 34
        encoders = load_encoders(EncodeConfig())
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
    with serving(settings_of(folder / "lake")) as live:
        live.service.copies.follow()
        yield live.address


def test_other_items_with_the_same_picture_are_shown_and_lead_to_their_pages(visit: Any) -> None:
    page = visit("/item/lamp")
    row = page.get_by_role("region", name="Also here")

    expect(row.get_by_role("link")).to_have_count(1)
    expect(row).to_contain_text("Lamp on sale")
    expect(row).to_contain_text("15")

    row.get_by_role("link", name="Lamp on sale").click()

    expect(page.get_by_role("heading", name="Lamp on sale")).to_be_visible()
    expect(page.get_by_role("region", name="Also here")).to_contain_text("Reading lamp")


def test_item_without_copies_has_no_such_row(visit: Any) -> None:
    page = visit("/item/other-5")

    expect(page.get_by_role("heading", name="Another thing 5")).to_be_visible()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
    expect(page.get_by_role("region", name="Also here")).to_have_count(0)
