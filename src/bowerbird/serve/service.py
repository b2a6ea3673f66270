"""This file is about the opened service: every part that routes talk to, and what is asked of several."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import orjson

from bowerbird.blend.types import FrameShown, Page
from bowerbird.core.actions import Action
from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError, OverloadedError
from bowerbird.core.ids import new_id
from bowerbird.core.request import FeedRequest, RelatedRequest, SearchRequest
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.forgetting.types import ForgetReport
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event
from bowerbird.lake.video.stored import frames_of
from bowerbird.rank.declared import LiveBehaviour
from bowerbird.retrieve.indexes import Indexes
from bowerbird.serve.background import Background
from bowerbird.serve.controls import ControlsFollowed
from bowerbird.serve.copies import Copies
from bowerbird.serve.edits import Edits
from bowerbird.serve.effects import Effects
from bowerbird.serve.encoder_admin import EncoderAdmin
from bowerbird.serve.fallback import CURSOR, NewestItems
from bowerbird.serve.forgetting import Forgetting
from bowerbird.serve.generations import LiveGeneration
from bowerbird.serve.lanes import Lanes
from bowerbird.serve.logged import logged
from bowerbird.serve.loop_admin import LoopAdmin
from bowerbird.serve.metrics import Metrics, Reading
from bowerbird.serve.pictures import Pictures
from bowerbird.serve.settings import ServeSettings
from bowerbird.serve.shown import card, frame_shown, page_shown, search_shown, transcript_shown
from bowerbird.serve.sources import Sources
from bowerbird.serve.spoken import Spoken
from bowerbird.serve.taste_space import TasteSpaceNow
from bowerbird.serve.tasting import TasteNow
from bowerbird.serve.videos import Videos
from bowerbird.surfaces.boards import Boards

_MOST_COPIES = 12


@dataclass(frozen=True, slots=True)
class Service:
    """What routes talk to. Methods are plain functions that belong on a lane, but for the coroutines."""

    settings: ServeSettings
    clock: Clock
    lake: Lake
    catalogue: Catalogue
    generations: LiveGeneration
    boards: Boards
    effects: Effects
    edits: Edits
    forgetting: Forgetting
    pictures: Pictures
    copies: Copies
    newest: NewestItems
    metrics: Metrics
    lanes: Lanes
    encoders: EncoderAdmin
    loop: LoopAdmin
    background: Background
    sources: Sources
    decode: DecodePool
    films: DecodePool
    videos: Videos
    spoken: Spoken
    taste: TasteNow
    taste_space: TasteSpaceNow
    controls: ControlsFollowed
    behaviour: LiveBehaviour

    @property
    def indexes(self) -> Indexes:
        """Those that answer now."""
        return self.generations.current.indexes

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer that needs a processor."""
        return self.lanes.models.is_busy or self.lanes.pictures.is_busy

    async def feed_page(self, request: FeedRequest) -> bytes:
        """The next page of the feed as JSON; the newest items when too many ask at once."""
        try:
            return await self.lanes.models.run(self.feed_bytes, request)
        except OverloadedError:
            return await self.lanes.cheap.run(self._newest_page, request)

    def feed_bytes(self, request: FeedRequest) -> bytes:
        """The next page of the feed, as JSON."""
        if request.cursor == CURSOR:
            request = replace(request, cursor=None)
        return self._told("feed", self.generations.current.feed(request))

    def related_page(self, request: RelatedRequest) -> bytes:
        """A page of items like one, as JSON."""
        return self._told("related", self.generations.current.related(request))

    def search_page(self, request: SearchRequest) -> bytes:
        """A page of search, as JSON."""
        page = self.generations.current.search(request)
        self.metrics.count_page("search", page.report, page.degraded)
        said = self.spoken.moments(page.query.words, [each.number for each in page.placements])
        return orjson.dumps(search_shown(page, self.catalogue, said))

    def number_of(self, item_id: str) -> int:
        """The number of a live item.

        Raises:
            NotFoundError: there is none.
        """
        number = int(self.catalogue.numbers_of([item_id])[0])
        if number < 0 or not self.catalogue.live[number]:
            raise NotFoundError(f"there is no item {item_id[:80]!r}; it was never here, or it was deleted")
        return number

    def item_detail(self, person_id: str, item_id: str) -> bytes:
        """One item with everything that its own page shows, as JSON."""
        number = self.number_of(item_id)
        stored = item(self.lake, item_id)
        fields = stored.fields
        main = stored.media_ids[0] if stored.media_ids else ""
        said = self.spoken.of(main)
        hidden = self.lake.online.hidden(person_id)
        more = {
            "copies": [
                card(other, self.catalogue)
                for other in self.copies.of(number, _MOST_COPIES)
                if not np.isin(other, hidden)
            ],
            "transcript": transcript_shown(said) if said else None,
            "frames": [
                frame_shown(FrameShown(main, each.index, each.at_ms)) for each in frames_of(self.lake, main)
            ],
            "attributes": fields.attributes,
            "keywords": fields.keywords,
            "saved_in": self.boards.holding(person_id, item_id),
            "is_hidden": bool(np.isin(number, hidden)),
            "owner": fields.owner or "",
            "language": fields.language or "",
        }
        # The card is one JSON object already: the rest joins it inside its braces.
        return self.catalogue.card(number)[:-1] + b"," + orjson.dumps(more)[1:]

    def topics(self) -> bytes:
        """Themes to choose from at the first visit, as JSON."""
        topics = [
            {
                "id": each.id,
                "label": each.label,
                "items": [card(number, self.catalogue) for number in each.numbers],
            }
            for each in self.generations.current.onboarding.topics()
        ]
        return orjson.dumps({"topics": topics})

    def pick(self, person_id: str, topic_ids: Sequence[str], item_ids: Sequence[str]) -> None:
        """Remember what was chosen at the first visit.

        Raises:
            NotFoundError: a topic or an item is unknown.
        """
        for item_id in item_ids:
            self.number_of(item_id)
        by_topic = self.catalogue.ids_of(self.generations.current.onboarding.picked(tuple(topic_ids)))
        self._record(Action.PICK, person_id, list(dict.fromkeys([*by_topic, *item_ids])), "onboarding")

    def hide(self, person_id: str, item_id: str, *, is_hidden: bool) -> None:
        """Never show the item to the person again, or do."""
        self.number_of(item_id)
        self._record(Action.HIDE if is_hidden else Action.UNHIDE, person_id, [item_id], "item")

    def facets(self) -> bytes:
        """What can be filtered by, as JSON."""
        return orjson.dumps(asdict(self.catalogue.facets()))

    def suggest(self, text: str) -> bytes:
        """Completions of what is being typed, as JSON."""
        found = [asdict(each) for each in self.generations.current.search.suggest(text)]
        return orjson.dumps({"suggestions": found})

    def remembered(self, person_id: str) -> tuple[int, int]:
        """How many saves and hides of the person there are."""
        return self.lake.records.saves.count_of(person_id), len(self.lake.online.hidden(person_id))

    def forget_board(self, person_id: str, board_id: str) -> ForgetReport:
        """The person's own board is gone with all that it told; what remains in files is in the report.

        Raises:
            NotFoundError: it is not theirs, or not there.
        """
        self.boards.require_mine(person_id, board_id)
        return self.forgetting.forget_board(person_id, board_id)

    def refresh(self) -> None:
        """Bring up to date what many requests share; about once a minute."""
        self.generations.current.refresh(self.clock.now_ms())

    def readings(self) -> Iterator[Reading]:
        """What to show in the metrics besides requests."""
        for pool in self.lanes.each():
            yield "bowerbird_queue_depth", "Requests that wait for a thread", {"lane": pool.name}, pool.depth
        yield "bowerbird_catalogue_items", "Items that may be shown", {}, self.catalogue.count()
        for target in self.generations.current.feed.targets():
            labels = {"kind": target.name}
            yield "bowerbird_share_wanted", "Share that a kind of content should have", labels, target.wanted
            yield "bowerbird_share_boost", "What its values are raised by now", labels, target.boost
            if target.placed is not None:
                yield "bowerbird_share_placed", "Its share of about the last 50 pages", labels, target.placed
        yield from self.background.readings()
        yield from logged(self.lake.requests)
        yield from self.sources.readings()
        yield from self.encoders.readings()

    def close(self) -> None:
        """Stop the loops, let running work end, close the files."""
        self.sources.stop()
        self.background.stop()
        self.encoders.close()
        self.lanes.close()
        self.effects.commit()
        self.taste.save()
        self.behaviour.save()
        self.decode.close()
        self.films.close()
        self.indexes.close()
        self.lake.close()

    def _newest_page(self, request: FeedRequest) -> bytes:
        return self._told("feed", self.newest.page(request))

    def _told(self, surface: str, page: Page) -> bytes:
        self.metrics.count_page(surface, page.report, page.degraded)
        return orjson.dumps(page_shown(page, self.catalogue))

    def _record(self, action: Action, person_id: str, item_ids: Sequence[str], surface: str) -> None:
        now_ms = self.clock.now_ms()
        self.effects.record(
            [
                Event(
                    event_id=new_id("event"),
                    action=action,
                    at_ms=now_ms,
                    received_ms=now_ms,
                    person_id=person_id,
                    surface=surface,
                    item_id=item_id,
                )
                for item_id in item_ids
            ]
        )
