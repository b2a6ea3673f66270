"""This file is about composition: every part of a server is made and introduced to the others here."""

import gc
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bowerbird.blend import CursorSigner
from bowerbird.core.arrays import Pixels
from bowerbird.core.clock import SystemClock
from bowerbird.core.errors import PictureError
from bowerbird.core.request import Region
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.generations import encoder_of_lake, note_first
from bowerbird.encode.job import encode_missing, fit_space, load_space
from bowerbird.encode.registry import Encoders, load_encoders
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.stored import table_names
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.lake import Lake
from bowerbird.lake.memory import give_back
from bowerbird.lake.pictures import PictureLimits, thumb_pixels
from bowerbird.lake.pictures import Region as PictureRegion
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.lake.video.limits import VideoLimits
from bowerbird.learn.registry import ModelRegistry, models_folder
from bowerbird.rank.declared import LiveBehaviour
from bowerbird.rank.ranker.keeping import rankers_folder
from bowerbird.retrieve.indexes import Indexes
from bowerbird.serve.background import Background, Sync
from bowerbird.serve.controls import ControlsFollowed
from bowerbird.serve.copies import Copies
from bowerbird.serve.edits import Edits
from bowerbird.serve.effects import Effects
from bowerbird.serve.encoder_admin import EncoderAdmin
from bowerbird.serve.fallback import NewestItems
from bowerbird.serve.forgetting import Forgetting
from bowerbird.serve.generations import LiveGeneration
from bowerbird.serve.house import House
from bowerbird.serve.http.api import Api, build_api
from bowerbird.serve.lanes import Lanes
from bowerbird.serve.learned import LearnedNow
from bowerbird.serve.learning import learning_beside
from bowerbird.serve.live_media import LiveMedia
from bowerbird.serve.loop_admin import LoopAdmin
from bowerbird.serve.maintenance import DebtWatch, maintained_beside
from bowerbird.serve.metrics import Metrics
from bowerbird.serve.opening import GenerationOpening
from bowerbird.serve.people import PersonTokens
from bowerbird.serve.pictures import Pictures
from bowerbird.serve.ranking import RankerFollowed
from bowerbird.serve.running import run
from bowerbird.serve.service import Service
from bowerbird.serve.settings import ServeSettings
from bowerbird.serve.skew import SkewWatch
from bowerbird.serve.sources import Sources
from bowerbird.serve.spoken import Spoken
from bowerbird.serve.taste_space import TasteSpaceNow
from bowerbird.serve.tasting import TasteNow
from bowerbird.serve.videos import Videos
from bowerbird.serve.warming import NOBODY, warm
from bowerbird.surfaces.boards import Boards

log = logging.getLogger(__name__)

PAGE_FOLDER = Path(__file__).parent / "page"


def serve(settings: ServeSettings, *, on_start: Callable[[str], object]) -> None:
    """Serve until told to stop. HTTP answers at once; `on_start` is given the address when all is warm.

    Raises:
        BowerbirdError: the lake, a model or the port is not to be had.
    """
    app = create_app(settings)
    with maintained_beside(settings), learning_beside(settings) as begin_to_learn:

        def started(address: str) -> None:
            on_start(address)
            begin_to_learn()

        run(app, settings.host, settings.port, started)


def create_app(settings: ServeSettings) -> Api:
    """The server as an ASGI application, and what to wait for.

    Raises:
        LakeError: there is no lake where the settings say.
    """
    metrics = Metrics()
    # Looked at before anything is served: without a lake there is nothing to wait for.
    with Lake.open(settings.lake, home=settings.home) as lake:
        tokens = PersonTokens.of_lake(lake.path)
    house = House(lambda: open_service(settings, metrics, tokens), metrics)
    return build_api(settings, house, tokens, PAGE_FOLDER)


def open_service(settings: ServeSettings, metrics: Metrics, tokens: PersonTokens) -> Service:
    """Every part, opened, warm and introduced."""
    clock = SystemClock()
    lake_config = LakeConfig(keep_unshown=settings.log_unshown)
    lake = Lake.open(settings.lake, config=lake_config, clock=clock, home=settings.home)
    limits = PictureLimits(max_bytes=settings.upload_limit_bytes)
    decode = DecodePool(1, limits)
    # Starts when the first video comes, and keeps nobody waiting who searches with a picture.
    films = DecodePool(1, limits, VideoLimits(max_bytes=settings.video_limit_bytes))
    config = encode_config(lake, settings)
    try:
        # What takes seconds and needs nothing of the others goes side by side.
        with ThreadPoolExecutor(2, thread_name_prefix="bowerbird-open") as beside:
            decoding = beside.submit(decode.warm)
            loading = beside.submit(load_encoders, config)
            catalogue = Catalogue.open(lake)
            encoders = loading.result()
            space = joint_space(lake, encoders)
            kept = note_first(lake.path, config.encoder, table_names(encoders), clock.now_ms())
            indexes = Indexes.open(lake, catalogue, encoders, space)
            decoding.result()
    except BaseException:
        decode.close()
        lake.close()
        raise
    lanes = Lanes.open(settings)
    signer = CursorSigner(tokens.key_for("cursor"))
    media = LiveMedia(lake)
    pictures = Pictures(lake, catalogue, media, films)
    newest = NewestItems(catalogue, lake.online)
    effects = Effects(lake, catalogue, clock, lanes.writes)
    boards = Boards(lake.records, catalogue, effects.record, clock, signer)
    learned = LearnedNow(ModelRegistry(models_folder(lake.path)), catalogue)
    learned.follow()
    taste = TasteNow(
        lake,
        catalogue,
        lambda: generations.current.indexes,
        clock,
        lambda texts: generations.current.meaning_of(texts),
    )
    taste_space = TasteSpaceNow(
        lake, catalogue, lambda: generations.current.encoders, lambda: taste.live, clock
    )
    controls = ControlsFollowed(lake, clock)
    controls.follow()
    rankers = ModelRegistry(rankers_folder(lake.path))
    ranker = RankerFollowed(rankers)
    ranker.follow()
    feed_config = settings.feed.model_copy(update={"random_share": settings.random_share})
    opening = GenerationOpening(
        lake,
        catalogue,
        config,
        boards,
        pictures,
        decoder(decode),
        signer,
        learned,
        taste.wanted,
        taste_space,
        ranker,
        ranker.shadow,
        controls,
        feed_config,
        lake.requests if settings.log_requests else None,
    )
    generations = LiveGeneration(
        opening.over(kept.active, encoders, space, indexes),
        lake.path,
        opening.opened,
        lambda served: warm(served, catalogue, clock.now_ms()),
    )
    sync = Sync(lake, catalogue, generations, media, pictures, newest)
    sources = Sources(lake, settings, clock)
    behaviour = LiveBehaviour(lake, catalogue)
    forgetting = Forgetting(lake, generations, sync.exclude_deleted, behaviour.forget)
    tokens.forget_those(forgetting.is_forgotten)
    effects.take_nothing_of(
        lambda person_id: forgetting.is_forgotten(person_id) or controls.is_incognito(person_id)
    )
    lake.requests.allow(
        lambda person_id: may_log(lake, forgetting, person_id) and not controls.is_incognito(person_id)
    )
    background = Background(
        settings,
        clock,
        generations,
        sync,
        sources,
        forgetting,
        learned,
        taste,
        taste_space,
        ranker,
        controls,
        DebtWatch(lake),
        SkewWatch(lake, catalogue, generations, feed_config, taste.wanted),
        behaviour,
    )
    service = Service(
        settings=settings,
        clock=clock,
        lake=lake,
        catalogue=catalogue,
        generations=generations,
        boards=boards,
        effects=effects,
        edits=Edits(lake, catalogue, decode, films, sync),
        forgetting=forgetting,
        pictures=pictures,
        copies=Copies(lake, catalogue),
        newest=newest,
        metrics=metrics,
        lanes=lanes,
        encoders=EncoderAdmin(lake, generations, config),
        loop=LoopAdmin(rankers, ranker, clock),
        background=background,
        sources=sources,
        decode=decode,
        films=films,
        videos=Videos(lake),
        spoken=Spoken(lake, catalogue),
        taste=taste,
        taste_space=taste_space,
        controls=controls,
        behaviour=behaviour,
    )
    begin(service, media)
    return service


def begin(service: Service, media: LiveMedia) -> None:
    """Warm everything that a first request would wait for, then start the loops."""
    started_s = time.perf_counter()
    media.load()
    service.effects.replay()
    service.newest.refresh()
    warm(service.generations.current, service.catalogue, service.clock.now_ms())
    give_back()  # opening needed more than serving does
    # What lives now lives as long as the server: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    service.metrics.watch(service.readings)
    service.background.start(
        service.effects,
        media,
        service.pictures,
        service.encoders,
        service.copies,
        service.refresh,
        lambda: service.is_busy,
    )
    log.info("service warm", extra={"seconds": round(time.perf_counter() - started_s, 2)})


def may_log(lake: Lake, forgetting: Forgetting, person_id: str) -> bool:
    """Whether the person's requests may be kept: not of whoever was forgotten, or does not consent."""
    if person_id == NOBODY or forgetting.is_forgotten(person_id):
        return False
    known = lake.records.people.get(person_id)
    return known is None or known.consent


def encode_config(lake: Lake, settings: ServeSettings) -> EncodeConfig:
    """The settings of the encoder that serves the lake; the lake says which one that is."""
    encoder = encoder_of_lake(lake.path, settings.encode.encoder)
    if encoder != settings.encode.encoder and "encoder" in settings.encode.model_fields_set:
        facts = {"set": settings.encode.encoder, "serves": encoder}
        log.warning("encoder setting not used", extra={**facts, "next": "bowerbird encode switch"})
    return settings.encode.model_copy(update={"encoder": encoder})


def joint_space(lake: Lake, encoders: Encoders) -> BridgeSpace:
    """The space of this lake's items; fitted now if that was not done."""
    found = load_space(lake, encoders)
    if found is not None:
        return found
    log.warning("no space fitted yet, doing it now", extra={"next": "bowerbird encode run --lake LAKE"})
    encode_missing(lake, encoders)
    return fit_space(lake, encoders)


def decoder(pool: DecodePool) -> Callable[[bytes, Region | None], Pixels]:
    """Pixels of a stranger's file, decoded in another process, which may die of it."""

    def decode(content: bytes, region: Region | None) -> Pixels:
        if video_kind(content[:START_BYTES]) is not None:
            raise PictureError("a video was received", code="video", hint="search with a frame of it")
        part = None if region is None else PictureRegion(region.x, region.y, region.width, region.height)
        return thumb_pixels(pool.decode(content, region=part, wait=False).result().thumb_jpeg)

    return decode
