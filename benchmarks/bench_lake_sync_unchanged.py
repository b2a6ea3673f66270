"""What does a sync of an unchanged feed cost, as a whole and row by row?

A feed of products, as TSV and as XML, with one picture each by address. It is taken in once (every address gives the
same small picture, so that decoding and the net cost nothing), and then again: as a whole (its bytes have the hash of
those that were taken in), and with one changed row, so that every row is read and known by its hash. The baseline, in
the same run: reading the same file with Python's csv module, or with expat, and doing nothing with it.

Run: python benchmarks/bench_lake_sync_unchanged.py [--rows N] [--out FILE]
"""

import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

import record
from PIL import Image

from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import Fetched, Stamp
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.sourcing import bring_in
from bowerbird.lake.lake import Lake

GOOGLE = "http://base.google.com/ns/1.0"


def main() -> int:
    """Writes two lines a form of feed."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    record.write(lines(args.rows), args.out)
    return 0


def lines(rows: int) -> Iterator[dict[str, Any]]:
    """As a whole, then row by row; TSV, then XML."""
    for form, write, read in (("tsv", write_tsv, read_tsv), ("xml", write_xml, read_xml)):
        with tempfile.TemporaryDirectory() as folder:
            yield from _lines(Path(folder), form, rows, write, read)


def _lines(
    folder: Path, form: str, rows: int, write: Callable[[Path, int, str], None], read: Callable[[Path], int]
) -> Iterator[dict[str, Any]]:
    path, options = folder / f"feed.{form}", ImportOptions(workers=1)
    with Lake.open(folder / "lake", create=True) as lake:
        write(path, rows, "old")
        first_s = _timed(
            lambda: bring_in(lake, str(path), options, picture_fetcher=OnePicture(), keep_unchanged=True)
        )
        lake.maintain()
        whole_s = _timed(
            lambda: bring_in(lake, str(path), options, picture_fetcher=OnePicture(), keep_unchanged=True)
        )
        write(path, rows, "new")
        bare_s = _timed(lambda: read(path))
        run = None

        def again() -> None:
            nonlocal run
            run = bring_in(lake, str(path), options, picture_fetcher=OnePicture(), keep_unchanged=True)

        known_s = _timed(again)
        assert run is not None
        assert (run.report.unchanged, run.report.accepted) == (rows - 1, 1), run.report
    facts = {"first import s": round(first_s, 2), "bare reading s": round(bare_s, 2)}
    baseline = f"reading the {form} and doing nothing with it"
    yield record.line(
        f"sync-whole-{form}", f"sync of an unchanged {form} feed of {rows:,} rows, known by its bytes", whole_s, "s",
        baseline=baseline, ratio=whole_s / bare_s, metrics=facts)  # fmt: skip
    yield record.line(
        f"sync-rows-{form}", f"sync of a {form} feed of {rows:,} rows of which one changed", known_s, "s",
        baseline=baseline, ratio=known_s / bare_s, metrics={**facts, "rows/s": round(rows / known_s)})  # fmt: skip


class OnePicture(Fetcher):
    """Gives the same picture for every address."""

    def __init__(self) -> None:
        super().__init__()
        out = io.BytesIO()
        Image.effect_noise((64, 48), 40).convert("RGB").save(out, "JPEG")
        self._picture = out.getvalue()

    def fetch(self, address: str) -> Fetched:
        """The picture."""
        return Fetched(self._picture, "image/jpeg", address, Stamp())


def products(rows: int, brand_of_last: str) -> Iterator[dict[str, str]]:
    """Products as a shop describes them; the last one has a brand of its own."""
    for at in range(rows):
        yield {
            "id": f"sku-{at}", "title": f"A fine thing of oak and wool, number {at}",
            "description": "It is made by hand, and will be there for the grandchildren. " * 3,
            "link": f"https://shop.example/p/{at}", "image_link": f"https://cdn.example/i/{at}.jpg",
            "price": f"{at % 90 + 9}.99 EUR", "availability": "in stock", "condition": "new",
            "brand": brand_of_last if at == rows - 1 else f"Maker {at % 200}",
            "product_type": "Home > Things > Fine ones", "gtin": str(10**12 + at), "custom_label_0": "spring",
        }  # fmt: skip


def write_tsv(path: Path, rows: int, brand: str) -> None:
    """The feed as TSV."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, next(products(1, brand)), delimiter="\t")
        writer.writeheader()
        writer.writerows(products(rows, brand))


def write_xml(path: Path, rows: int, brand: str) -> None:
    """The feed as RSS."""
    with path.open("w") as file:
        file.write(f'<?xml version="1.0"?><rss version="2.0" xmlns:g="{GOOGLE}"><channel>')
        for product in products(rows, brand):
            inside = "".join(f"<g:{name}>{escape(value)}</g:{name}>" for name, value in product.items())
            file.write(f"<item>{inside}</item>\n")
        file.write("</channel></rss>")


def read_tsv(path: Path) -> int:
    """Every row of a TSV, let go of at once."""
    with path.open(newline="") as file:
        return sum(1 for _ in csv.DictReader(file, delimiter="\t"))


def read_xml(path: Path) -> int:
    """Every element of an XML, let go of at once."""
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:  # noqa: ARG001 - as expat calls it
        nonlocal count
        count += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = len
    with path.open("rb") as file:
        parser.ParseFile(file)
    return count


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
