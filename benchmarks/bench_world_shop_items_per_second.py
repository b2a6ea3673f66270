"""How many items and rooms of the rendered shop are drawn and written in a second?

Of items the whole command's work: recipe, meshes, light, JPEG, rows. Of rooms: plan, picture, JPEG, by one process.
The baseline, in the same run: the same pictures only encoded as JPEG and written, by one process, which is what any
generator of pictures pays. Quality: the share of pictures that were drawn twice, once alone, with the same bytes (1).
`processor ms` says what a picture costs whatever else runs beside it.

Run: python benchmarks/bench_world_shop_items_per_second.py [--items N] [--rooms N] [--out FILE]
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import record  # noqa: E402
from PIL import Image  # noqa: E402

from bowerbird.world.shop import ShopConfig, write_shop  # noqa: E402
from bowerbird.world.shop.catalogue import recipe_of  # noqa: E402
from bowerbird.world.shop.room_plans import plan_of  # noqa: E402
from bowerbird.world.shop.rooms import room_picture  # noqa: E402
from bowerbird.world.shop.studio import item_picture  # noqa: E402
from bowerbird.world.shop.writing import save_picture  # noqa: E402

SEED, DRAWN_AGAIN, SHOP_ITEMS = 7, 8, 4_800


def main() -> int:
    """Writes two lines for items, one for rooms."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--rooms", type=int, default=24)
    made = parser.parse_args()
    record.write(lines(made.items, made.rooms), made.out)
    return 0


def lines(items: int, rooms: int) -> Iterator[dict[str, Any]]:
    """Items with one process and with one a core; then rooms."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        for jobs in sorted({1, cores}):
            yield _items(Path(folder) / f"shop-{jobs}", items, jobs)
        yield _rooms(Path(folder) / "rooms", rooms)


def _items(shop: Path, items: int, jobs: int) -> dict[str, Any]:
    began, used = time.perf_counter(), _processor_s()
    write_shop(shop, ShopConfig(items=items, rooms=0, seed=SEED), jobs=jobs)
    seconds, used = time.perf_counter() - began, _processor_s() - used
    pictures = sorted(shop.glob("pictures/0*/*.jpg"))
    chosen = np.linspace(0, items - 1, min(DRAWN_AGAIN, items)).astype(int)
    same = [_same(item_picture(recipe_of(SEED, int(at))), pictures[at], shop) for at in chosen]
    return _line("items", jobs, pictures, seconds, used, same, shop)


def _rooms(folder: Path, rooms: int) -> dict[str, Any]:
    began, used = time.perf_counter(), _processor_s()
    pictures = [folder / f"{number}.jpg" for number in range(rooms)]
    for number, path in enumerate(pictures):
        save_picture(room_picture(plan_of(SEED, number, SHOP_ITEMS))[0], path)
    seconds, used = time.perf_counter() - began, _processor_s() - used
    same = [_same(room_picture(plan_of(SEED, 0, SHOP_ITEMS))[0], pictures[0], folder)]
    return _line("rooms", 1, pictures, seconds, used, same, folder)


def _line(
    what: str, jobs: int, pictures: list[Path], seconds: float, used_s: float, same: list[bool], folder: Path
) -> dict[str, Any]:
    baseline_s = _encoded_only(pictures[:60], folder / "again.jpg") * len(pictures)
    return record.line(
        f"world-shop-{what}-{jobs}", f"draw and write {what} of the rendered shop, {jobs} processes",
        len(pictures) / seconds, "per s", better="higher",
        baseline="JPEG encoding and writing of the same pictures, one process", ratio=baseline_s / seconds,
        quality={"same bytes when drawn alone": sum(same) / len(same), "processor ms a picture": round(1000 * used_s / len(pictures), 1)},
        metrics={"pictures": len(pictures), "bytes a picture": int(np.mean([each.stat().st_size for each in pictures]))},
    )  # fmt: skip


def _processor_s() -> float:
    spent = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _same(pixels: np.ndarray, path: Path, folder: Path) -> bool:
    save_picture(pixels, folder / "alone.jpg")
    return (folder / "alone.jpg").read_bytes() == path.read_bytes()


def _encoded_only(pictures: list[Path], path: Path) -> float:
    decoded = [np.asarray(Image.open(each)) for each in pictures]
    started = time.perf_counter()
    for pixels in decoded:
        save_picture(pixels, path)
    return (time.perf_counter() - started) / len(decoded)


if __name__ == "__main__":
    sys.exit(main())
