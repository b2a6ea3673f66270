"""Shop the look: does a box round a thing in a room find that thing in the shop?

The rendered shop knows which item is where in each of its rooms. Every box that covers enough of its picture is asked
about over HTTP, as a person would drag it; found is the item itself or one of its variants among the first ten items
that are no rooms. The baseline, in the same run: the whole room's picture asked about instead of the box.

Run: python benchmarks/bench_world_shop_the_look.py [--items N] [--rooms N] [--shop FOLDER] [--out FILE]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import record
from load import LOOPBACK
from served import Served, serving

SEED, LEAST_SHARE, LOOKED_AT, ASKED_FOR = 7, 0.005, 10, 50


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in a room: the group that it is a variant of, its kind, and `x,y,width,height`."""

    room: str
    group: str
    kind: str
    region: str


def main() -> int:
    """Writes one line."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=480)
    parser.add_argument("--rooms", type=int, default=24)
    parser.add_argument("--shop", type=Path, help="where the shop is kept (default: drawn anew)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        shop, lake = args.shop or Path(scratch) / "shop", Path(scratch) / "lake"
        sizes = ["--items", str(args.items), "--rooms", str(args.rooms), "--seed", str(SEED)]
        _command("world", "shop", str(shop), *sizes)
        for name in ("items", "rooms"):
            _command("lake", "import", str(shop / f"{name}.jsonl"), "--lake", str(lake))
        _command("encode", "run", "--lake", str(lake))
        with serving(lake) as served:
            record.write(lines(served, shop, args.items, args.rooms), args.out)
    return 0


def lines(served: Served, shop: Path, items: int, rooms: int) -> Iterator[dict[str, Any]]:
    """The share of boxes that find their thing, beside that of whole rooms."""
    truths = [json.loads(row) for row in (shop / "truth.jsonl").read_text().splitlines()]
    known = {row["item"]: row for row in truths if "item" in row}
    boxes = list(_boxes(truths, known))
    person = str(served.get("/v1/me")["token"])
    with httpx.Client(
        base_url=f"http://{LOOPBACK}:{served.port}", headers={"Bowerbird-Person": person}, timeout=60
    ) as asks:
        by_box = np.array([_found(asks, known, box, box.region) for box in boxes], float)
        by_room = np.array([_found(asks, known, box, None) for box in boxes], float)
    (found, of_kind), (room_found, room_of_kind) = by_box.mean(axis=0), by_room.mean(axis=0)
    yield record.line(
        "Q-world-shop-look", "boxes in rooms whose item or variant is among the first ten", found, "share",
        better="higher", baseline="asking with the whole room", ratio=found / max(room_found, 1e-9),
        metrics={"found by a box": round(found, 3), "of its kind": round(of_kind, 3), "found by the room": round(room_found, 3),
                 "room, of its kind": round(room_of_kind, 3), "boxes": len(boxes), "items": items, "rooms": rooms},
        interval={"found by a box": _interval(by_box[:, 0]), "found by the room": _interval(by_room[:, 0])},
    )  # fmt: skip


def _boxes(truths: list[dict[str, Any]], known: dict[str, dict[str, Any]]) -> Iterator[Box]:
    for row in truths:
        for seen in row.get("seen", ()):
            if seen["share"] >= LEAST_SHARE:
                left, top, right, bottom = seen["box"]
                item = known[seen["item_id"]]
                region = f"{left:.4f},{top:.4f},{right - left:.4f},{bottom - top:.4f}"
                yield Box(row["room"], item["variant_of"], item["recipe"]["kind"], region)


def _found(
    asks: httpx.Client, known: dict[str, dict[str, Any]], box: Box, region: str | None
) -> tuple[bool, float]:
    """Whether the thing is found, and the share of the first ten that are of its kind."""
    form = {"item_id": box.room, "limit": str(ASKED_FOR)} | ({"region": region} if region else {})
    files = {name: (None, value) for name, value in form.items()}
    answer = asks.post("/v1/search", files=files).raise_for_status()
    ids = [each["item"]["id"] for each in answer.json()["items"]]
    first = [known[each] for each in ids if each in known][:LOOKED_AT]
    kinds = [each["recipe"]["kind"] == box.kind for each in first]
    return any(each["variant_of"] == box.group for each in first), sum(kinds) / max(len(kinds), 1)


def _interval(found: np.ndarray) -> list[float]:
    """95 %, by drawing boxes again."""
    rng = np.random.default_rng(SEED)
    means = found[rng.integers(len(found), size=(2_000, len(found)))].mean(axis=1)
    return [round(float(each), 3) for each in np.quantile(means, [0.025, 0.975])]


def _command(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "bowerbird.cli.main", *words], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
