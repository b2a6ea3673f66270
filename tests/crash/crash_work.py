"""What is killed: small programs that change a lake, saying what they begin and what they were told is done.

Each says `{"begin": …}` before a change and `{"done": …}` once it has returned; whoever reads that knows what
has to be there after a kill.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from bowerbird.lake.config import LakeConfig
from bowerbird.lake.importing import job
from bowerbird.lake.importing.batch import Batch, ReadyRow, store
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import DecodedPicture, Event, ItemFields
from bowerbird.serve.app import serve
from bowerbird.serve.settings import ServeSettings

Say = Callable[[dict[str, Any]], None]
Work = Callable[[Path, random.Random, str, Say], None]

# Upkeep and clean-up come so often that kills meet them.
CONFIG = LakeConfig(upkeep_writes=10, index_rows=100, keep_versions_hours=10 / 3600, journal_entries=4)
POOL = 40
_PICTURE = DecodedPicture("", "png", 4, 4, 1, 0, b"thumb", b"hash", "#ff0000", (1.0,) + (0.0,) * 19, 7)


def write_items(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """Puts and deletes items of a small pool, with their pictures."""
    with Lake.open(path, config=CONFIG) as lake:
        for turn in range(1_000_000):
            ids = [f"{name}-{number}" for number in rng.sample(range(POOL), rng.randint(1, 6))]
            if rng.random() < 0.75:
                titles = {id_: f"{id_} w{rng.getrandbits(40):010x}" for id_ in ids}
                say({"begin": {"put": titles}})
                put(lake, rng, titles)
            else:
                titles = dict.fromkeys(ids)
                say({"begin": {"put": titles}})
                delete_items(lake, ids)
            say({"done": turn})


def put(lake: Lake, rng: random.Random, titles: dict[str, str]) -> None:
    """Items with these titles and a picture each, as an import stores them."""
    batch = Batch()
    for id_, title in titles.items():
        content = rng.randbytes(rng.choice((40, 3_000, 90_000)))
        sha = hashlib.sha256(content).hexdigest()
        decoded: Future[DecodedPicture] = Future()
        decoded.set_result(replace(_PICTURE, sha256=sha, size_bytes=len(content)))
        batch.contents[sha], batch.decoding[sha] = content, decoded
        batch.rows.append(ReadyRow(0, id_, ItemFields(id=id_, title=title), title, (sha,)))
    store(lake, batch, "crash")


def write_shared(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """Puts items that other processes put at the same moment."""
    with Lake.open(path, config=CONFIG) as lake:
        for turn in range(1_000_000):
            titles = {f"shared-{turn}-{number}": f"shared w{turn}" for number in range(3)}
            say({"begin": {"put": titles}})
            put(lake, rng, titles)
            say({"done": turn})


def maintain(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """Compaction, index upkeep, clean-up, again and again."""
    with Lake.open(path, config=CONFIG) as lake:
        for turn in range(1_000_000):
            say({"begin": {}})
            lake.maintain()
            say({"done": turn})
            time.sleep(rng.random() * 0.05)


def append_events(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """Batches of events; some are sent again."""
    with Lake.open(path, config=CONFIG) as lake:
        salt = rng.getrandbits(40)
        for turn in range(1_000_000):
            ids = [f"{name}-{salt}-{turn}-{number}" for number in range(rng.randint(1, 8))]
            again = ids[:1] if rng.random() < 0.3 else []
            events = [Event(event_id=id_, action="save", at_ms=1, person_id=name) for id_ in (*ids, *again)]
            say({"begin": {"events": ids}})
            lake.events.append(events)
            say({"done": turn})


def keep_records(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """Boards, saves and item numbers."""
    with Lake.open(path, config=CONFIG) as lake:
        board = lake.records.boards.create(name, f"board of {name}").id
        salt = rng.getrandbits(40)
        for turn in range(1_000_000):
            item_id = f"{name}-{rng.randrange(POOL)}"
            if rng.random() < 0.5:
                say({"begin": {"saves": {f"{board} {item_id}": True}}})
                lake.records.saves.save(board, item_id)
            elif rng.random() < 0.5:
                say({"begin": {"saves": {f"{board} {item_id}": False}}})
                lake.records.saves.unsave(board, item_id)
            else:
                ids = [f"number-{salt}-{turn}-{number}" for number in range(3)]
                say({"begin": {"numbers": ids}})
                numbers = lake.records.numbers.allocate(ids).numbers.tolist()
                say({"numbers": dict(zip(ids, numbers, strict=True))})
            say({"done": turn})


def import_catalogue(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """An import of the catalogue beside the lake, in small batches."""
    job._FIRST_BATCH_ROWS = job._BATCH_ROWS = 20
    say({"begin": {}})
    with Lake.open(path, create=True, config=CONFIG) as lake:
        import_source(
            lake,
            path.parent / "in",
            ImportOptions(workers=1),
            lambda done: say({"stored": done.accepted + done.unchanged}),
        )
    say({"done": 0})
    time.sleep(600)


def serve_lake(path: Path, rng: random.Random, name: str, say: Say) -> None:
    """The server, on a port of its own."""
    say({"begin": {}})
    settings = ServeSettings(lake=path, port=0, background_displays=False)
    serve(settings, on_start=lambda address: say({"address": address}))


WORKS: dict[str, Work] = {
    work.__name__: work
    for work in (
        write_items,
        write_shared,
        maintain,
        append_events,
        keep_records,
        import_catalogue,
        serve_lake,
    )
}


def die_at_call(turn: int, *, is_after: bool) -> None:
    """From now on this process group is killed at its nth call that makes something durable."""
    left = turn

    def killing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not is_after:
                os.kill(0, signal.SIGKILL)
            answer = real(*given)
            if left == 0:
                os.kill(0, signal.SIGKILL)
            return answer

        return call

    os.fsync, os.pwrite = killing(os.fsync), killing(os.pwrite)


def sync_all(path: Path) -> None:
    """Everything below a folder is on the disk, and its own name is."""
    for each in (*path.rglob("*"), path, path.parent):
        handle = os.open(each, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def begin(work: str, path: str, seed: int, name: str, say: Say, *, die_at: int = 0, shadow: str = "") -> None:
    """Runs one of the works in a process group of its own."""
    os.setsid()
    rng = random.Random(seed)
    if shadow:
        is_first = not os.listdir(shadow)  # noqa: PTH208
        os.environ["BOWERBIRD_SHADOW"] = shadow
        if is_first:
            sync_all(Path(path))
    if die_at:
        die_at_call(die_at, is_after=rng.random() < 0.5)
    WORKS[work](Path(path), rng, name, say)


if __name__ == "__main__":
    begin(
        sys.argv[1],
        sys.argv[2],
        int(sys.argv[3]),
        sys.argv[4],
        lambda told: print(json.dumps(told), flush=True),
    )
