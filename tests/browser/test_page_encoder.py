"""The page says when the catalogue is seen anew by another encoder, how far that is, and what sees it now."""

import os
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_WAIT_MS = 180_000


def test_switch_is_shown_with_its_progress_until_the_other_encoder_serves(visit: Any, address: str) -> None:
    page = visit()
    page.get_by_role("button", name="You and your settings").click()
    expect(page.get_by_text("Pictures are seen with lite0.")).to_be_visible()

    begun = page.request.post(f"{address}/v1/admin/encoder/switch", data={"encoder": "lite0-float32"})
    status = page.get_by_role("status").filter(has_text="seen anew with lite0-float32")
    expect(status).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    if folder := os.environ.get("PAGE_TEST_SHOTS"):
        page.screenshot(path=f"{folder}/encoder-switch.png")
    try:
        expect(page.get_by_text("Pictures are seen with lite0-float32.")).to_be_visible(timeout=MOST_WAIT_MS)
        expect(status).to_have_count(0)
    finally:  # the other tests expect the encoder they began with
        page.request.post(f"{address}/v1/admin/encoder/rollback")
        expect(page.get_by_text("Pictures are seen with lite0.")).to_be_visible(timeout=MOST_WAIT_MS)

    assert begun.status == 202
