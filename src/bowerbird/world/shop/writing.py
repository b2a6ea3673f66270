"""This file is about writing a shop into a folder: in parallel, and on from where it was stopped."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from bowerbird.core.errors import InputError
from bowerbird.world.shop.catalogue import recipe_of
from bowerbird.world.shop.config import ShopConfig
from bowerbird.world.shop.room_plans import plan_of
from bowerbird.world.shop.rooms import room_picture
from bowerbird.world.shop.rows import Row, item_row, item_truth, room_row, room_truth
from bowerbird.world.shop.studio import item_picture, parts_of

log = logging.getLogger(__name__)

ITEMS_AT_ONCE, ROOMS_AT_ONCE = 40, 6
PICTURES_IN_FOLDER = 1_000
JPEG_QUALITY = 88
_FILES = ("items.jsonl", "rooms.jsonl", "truth.jsonl")


@dataclass(frozen=True, slots=True)
class ShopReport:
    """What was done: how many pictures were drawn now, and how many were there already."""

    items: int
    rooms: int
    drawn: int
    known: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Neighbours that one process draws: `kind` is `items` or `rooms`."""

    kind: str
    first: int
    end: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.first:07d}"


def _say_nothing(done: int, total: int) -> None:
    del done, total


def write_shop(
    folder: Path, config: ShopConfig, *, jobs: int = 1, tell: Callable[[int, int], None] = _say_nothing
) -> ShopReport:
    """Writes `items.jsonl`, `rooms.jsonl`, `truth.jsonl` and `pictures/`; a second run does nothing.

    Args:
        folder: for one shop; made if it is not there.
        config: which shop.
        jobs: processes that draw.
        tell: is called with how many pictures are there and how many there will be.

    Raises:
        InputError: the folder holds another shop, or cannot be written; or the shop is too small for rooms.
    """
    started = time.monotonic()
    if config.rooms:
        plan_of(config.seed, 0, config.items)  # says at once that the shop is too small
    try:
        return _written(folder, config, jobs, tell, started)
    except OSError as error:
        raise InputError(
            f"{folder} could not be written ({error}); needed is a folder with room for about 30 kB a "
            "picture; make room and run the same command again, it goes on from there"
        ) from error


def save_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Writes a JPEG that is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    Image.fromarray(pixels).save(unfinished, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=False)
    unfinished.replace(path)


def _written(
    folder: Path, config: ShopConfig, jobs: int, tell: Callable[[int, int], None], started: float
) -> ShopReport:
    folder.mkdir(parents=True, exist_ok=True)
    _check_same(folder, config)
    total = config.items + config.rooms
    if (folder / _FILES[0]).exists():
        tell(total, total)
        return ShopReport(config.items, config.rooms, 0, total, time.monotonic() - started)
    chunks = list(_chunks(config))
    rows = folder / "unfinished"
    rows.mkdir(exist_ok=True)
    missing = [chunk for chunk in chunks if not (rows / f"{chunk.name}.truth").exists()]
    known = total - sum(chunk.end - chunk.first for chunk in missing)
    done = known
    tell(done, total)
    for chunk in _drawn(folder, config, missing, jobs):
        done += chunk.end - chunk.first
        tell(done, total)
    _gather(folder, rows, chunks)
    log.info("shop written", extra={"items": config.items, "rooms": config.rooms, "drawn": total - known})
    return ShopReport(config.items, config.rooms, total - known, known, time.monotonic() - started)


def _check_same(folder: Path, config: ShopConfig) -> None:
    path = folder / "shop.json"
    try:
        there = ShopConfig.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        foreign = [name for name in _FILES if (folder / name).exists()]
        if foreign:
            raise InputError(
                f"{folder} holds {foreign[0]} of something else; needed is a folder of its own; name another"
            ) from None
        _write_whole(path, [json.loads(config.model_dump_json())])
        return
    except ValidationError as error:
        raise InputError(
            f"{path} is of another generator or damaged; needed is a shop of this one; name another folder, "
            f"or remove {folder}"
        ) from error
    if there != config:
        raise InputError(
            f"{folder} holds a shop of {there.items:,} items and {there.rooms:,} rooms, seed {there.seed}; "
            f"asked for were {config.items:,} and {config.rooms:,}, seed {config.seed}; name another folder, "
            "or remove this one"
        )


def _chunks(config: ShopConfig) -> Iterator[_Chunk]:
    # Rooms first: they take longest, and nothing long should begin at the very end.
    for kind, count, step in (("rooms", config.rooms, ROOMS_AT_ONCE), ("items", config.items, ITEMS_AT_ONCE)):
        for first in range(0, count, step):
            yield _Chunk(kind, first, min(first + step, count))


def _drawn(folder: Path, config: ShopConfig, chunks: list[_Chunk], jobs: int) -> Iterator[_Chunk]:
    if jobs == 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield _draw(folder, config, chunk)
        return
    # A bounded number is waiting, so that a million items do not become a million futures.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[_Chunk]] = set()
        try:
            for chunk in chunks:
                waiting.add(pool.submit(_draw, folder, config, chunk))
                if len(waiting) >= jobs * 2:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in ready)
            for each in waiting:
                yield each.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _draw(folder: Path, config: ShopConfig, chunk: _Chunk) -> _Chunk:
    rows, truths = [], []
    for number in range(chunk.first, chunk.end):
        row, truth = (_item if chunk.kind == "items" else _room)(folder, config, number)
        rows.append(row)
        truths.append(truth)
    base = folder / "unfinished" / chunk.name
    _write_whole(base.with_suffix(".rows"), rows)
    # Last: what marks the chunk as done.
    _write_whole(base.with_suffix(".truth"), truths)
    return chunk


def _item(folder: Path, config: ShopConfig, index: int) -> tuple[Row, Row]:
    recipe = recipe_of(config.seed, index)
    picture = f"pictures/{index // PICTURES_IN_FOLDER:04d}/{recipe.item_id}.jpg"
    parts = parts_of(recipe)
    if not (folder / picture).exists():
        save_picture(item_picture(recipe, parts), folder / picture)
    return item_row(config.seed, recipe, parts, picture), item_truth(config.seed, recipe)


def _room(folder: Path, config: ShopConfig, index: int) -> tuple[Row, Row]:
    plan = plan_of(config.seed, index, config.items)
    picture = f"pictures/rooms-{index // PICTURES_IN_FOLDER:04d}/{plan.room_id}.jpg"
    pixels, seen = room_picture(plan)
    save_picture(pixels, folder / picture)
    return room_row(plan, seen, picture), room_truth(plan, seen)


def _gather(folder: Path, rows: Path, chunks: list[_Chunk]) -> None:
    items = [chunk for chunk in chunks if chunk.kind == "items"]
    rooms = [chunk for chunk in chunks if chunk.kind == "rooms"]
    _join(folder / "truth.jsonl", (rows / f"{chunk.name}.truth" for chunk in [*items, *rooms]))
    _join(folder / "rooms.jsonl", (rows / f"{chunk.name}.rows" for chunk in rooms))
    # Last: where it is there, the shop is whole.
    _join(folder / "items.jsonl", (rows / f"{chunk.name}.rows" for chunk in items))
    for path in rows.iterdir():
        path.unlink()
    rows.rmdir()


def _join(path: Path, sources: Iterable[Path]) -> None:
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as whole:
        for source in sources:
            whole.write(source.read_bytes())
    unfinished.replace(path)


def _write_whole(path: Path, rows: list[Row]) -> None:
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    unfinished.replace(path)
