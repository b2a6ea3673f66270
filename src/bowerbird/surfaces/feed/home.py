"""This file is about the home feed: find, rank, blend, and say why."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bowerbird.blend import CursorSigner, Page, Placement, ShareControl, StageCount, TargetState
from bowerbird.blend.stages import Stages
from bowerbird.core.arrays import Scores
from bowerbird.core.errors import InputError
from bowerbird.core.memo import Memo
from bowerbird.core.request import FeedRequest
from bowerbird.eligible import Rule, Standing, holds, screen
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import OnlineState
from bowerbird.lake.records import Controls
from bowerbird.lake.request_log import LogRequest
from bowerbird.rank import (
    FEATURES,
    Facts,
    Features,
    features,
    in_order,
    picture_quality,
    value,
    weights,
)
from bowerbird.rank.declared import VERSION as BEHAVIOUR_VERSION
from bowerbird.rank.prerank import Funnel, FunnelNow
from bowerbird.retrieve.learned import ModelNow
from bowerbird.retrieve.taste_vectors import TasteVectorsNow
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed.candidates import Finder
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.drawing import Filled
from bowerbird.surfaces.feed.filling import Filling, Sorted
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.person import People, Person
from bowerbird.surfaces.feed.places import Place, Places
from bowerbird.surfaces.feed.placing import Placing
from bowerbird.surfaces.feed.popularity import Counts, Popularity
from bowerbird.surfaces.feed.preranking import Preranking
from bowerbird.surfaces.feed.ranking import Learned, LearnedRanking
from bowerbird.surfaces.feed.recorded import feed_record
from bowerbird.surfaces.feed.shadows import ShadowNow, offer_page
from bowerbird.surfaces.feed.sources import EXPLORE, INTERESTS, SOURCE_NAMES
from bowerbird.surfaces.feed.steering import ControlsNow
from bowerbird.surfaces.feed.types import AdsNow, SavedNumbers, SaversSince, Sight
from bowerbird.surfaces.feed.whys import ALONE, PageWhy, Why, why_of
from bowerbird.taste.interest_tree.wanted import WantedNow

RANKER = "linear-1"
_NOTHING = np.zeros(0, dtype=np.int64)


class HomeFeed:
    """Pages of the feed of any person. Safe to share between threads.

    A first page is made anew each time; what a cursor asked for once stays the same, but for items that
    the person has hidden since.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        sight: Sight,
        online: OnlineState,
        saved: SavedNumbers,
        savers_since: SaversSince,
        signer: CursorSigner,
        config: FeedConfig | None = None,
        model_now: ModelNow = lambda: None,
        wanted_now: WantedNow = lambda _person, _now_ms: None,
        taste_now: TasteVectorsNow = lambda: None,
        funnel_now: FunnelNow = lambda _person: None,
        log_request: LogRequest | None = None,
        controls_now: ControlsNow = lambda _person: Controls(),
        ads_now: AdsNow = lambda _request, _page, _slots: {},
        shadow_now: ShadowNow = lambda: None,
    ) -> None:
        """`model_now` gives the trained model that proposes candidates too, if one is in use.

        `wanted_now` says what a person wants of their interests; `taste_now` gives the trained taste space,
        and `funnel_now` the trained ranker with its pre-ranker. `log_request` is told of each page;
        `controls_now` says what a person has set; `ads_now` fills some slots of a page;
        `shadow_now` gives a challenger that is asked about pages after they are made.
        """
        self._config = config or FeedConfig()
        self._catalogue = catalogue
        self._sight = sight
        self._online = online
        self._ground = Ground(
            catalogue,
            sight,
            look_share=self._config.taste.look_share,
            fresh_days=self._config.fresh_days,
        )
        self._people = People(
            online,
            saved,
            self._ground,
            self._config,
            model_now,
            wanted_now,
            taste_now,
            controls_now,
            self._ground.owned_by,
        )
        self._popularity = Popularity(
            savers_since,
            catalogue,
            days=self._config.popular_days,
            least_people=self._config.popular_least_people,
        )
        self._log_request, self._ads_now = log_request, ads_now
        self._control = ShareControl(self._config.blend.targets, catalogue.mask)
        self._filling = Filling(catalogue, self._ground, sight, self._control)
        self._placing = Placing(catalogue, self._ground, self._popularity.days)
        self._finder = Finder(catalogue, sight, self._ground, self._config)
        self._learned = LearnedRanking(catalogue, online, self._ground, funnel_now, self._config.utility)
        self._shadow_now = shadow_now
        self._in_shadow = LearnedRanking(catalogue, online, self._ground, funnel_now, self._config.utility)
        self._preranking = Preranking(self._ground, self._learned, self._config)
        self._places = Places(signer, "feed")
        self._pages: Memo[tuple[str, str, int], Page] = Memo(self._config.pages_kept)
        self._whys: Memo[tuple[str, str], PageWhy] = Memo(self._config.pages_kept)

    def __call__(self, request: FeedRequest) -> Page:
        """The next page.

        Raises:
            CursorError: the cursor is not of this person's feed.
            FilterError: the filter names an unknown field.
            InputError: the limit is out of bounds.
        """
        check_limit(request.limit, self._config.max_limit)
        if request.cursor is None:
            page = self._make(request, self._places.begin(request.request_id, request.where))
            return self._still_eligible(page, request)
        place = self._places.read(request.person_id, request.cursor, request.where)
        key = (request.person_id, request.cursor + request.more_to, request.limit)
        page = self._pages.get(key) or self._pages.keep_first(key, self._make(request, place))
        return self._still_eligible(page, request)

    def why(self, person_id: str, request_id: str, number: int) -> Why:
        """Why an item was on a page of this person, from what the page was made of.

        Raises:
            NotFoundError: the page is not kept any more, or the item was not on it.
        """
        return why_of(self._whys.get((person_id, request_id)), number)

    @property
    def ground(self) -> Ground:
        """What its pages stand on."""
        return self._ground

    def targets(self) -> tuple[TargetState, ...]:
        """How each share of a kind of content stands."""
        return self._control.states()

    def refresh(self, now_ms: int) -> None:
        """Bring up to date what many requests share; called at start and about once a minute."""
        self._popularity.refresh(now_ms)
        self._ground.scales()

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._people.forget(person_id)
        self._learned.forget(person_id)
        self._in_shadow.forget(person_id)

    def _still_eligible(self, page: Page, request: FeedRequest) -> Page:
        """The finished page, held against the rules once more: much may have changed since it was made."""
        person = self._people.of(request.person_id, now_ms=request.now_ms, shown=_NOTHING)
        return rechecked(page, person.standing, self._finder.rules_at_last(person))

    def _make(self, request: FeedRequest, place: Place) -> Page:
        stages = Stages()
        limit = min(request.limit, self._config.max_items - len(place.shown))
        ads = self._ads_now(request, place.page, limit)
        advertised = np.array([each.number for each in ads.values()], dtype=np.int64)
        place = replace(place, shown=np.union1d(place.shown, advertised))
        person = self._people.of(request.person_id, now_ms=request.now_ms, shown=place.shown)
        counts = self._popularity.counts(request.now_ms)
        stages.ended("taste", len(person.interests.liking.liked), len(person.interests))
        found = self._finder.find(person, place, counts, limit, request.now_ms, stages)
        funnel = self._learned.funnel_of(request.person_id)
        kept, prerank = self._cut(found, funnel, counts, request, place)
        if prerank:
            stages.ended("prerank", len(found), len(kept), note=prerank)
        best = self._rank(kept, funnel, person, counts, request, place)
        stages.ended("rank", len(kept), len(best.ranked), note=best.ranker)
        draws = self._log_request is not None  # nothing is drawn that nobody logs
        filled = self._filling.fill(best, person, place, limit - len(ads), request.now_ms, draws=draws)
        rows = filled.rows
        stages.ended("blend", len(best.ranked), len(rows))
        positions = np.setdiff1d(np.arange(limit), list(ads))[: len(rows)]
        organic = self._placing.placements(best, filled, person, counts, request.now_ms, positions)
        after = place.after(best.ranked.numbers[rows])
        is_end = len(rows) == 0 or len(found) <= len(rows) or len(after.shown) >= self._config.max_items
        cursor = None if is_end else self._places.write(request.person_id, after)
        placements = with_ads(organic, ads)
        stages.ended("explain", len(rows), len(placements))
        models = self._models(person, best.ranker, prerank)
        self._whys.keep((request.person_id, request.request_id), self._why(best, filled))
        if self._log_request is not None:
            columns, seed = best.known.columns, place.page_seed
            self._log_request(
                feed_record(
                    request, best.ranked, columns, best.chances, rows, organic, filled.policy, models, seed
                )
            )
        return Page(request.request_id, placements, cursor, stages.report(), models)

    def _cut(
        self, found: Candidates, funnel: Funnel | None, counts: Counts, request: FeedRequest, place: Place
    ) -> tuple[Candidates, str]:
        """What goes on to ranking, and which pre-ranker cut the rest; none where all goes on."""
        if funnel is None:
            return found, ""
        popularity, now_ms = counts.share_of(found.numbers), request.now_ms
        cut = self._preranking.cut(
            funnel, request.person_id, found, popularity, now_ms, request.more_to, place.page_seed
        )
        return (found, "") if cut is None else (cut.kept, cut.model)

    def _rank(
        self,
        found: Candidates,
        funnel: Funnel | None,
        person: Person,
        counts: Counts,
        request: FeedRequest,
        place: Place,
    ) -> Sorted:
        numbers = found.numbers
        look, words = self._ground.look_and_words(numbers)
        is_seen = holds(person.standing.seen, numbers)
        taste, popularity = self._ground.joined(look, words), counts.share_of(numbers)
        facts = Facts(
            taste,
            self._catalogue.created_ms[numbers],
            popularity,
            picture_quality(self._catalogue.colours[numbers], self._catalogue.colour_names),
            is_seen,
            np.maximum(person.expected.share_of(numbers), person.near_taste.share_of(numbers)),
        )
        likeness = self._ground.scales().taste
        known = features(
            facts,
            person.tasted.tastes,
            likeness,
            self._config.rank,
            now_ms=request.now_ms,
            seed=place.page_seed,
        )
        learned = None
        if funnel is not None:
            who, now_ms, more_to = request.person_id, request.now_ms, request.more_to
            learned = self._learned.of(funnel.ranker, who, numbers, taste, popularity, now_ms, more_to)
        values = value(known.columns, self._config.rank)
        if learned is not None:
            values = self._with_learned(values, known, learned)
        if (shadow := self._shadow_now()) is not None:
            asked = (request.person_id, numbers, taste, popularity, request.now_ms, request.more_to)
            offer_page(shadow, self._in_shadow, self._ground, *asked, values)
        # Far neighbours of a liked item, met where the near ones ran out, are not what the person asked for.
        is_far = (found.sources == SOURCE_NAMES.index(INTERESTS)) & (
            known.closeness < self._config.least_closeness
        )
        told = np.where(is_far, SOURCE_NAMES.index(EXPLORE), found.sources)
        order, ranked = in_order(replace(found, sources=told), values)
        return Sorted(
            ranked,
            Features(known.columns[order], known.nearest[order], known.closeness[order]),
            look[order],
            is_seen[order],
            RANKER if learned is None else learned.model,
            np.zeros((len(order), 0), np.float32) if learned is None else learned.chances[order],
            np.zeros(len(order), np.float32) if learned is None else learned.values[order],
        )

    def _why(self, best: Sorted, filled: Filled) -> PageWhy:
        rows = filled.rows
        has_ranker = best.chances.shape[1] > 0
        return PageWhy(
            best.ranked.numbers[rows],
            best.ranked.values[rows],
            best.known.columns[rows],
            weights(self._config.rank),
            best.chances[rows],
            best.learned[rows],
            self._config.ranked_share if has_ranker else 0.0,
            filled.policy,
            filled.chances,
        )

    def _with_learned(self, plain: Scores, known: Features, learned: Learned) -> Scores:
        """The trained ranker's word beside the plain one's, which decides on dislikes and the seen alone."""
        own = weights(self._config.rank).copy()
        own[[FEATURES.index(name) for name in ALONE]] = 0.0
        share = np.float32(self._config.ranked_share)
        shared: Scores = known.columns @ own
        return plain - share * shared + share * learned.values

    def _models(self, person: Person, ranker: str, prerank: str) -> dict[str, str]:
        # As it was asked for this page; another one may be in use by now.
        had_a_say = {
            "retriever": person.expected.model,
            "taste": person.near_taste.model,
            "prerank": prerank,
        }
        return {
            "look": self._sight.look.stamp_text,
            "words": self._sight.words.stamp_text,
            "ranker": ranker,
            "diversity": self._config.blend.diversity,
            "features": BEHAVIOUR_VERSION,
            **{role: model for role, model in had_a_say.items() if model},
        }


def with_ads(organic: tuple[Placement, ...], ads: Mapping[int, Placement]) -> tuple[Placement, ...]:
    """All by their positions; ads that would stand beyond the end of a short page are left out."""
    there = [replace(ad, position=slot) for slot, ad in ads.items() if slot < len(organic) + len(ads)]
    return tuple(sorted((*organic, *there), key=lambda each: each.position)) if organic else ()


def check_limit(limit: int, most: int) -> None:
    """Refuse a page of another size than 1 to `most`.

    Raises:
        InputError: it is.
    """
    if not 1 <= limit <= most:
        raise InputError(f"a page of {limit:,} items was asked for; needed is 1 to {most}; ask for fewer")


def rechecked(page: Page, standing: Standing, rules: dict[str, Rule]) -> Page:
    """The page without what may not be on one any more, each removal counted; the others stay in place."""
    numbers = np.array([each.number for each in page.placements], dtype=np.int64)
    screened = screen(numbers, standing, rules)
    if screened.keep.all():
        return page
    kept = tuple(each for each, stays in zip(page.placements, screened.keep, strict=True) if stays)
    told = tuple(
        StageCount(f"eligible again/{each.rule}", each.taken, each.given, 0.0)
        for each in screened.removals
        if each.taken > each.given
    )
    return replace(page, placements=kept, report=(*page.report, *told))


def without(page: Page, hidden: np.ndarray) -> Page:
    """The page without items hidden since it was made; the others keep their positions."""
    gone = holds(hidden, np.array([each.number for each in page.placements], dtype=np.int64))
    if not gone.any():
        return page
    kept = tuple(each for each, is_gone in zip(page.placements, gone, strict=True) if not is_gone)
    return replace(page, placements=kept)
