"""How many rows a second come in from each kind of source, beside a CSV of the same pictures; is memory flat?

The same small JPEGs and words in every form that can hold them: a folder, a zip, CSV, TSV, JSON lines, a product
feed in XML, Parquet and WebDataset with the pictures inside, exports of Pinry and Immich, a list of addresses (a
server on this machine), and exports of recommenders, which have words alone. Each import runs in a process of its
own, over the whole way into the lake. The baseline, in the same run, is the CSV. Memory is the highest resident
set of that process; the ratio is to the same source with a quarter of the rows.

Run: python benchmarks/bench_lake_rows_per_second_by_source.py [--rows N] [--only KIND] [--out FILE]
"""

import csv
import functools
import http.server
import io
import json
import resource
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import record
from bench_lake_sync_unchanged import GOOGLE
from PIL import Image

from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.sourcing import bring_in
from bowerbird.lake.lake import Lake

FEWER = 4


def main() -> int:
    """Writes a line a kind of source; with `--one`, imports that and prints what it cost."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--only", default="", help="only this kind, and the CSV")
    parser.add_argument(
        "--one", nargs=2, metavar=("SOURCE", "KIND"), help="for the processes of this benchmark"
    )
    args = parser.parse_args()
    if args.one:
        print(json.dumps(imported(*args.one)))
        return 0
    record.write(lines(args.rows, args.only), args.out)
    return 0


def lines(rows: int, only: str) -> Iterator[dict[str, Any]]:
    """The CSV first, which the others are compared with."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few", Path(folder) / "many"
        draw(few, rows // FEWER)
        draw(many, rows)
        base = 0.0
        for kind, write in SOURCES.items():
            if only not in ("", kind) and kind != "csv":
                continue
            small, large = (_cost(write, place, kind) for place in (few, many))
            base = base or large["rows/s"]
            yield record.line(
                f"source-{kind}", f"import of {rows:,} rows from {NAMES[kind]}", large["rows/s"], "rows/s",
                better="higher", baseline="the same as CSV", ratio=large["rows/s"] / base,
                metrics={"peak MB": large["peak MB"], "peak to a quarter of it": round(large["peak MB"] / small["peak MB"], 2)},
            )  # fmt: skip


def imported(source: str, kind: str) -> dict[str, float]:
    """Rows a second, and the highest memory of this process in MB."""
    options = ImportOptions(
        kind=kind if kind not in ("folder", "zip") else "pictures", allowed_hosts=("127.0.0.1",)
    )
    with tempfile.TemporaryDirectory() as folder, Lake.open(Path(folder) / "lake", create=True) as lake:
        started = time.perf_counter()
        report = bring_in(lake, source, options).report
        seconds = time.perf_counter() - started
    assert report.accepted == report.rows_in > 0, report
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows/s": round(report.rows_in / seconds, 1), "peak MB": round(peak_mb, 1)}


def _cost(write: Callable[[Path], str], pictures: Path, kind: str) -> dict[str, float]:
    server, source = None, write(pictures)
    if kind == "addresses":
        handler = functools.partial(Quiet, directory=str(pictures))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_address[1]}"
        Path(source).write_text("\n".join(f"{where}/{path.name}" for path in sorted(pictures.glob("*.jpg"))))
    words = [sys.executable, __file__, "--one", source, kind]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if server is not None:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr[-2_000:]
    costs: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return costs


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a line a request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


def draw(folder: Path, count: int) -> None:
    """Small pictures that differ, seeded."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    for at in range(count):
        small = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((200, 150), Image.Resampling.BICUBIC)
        picture.save(folder / f"thing-{at:06d}.jpg", quality=85)


def rows_of(pictures: Path) -> Iterator[dict[str, str]]:
    """The words of each picture."""
    for at, path in enumerate(sorted(pictures.glob("*.jpg"))):
        yield {
            "id": path.stem, "title": f"Thing of oak number {at}", "description": "It is made by hand.",
            "image_link": path.name, "price": f"{at % 90}.99 EUR", "brand": f"Maker {at % 200}",
        }  # fmt: skip


def as_folder(pictures: Path) -> str:
    only = pictures / "folder"
    only.mkdir()
    for path in pictures.glob("*.jpg"):
        (only / path.name).hardlink_to(path)
    return str(only)


def as_zip(pictures: Path) -> str:
    with zipfile.ZipFile(pictures / "all.zip", "w") as packed:
        for path in sorted(pictures.glob("*.jpg")):
            packed.write(path, path.name)
    return str(pictures / "all.zip")


def as_table(pictures: Path, name: str, delimiter: str) -> str:
    with (pictures / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, next(rows_of(pictures)), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows_of(pictures))
    return str(pictures / name)


def as_json_lines(pictures: Path) -> str:
    (pictures / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_of(pictures)))
    return str(pictures / "items.jsonl")


def as_feed(pictures: Path) -> str:
    items = (
        "<item>" + "".join(f"<g:{name}>{value}</g:{name}>" for name, value in row.items()) + "</item>\n"
        for row in rows_of(pictures)
    )
    text = f'<rss version="2.0" xmlns:g="{GOOGLE}"><channel>{"".join(items)}</channel></rss>'
    (pictures / "feed.xml").write_text(text)
    return str(pictures / "feed.xml")


def as_parquet(pictures: Path) -> str:
    rows = list(rows_of(pictures))
    images = [
        {"bytes": (pictures / row["image_link"]).read_bytes(), "path": row["image_link"]} for row in rows
    ]
    table = pa.table(
        {"image": images, "id": [row["id"] for row in rows], "text": [row["title"] for row in rows]}
    )
    pq.write_table(table, pictures / "set.parquet", row_group_size=100)
    return str(pictures / "set.parquet")


def as_webdataset(pictures: Path) -> str:
    with tarfile.open(pictures / "set.tar", "w") as tar:
        for row in rows_of(pictures):
            for ending, content in (
                ("jpg", (pictures / row["image_link"]).read_bytes()),
                ("json", json.dumps({"caption": row["title"]}).encode()),
            ):
                info = tarfile.TarInfo(f"{row['id']}.{ending}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return str(pictures / "set.tar")


def as_addresses(pictures: Path) -> str:
    return str(pictures / "list.txt")


def as_pinry(pictures: Path) -> str:
    pins = [
        {"id": at, "submitter": {"username": "a"}, "description": row["title"], "referer": None, "tags": ["oak"],
         "url": None, "image": {"image": f"/media/{row['image_link']}"}}
        for at, row in enumerate(rows_of(pictures))
    ]  # fmt: skip
    (pictures / "pins.json").write_text(json.dumps({"results": pins}))
    return str(pictures / "pins.json")


def as_immich(pictures: Path) -> str:
    assets = [
        {"id": row["id"], "originalFileName": row["image_link"], "originalPath": f"upload/{row['image_link']}",
         "fileCreatedAt": "2023-07-01T08:30:00Z", "exifInfo": {"description": row["title"]}, "ownerId": "a"}
        for row in rows_of(pictures)
    ]  # fmt: skip
    (pictures / "assets.json").write_text(json.dumps(assets))
    return str(pictures / "assets.json")


def as_gorse(pictures: Path) -> str:
    folder = pictures / "gorse"
    folder.mkdir()
    items = ({"ItemId": row["id"], "Comment": row["title"], "Labels": ["oak"]} for row in rows_of(pictures))
    (folder / "items.jsonl").write_text("".join(json.dumps(each) + "\n" for each in items))
    events = (
        {
            "FeedbackType": "read",
            "UserId": f"u{at % 50}",
            "ItemId": row["id"],
            "Timestamp": "2024-03-01T12:00:00Z",
        }
        for at, row in enumerate(rows_of(pictures))
    )
    (folder / "feedback.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events))
    return str(folder)


def as_recbole(pictures: Path) -> str:
    folder = pictures / "recbole"
    folder.mkdir()
    rows = list(rows_of(pictures))
    items = "".join(f"{row['id']}\t{row['title']}\n" for row in rows)
    (folder / "x.item").write_text(f"item_id:token\tname:token_seq\n{items}")
    inter = "".join(f"u{at % 50}\t{row['id']}\t{at % 5 + 1}\t{at}\n" for at, row in enumerate(rows))
    (folder / "x.inter").write_text(f"user_id:token\titem_id:token\trating:float\ttimestamp:float\n{inter}")
    return str(folder)


SOURCES: dict[str, Callable[[Path], str]] = {
    "csv": lambda pictures: as_table(pictures, "items.csv", ","),
    "tsv": lambda pictures: as_table(pictures, "items.tsv", "\t"),
    "jsonl": as_json_lines,
    "feed": as_feed,
    "folder": as_folder,
    "zip": as_zip,
    "parquet": as_parquet,
    "webdataset": as_webdataset,
    "pinry": as_pinry,
    "immich": as_immich,
    "addresses": as_addresses,
    "gorse": as_gorse,
    "recbole": as_recbole,
}
NAMES = {
    "csv": "a CSV", "tsv": "a TSV", "jsonl": "JSON lines", "feed": "a product feed in XML", "folder": "a folder",
    "zip": "a zip", "parquet": "Parquet with the pictures inside", "webdataset": "a WebDataset tar",
    "pinry": "an export of Pinry", "immich": "an export of Immich", "addresses": "a list of addresses",
    "gorse": "an export of Gorse (words and events)", "recbole": "RecBole's atomic files (words and events)",
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
