"""This file is about opening a generation: its encoders, space and indexes, and the surfaces over them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bowerbird.blend import CursorSigner
from bowerbird.core.arrays import Pixels
from bowerbird.core.errors import StageUnavailableError
from bowerbird.core.request import Region
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.fitting import load_space
from bowerbird.encode.generations import Generation
from bowerbird.encode.registry import Encoders, load_encoders
from bowerbird.encode.space import BridgeSpace
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.request_log import LogRequest
from bowerbird.rank.prerank import FunnelNow
from bowerbird.retrieve.indexes import Indexes
from bowerbird.retrieve.learned import ModelNow
from bowerbird.retrieve.taste_vectors import TasteVectorsNow
from bowerbird.serve.generations import OpenGeneration
from bowerbird.serve.pictures import Pictures
from bowerbird.surfaces.boards import Boards
from bowerbird.surfaces.feed import FeedConfig, HomeFeed, Onboarding, RelatedItems
from bowerbird.surfaces.feed.shadows import ShadowNow
from bowerbird.surfaces.feed.steering import ControlsNow
from bowerbird.surfaces.search import Search
from bowerbird.taste.interest_tree.wanted import WantedNow


@dataclass(frozen=True, slots=True)
class GenerationOpening:
    """What every generation of one server shares, and how one is put on top of it."""

    lake: Lake
    catalogue: Catalogue
    config: EncodeConfig
    boards: Boards
    pictures: Pictures
    decode: Callable[[bytes, Region | None], Pixels]
    signer: CursorSigner
    model_now: ModelNow
    wanted_now: WantedNow
    taste_now: TasteVectorsNow
    funnel_now: FunnelNow
    shadow_now: ShadowNow
    controls_now: ControlsNow
    feed_config: FeedConfig
    log_request: LogRequest | None

    def opened(self, generation: Generation, folder: Path) -> OpenGeneration:
        """A generation that was made before, caught up with the lake.

        Raises:
            StageUnavailableError: it has no joint space.
            ConfigError, MissingModelError: its encoder cannot be opened on this machine.
        """
        encoders = load_encoders(self.config.model_copy(update={"encoder": generation.encoder}))
        space = load_space(self.lake, encoders, folder)
        if space is None:
            raise StageUnavailableError(
                f"no joint space in {folder}; needed is the one made by `bowerbird encode switch`; run it "
                "again, or go back with `bowerbird encode rollback`"
            )
        indexes = Indexes.open(self.lake, self.catalogue, encoders, space, folder=folder)
        return self.over(generation, encoders, space, indexes)

    def over(
        self, generation: Generation, encoders: Encoders, space: BridgeSpace, indexes: Indexes
    ) -> OpenGeneration:
        """The surfaces over open indexes."""
        catalogue, online, signer = self.catalogue, self.lake.online, self.signer
        saved, savers_since = self.boards.saved_numbers, self.lake.records.saves.savers_since
        look_at = self.pictures.to_look_at
        return OpenGeneration(
            generation,
            encoders,
            space,
            indexes,
            HomeFeed(
                catalogue,
                indexes,
                online,
                saved,
                savers_since,
                signer,
                self.feed_config,
                model_now=self.model_now,
                wanted_now=self.wanted_now,
                taste_now=self.taste_now,
                log_request=self.log_request,
                funnel_now=self.funnel_now,
                shadow_now=self.shadow_now,
                controls_now=self.controls_now,
            ),
            RelatedItems(
                catalogue,
                indexes,
                online,
                signer,
                frames=lambda: indexes.frames,
                log_request=self.log_request,
            ),
            Onboarding(catalogue, indexes),
            Search(
                catalogue,
                indexes,
                encoders,
                space,
                online,
                self.decode,
                look_at,
                signer,
                frames=lambda: indexes.frames,
                frame_of=self.pictures.frame_to_look_at,
                log_request=self.log_request,
            ),
        )
