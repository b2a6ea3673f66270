"""How many pictures a second become searchable, beside a bare decode-and-encode loop; is memory flat?

The whole way: files of a folder are imported (decoded, looked at, stored durably), encoded meanwhile, and put into
indexes, as `bowerbird up` does it. The baseline, in the same run and on the same files, with one thread a core:
read the file, decode it with Pillow, encode it, keep the vector in memory. Where pictures have words (`titled`), the
bare loop encodes these too, since without them nothing is found by words. The two take turns, and the middle run of
each counts.

Whole and bare both have their models loaded. The whole also starts its decode processes and fits the joint space,
which takes seconds whatever the number of pictures: so that number is part of every line, and `fit s` says how much
of it the fit was. `CPU ms` is what all threads and processes used for a picture; its ratio, bare by whole, says
what the wall clock would on a machine that nobody else uses, as far as both keep all cores busy.

Memory is the highest resident set of the importing process and its workers together: while pictures come in and are
encoded, which must not depend on how many they are, and after that, when the space is fitted and the indexes are
built, which hold every vector.

Run: python benchmarks/bench_lake_images_to_searchable.py [--pictures N] [--turns T] [--long M] [--out FILE]
"""

import io
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import record
from PIL import Image

from bowerbird.encode import EncodeConfig, load_encoders
from bowerbird.encode.job import encode_missing
from bowerbird.encode.registry import Encoders
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.lake import Lake

SIDES_PX = {
    "small, 200 to 256 px": (200, 224, 256),
    "shop, 600 to 1,000 px": (600, 800, 1_000),
    "photo, 1,600 px": (1_600,),
}
TINY_PX = (160,)


def main() -> int:
    """Writes one line a question."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1_000, help="of each speed run")
    parser.add_argument("--turns", type=int, default=3, help="of the two, one after the other")
    parser.add_argument("--long", type=int, default=50_000, help="of the long memory run; 0: none")
    made = parser.parse_args()
    record.write(lines(made.pictures, made.long, made.turns), made.out)
    return 0


def lines(pictures: int, most: int, turns: int) -> Iterator[dict[str, Any]]:
    """Speed without and with words, then memory."""
    encoders = load_encoders(EncodeConfig())
    for kind, sides_px in SIDES_PX.items():
        for is_titled in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                files = draw(Path(folder) / "pictures", pictures, is_titled=is_titled, sides_px=sides_px)
                yield _speed(Path(folder), files, encoders, kind, turns, is_titled=is_titled)
    if most:
        yield _memory(encoders, 1_000, most)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a run took: by the clock, of processors, for the fit alone, and of memory on the way in and after."""

    seconds: float
    cpu_s: float
    fit_s: float = 0.0
    import_mb: float = 0.0
    index_mb: float = 0.0


def _speed(
    folder: Path, files: Sequence[Path], encoders: Encoders, kind: str, turns: int, *, is_titled: bool
) -> dict[str, Any]:
    bare, whole = [], []
    for turn in range(turns):
        bare.append(_bare(files, encoders, is_titled=is_titled))
        whole.append(_whole(folder / f"lake-{turn}", folder / "pictures", encoders))
    rates = [[len(files) / cost.seconds for cost in costs] for costs in (whole, bare)]
    cpu_ms = [statistics.median(cost.cpu_s for cost in costs) * 1e3 / len(files) for costs in (whole, bare)]
    words = "titled" if is_titled else "without words"
    return record.line(
        f"P1-{kind.split(',')[0]}{'-titled' if is_titled else ''}",
        f"import to searchable, {len(files):,} JPEGs ({kind}) {words}",
        statistics.median(rates[0]), "pictures/s", target=round(0.85 * statistics.median(rates[1]), 1),
        better="higher", baseline="bare decode-and-encode loop, all cores",
        ratio=statistics.median(rates[0]) / statistics.median(rates[1]),
        metrics={
            "CPU ratio": round(cpu_ms[1] / cpu_ms[0], 3), "CPU ms": round(cpu_ms[0], 2),
            "CPU ms bare": round(cpu_ms[1], 2), "fit s": round(statistics.median(c.fit_s for c in whole), 2),
            "whole": _rounded(rates[0]), "bare": _rounded(rates[1]),
        })  # fmt: skip


def _memory(encoders: Encoders, few: int, many: int) -> dict[str, Any]:
    costs = {}
    for count in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            draw(Path(folder) / "pictures", count, is_titled=False, sides_px=TINY_PX)
            costs[count] = _whole(Path(folder) / "lake", Path(folder) / "pictures", encoders)
    return record.line(
        "P1-memory", f"highest memory while {many:,} pictures are imported and encoded", costs[many].import_mb, "MB",
        baseline=f"the same of {few:,}", ratio=costs[many].import_mb / costs[few].import_mb,
        metrics={
            "few MB": round(costs[few].import_mb), "fit and index MB": round(costs[many].index_mb),
            "fit and index MB, few": round(costs[few].index_mb),
        })  # fmt: skip


def draw(folder: Path, count: int, *, is_titled: bool, sides_px: Sequence[int]) -> list[Path]:
    """Pictures of shapes over smooth grounds with grain, JPEG quality 85; no two the same; seeded."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    names = ("red vase", "oak chair", "wool rug", "blue lamp", "clay bowl", "linen cushion", "tall plant")
    files = []
    for number in range(count):
        side = sides_px[number % len(sides_px)]
        small = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        ground = Image.fromarray(small).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 5, (side * 3 // 4, side, 1))
        pixels = np.clip(np.asarray(ground) + grain, 0, 255).astype(np.uint8)
        title = f"{names[number % len(names)]} {number}" if is_titled else f"img_{number:06d}"
        path = folder / f"{title}.jpg"
        Image.fromarray(pixels).save(path, quality=85)
        files.append(path)
    return files


def _bare(files: Sequence[Path], encoders: Encoders, *, is_titled: bool) -> _Cost:
    """The bare loop."""

    def one(path: Path) -> np.ndarray:
        with Image.open(io.BytesIO(path.read_bytes())) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        return encoders.pictures.encode_pictures([pixels])

    started, used_s = time.perf_counter(), _cpu_s()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        vectors = list(threads.map(one, files))
        if is_titled:
            texts = [[path.stem for path in files[at : at + 64]] for at in range(0, len(files), 64)]
            vectors += list(threads.map(encoders.words.encode_words, texts))
    assert len(vectors) >= len(files)
    return _Cost(time.perf_counter() - started, _cpu_s() - used_s)


def _whole(lake_path: Path, pictures: Path, encoders: Encoders) -> _Cost:
    """Until everything can be searched."""
    from bowerbird.encode.arriving import ArrivingPictures
    from bowerbird.encode.fitting import fit_space
    from bowerbird.lake.catalogue import Catalogue
    from bowerbird.retrieve.indexes import Indexes

    with Lake.open(lake_path, create=True) as lake, _Highest() as highest:
        started, used_s = time.perf_counter(), _cpu_s()
        with ArrivingPictures(lake, encoders) as arriving:
            report = import_source(lake, pictures, on_new_pictures=arriving.take)
        imported, import_mb = time.perf_counter(), highest.reset()
        encode_missing(lake, encoders)
        encoded = time.perf_counter()
        space = fit_space(lake, encoders)
        fitted = time.perf_counter()
        indexes = Indexes.open(lake, Catalogue.open(lake), encoders, space)
        ended = time.perf_counter()
        assert report.accepted == report.rows_in == len(indexes.look)
    steps = np.diff([started, imported, encoded, fitted, ended]).round(2).tolist()
    print(f"import and encode, words, fit, index: {steps} s", file=sys.stderr)
    return _Cost(ended - started, _cpu_s() - used_s, fitted - encoded, import_mb, highest.reset())


def _cpu_s() -> float:
    """Processor time of this process, and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


class _Highest:
    """Watches the resident memory of this process and its children."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def reset(self) -> float:
        """The highest so far; from now on, the highest after."""
        highest, self.mb = self.mb, 0.0
        return highest

    def __enter__(self) -> "_Highest":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ends.wait(0.25):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            self.mb = max(self.mb, sum(map(_resident_mb, ("self", *children))))


def _resident_mb(process: str) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _rounded(rates: Sequence[float]) -> list[float]:
    return [round(rate, 1) for rate in rates]


if __name__ == "__main__":
    sys.exit(main())
