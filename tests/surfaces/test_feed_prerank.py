"""The feed cuts many candidates before a trained ranker reads them, counts that, and says by which model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_world import World

from bowerbird.blend import Page
from bowerbird.core.actions import Action
from bowerbird.lake.request_log import RequestRecord
from bowerbird.rank.prerank import Funnel, ItemRows, PrerankConfig, ServedPrerank
from bowerbird.rank.prerank.item_rows import RowsOf
from bowerbird.rank.prerank.model import Prerank
from bowerbird.rank.prerank.served import Asking
from bowerbird.rank.ranker import HEADS, RankerConfig, ServedRanker
from bowerbird.rank.ranker.calibration import Calibrated
from bowerbird.rank.ranker.model import RankerTask
from bowerbird.rank.ranker.train import exported
from bowerbird.rank.utility import UtilityConfig, utility, weights_of
from bowerbird.surfaces.feed import FeedConfig, HomeFeed
from bowerbird.surfaces.feed.types import stamp_of

BASIS, KEEP = 8, 40
SIZES = PrerankConfig(item_width=4, near_width=4, slots=4, inner=8)


@pytest.fixture(scope="module")
def graph() -> tuple[bytes, np.ndarray, RankerConfig]:
    """A ranker with weights as they start: here it matters who is asked, not what is said."""
    config = RankerConfig(basis=BASIS, width=8, inner=8, layers=1, recent=4, long=8, left=4, cross_rank=2)
    torch.manual_seed(0)
    return *exported(RankerTask(config, torch.zeros(1, BASIS)), np.zeros(1, np.int64), config), config


@pytest.fixture
def funnel(world: World, graph: tuple[bytes, np.ndarray, RankerConfig]) -> Funnel:
    trained, places, config = graph
    wide = world.indexes.look.width + world.indexes.words.width
    chances = Calibrated(np.ones(len(HEADS)), np.zeros(len(HEADS)))
    centre, directions = np.zeros(wide, np.float32), np.eye(wide, BASIS, dtype=np.float32)
    space = stamp_of(world.indexes)
    ranker = ServedRanker(trained, chances, centre, directions, config, space, {}, places)
    ranker.id = "mdl_7"
    torch.manual_seed(1)
    prerank = ServedPrerank(Prerank(SIZES, BASIS).weights(), SIZES, ranker.version, {})
    prerank.id = "mdl_7"
    return Funnel(ranker, prerank)


def page_of(
    world: World, funnel: Funnel | None, told: list[RequestRecord], more_to: str = "", **words: float
) -> Page:
    config = FeedConfig.model_validate(
        {"prerank_keep": KEEP, "prerank_least": 4, "whole_share": 0.0, **words}
    )
    feed = HomeFeed(
        world.catalogue, world.indexes, world.lake.online, world.saved_numbers,
        world.lake.records.saves.savers_since, world.signer, config,
        funnel_now=lambda _person: funnel, log_request=told.append,
    )  # fmt: skip
    return feed(world.feed_request(more_to=more_to))


def stages(page: Page) -> dict[str, tuple[int, int, str]]:
    return {each.stage: (each.taken, each.given, each.note) for each in page.report}


def test_many_candidates_are_cut_before_the_ranker_and_the_page_says_so(world: World, funnel: Funnel) -> None:
    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    told: list[RequestRecord] = []

    page = page_of(world, funnel, told)

    taken, given, note = stages(page)["prerank"]
    assert taken > KEEP
    assert (given, note) == (KEEP, "prerank mdl_7")
    assert stages(page)["rank"] == (KEEP, KEEP, "ranker mdl_7")
    assert page.models["prerank"] == "prerank mdl_7"
    assert len(told[0].numbers) == KEEP
    assert told[0].models["prerank"] == "prerank mdl_7"
    assert len(page.placements) == 12
    whole: list[RequestRecord] = []
    page_of(world, replace(funnel, prerank=None), whole)
    assert set(told[0].numbers) < set(whole[0].numbers)


@pytest.mark.parametrize("words", [{"prerank_keep": 10_000}, {"whole_share": 1.0}])
def test_few_candidates_and_the_share_for_learning_are_ranked_whole(
    world: World, funnel: Funnel, words: dict[str, float]
) -> None:
    told: list[RequestRecord] = []

    page = page_of(world, funnel, told, **words)

    assert "prerank" not in stages(page)
    assert "prerank" not in page.models
    assert page.models["ranker"] == "ranker mdl_7"
    assert len(told[0].numbers) > KEEP


def test_without_a_ranker_or_with_one_of_other_vectors_nothing_is_cut(world: World, funnel: Funnel) -> None:
    funnel.ranker.space = "other-1"
    for none in (None, funnel):
        page = page_of(world, none, [])
        assert "prerank" not in stages(page)
        assert page.models["ranker"] == "linear-1"


def test_what_is_kept_is_what_the_pre_ranker_puts_first_by_what_the_request_asks_for(
    world: World, funnel: Funnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []
    said: list[np.ndarray] = []
    rows_of, chances_of = ItemRows.of, ServedPrerank.chances

    def rows(self: ItemRows, numbers: np.ndarray, now_ms: int, content_of: RowsOf) -> np.ndarray:
        asked.append(numbers)
        return rows_of(self, numbers, now_ms, content_of)

    def chances(self: ServedPrerank, asking: Asking, rows: np.ndarray, features: np.ndarray) -> np.ndarray:
        said.append(chances_of(self, asking, rows, features))
        return said[-1]

    monkeypatch.setattr(ItemRows, "of", rows)
    monkeypatch.setattr(ServedPrerank, "chances", chances)
    world.act("ann", Action.SAVE, "red-vase-1", "red-vase-2")
    for more_to in ("", "shop", "look"):
        told: list[RequestRecord] = []

        page_of(world, funnel, told, more_to, prerank_least=0)

        worth = utility(said[-1], weights_of(UtilityConfig(), more_to))
        best = asked[-1][np.argsort(-worth, kind="stable")[:KEEP]]
        assert set(told[0].numbers) == set(best)
