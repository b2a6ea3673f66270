"""Shares for kinds of content: the controller finds the boost that meets them, and knows when it cannot."""

import numpy as np
import pytest
from pydantic import ValidationError

from bowerbird.blend import BlendConfig, Pool, ShareControl, ShareTarget, fill_slate
from bowerbird.core.errors import FilterError
from bowerbird.core.filters import Filter

ITEMS, CANDIDATES, SLOTS = 2_000, 120, 20
FOR_SALE = {"range": {"field": "price_micros", "gte": 0}}


def target(share: float, **more: float) -> ShareTarget:
    return ShareTarget(name="shop", where=FOR_SALE, share=share, **more)  # type: ignore[arg-type]


def control_of(share: float, for_sale: np.ndarray, **more: float) -> ShareControl:
    return ShareControl([target(share, **more)], lambda _where: for_sale)


def pages(control: ShareControl, for_sale: np.ndarray, lead: float, count: int = 400) -> np.ndarray:
    """Share of each page that is for sale, where such items are worth `lead` more than the others."""
    rng, shares = np.random.default_rng(0), []
    for _ in range(count):
        numbers = rng.choice(ITEMS, CANDIDATES, replace=False)
        kinds = control.kinds_of(numbers)
        values = (0.2 * rng.normal(size=CANDIDATES) + lead * for_sale[numbers]).astype(np.float32)
        nothing = np.zeros(CANDIDATES, np.int64)
        values += control.boosts(kinds)
        pool = Pool(
            values, np.zeros((CANDIDATES, 2), np.float32), nothing - 1, nothing - 1, nothing, nothing,
            np.ones(1, np.float32), nothing > 0, nothing > 0,
        )  # fmt: skip
        rows = fill_slate(pool, SLOTS, BlendConfig(strength=0))
        control.placed(kinds, rows)
        shares.append(kinds[0, rows].mean())
    return np.array(shares)


@pytest.mark.parametrize("lead", [-0.3, 0.0, 0.2])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_share_is_met_whatever_the_ranker_thinks_of_the_kind(lead: float, share: float) -> None:
    for_sale = np.arange(ITEMS) % 4 == 0
    control = control_of(share, for_sale)

    met = pages(control, for_sale, lead)

    assert met[100:].mean() == pytest.approx(share, abs=0.02)
    (state,) = control.states()
    assert state.placed == pytest.approx(share, abs=0.06)


def test_controller_follows_when_the_catalogue_changes_and_does_not_swing() -> None:
    for_sale = np.arange(ITEMS) % 4 == 0
    control = control_of(0.3, for_sale)
    pages(control, for_sale, -0.2)
    for_sale[np.arange(ITEMS) % 4 == 1] = True

    met = pages(control, for_sale, 0.1)

    assert met[100:].mean() == pytest.approx(0.3, abs=0.02)
    by_ten = met[100:].reshape(-1, 10).mean(axis=1)
    assert by_ten.std() < 0.05


def test_target_out_of_reach_raises_the_boost_to_its_bound_and_no_further() -> None:
    for_sale = np.arange(ITEMS) % 100 == 0
    control = control_of(0.9, for_sale, most_boost=0.4)

    pages(control, for_sale, 0.0)

    assert control.states()[0].boost == pytest.approx(0.4)


@pytest.mark.parametrize("all_or_none", [False, True])
def test_pages_that_could_not_have_been_otherwise_move_nothing(all_or_none: bool) -> None:
    for_sale = np.full(ITEMS, all_or_none)
    control = control_of(0.5, for_sale)

    pages(control, for_sale, 0.0, 50)

    assert control.states()[0].boost == 0.0


def test_nobody_has_a_say_before_the_first_page_and_an_empty_page_tells_nothing() -> None:
    for_sale = np.arange(ITEMS) % 2 == 0
    control = control_of(0.5, for_sale)
    control.placed(control.kinds_of(np.arange(10)), np.zeros(0, np.int64))

    assert control.states()[0].placed is None
    assert not control.boosts(control.kinds_of(np.arange(10))).any()


def test_unknown_field_is_refused_when_the_server_opens_and_a_broken_filter_before() -> None:
    def refuse(where: Filter | None) -> np.ndarray:
        raise FilterError(f"no field {where}")

    with pytest.raises(FilterError):
        ShareControl([target(0.5)], refuse)
    with pytest.raises(ValidationError):
        ShareTarget(name="shop", where={"near": ["price_micros", 3]}, share=0.5)
    with pytest.raises(ValidationError):
        target(1.5)
