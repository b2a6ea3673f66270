"""How many pictures a second are encoded, and how true is int8? The job beside a bare loop on the same files.

The baseline is a bare decode-and-encode loop over the same thumbnails with one thread a core, in the same run; the
job adds finding what is missing, stamps and writing to the lake. Memory is the growth of the resident set from the
first quarter of the pictures to the last. Precision compares the int8 network with the float one.

Run: python benchmarks/bench_encode_items_per_second.py [--out FILE]
"""

import io
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import catalogues
import numpy as np
import pyarrow as pa
import record
from PIL import Image

from bowerbird.encode import EncodeConfig, load_encoders
from bowerbird.encode.job import encode_missing
from bowerbird.encode.lite0 import Lite0Encoder
from bowerbird.encode.stored import picture_table
from bowerbird.lake.lake import Lake

PICTURES = 1_200
NAME = "clothing-photos"


def main() -> int:
    """Writes one line a question."""
    made = record.parser(__doc__.splitlines()[0]).parse_args()
    if not catalogues.is_there(NAME):
        print(f"no catalogue is in {catalogues.DATA}; nothing was measured", file=sys.stderr)
        return 0
    record.write(lines(), made.out)
    return 0


def lines() -> Iterator[dict[str, Any]]:
    """Speed of the job, then truth and speed of the network."""
    thumbs = list(_thumbs())
    encoder = load_encoders(EncodeConfig()).pictures
    bare = _bare(thumbs, encoder.encode_pictures, EncodeConfig().worker_threads)
    rate, growth_mb = _job(thumbs)
    yield record.line(
        "P1-encode", f"pictures/s of the encode job, {len(thumbs)} thumbnails, all cores", rate, "pictures/s",
        target=round(0.85 * bare, 1), better="higher", baseline="bare decode-and-encode loop", ratio=rate / bare,
        metrics={"memory growth MB": round(growth_mb, 1)})  # fmt: skip
    exact = Lite0Encoder(EncodeConfig().models_folder, precision="float32")
    pixels = [_pixels(thumb) for thumb in thumbs[:300]]
    ours = np.concatenate([encoder.encode_pictures([each]) for each in pixels])
    theirs = np.concatenate([exact.encode_pictures([each]) for each in pixels])
    cosines = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    rows, bias = exact.classifier.rows, exact.classifier.bias
    agree = ((ours @ rows.T + bias).argmax(1) == (theirs @ rows.T + bias).argmax(1)).mean()
    metrics = {
        "cosine to float": float(cosines.mean()),
        "least cosine": float(cosines.min()),
        "top-1": float(agree),
    }
    yield record.line(
        "Q-lite0-int8", "int8 beside float32 on 300 photographs", metrics["cosine to float"], "cosine",
        better="higher", metrics={name: round(value, 4) for name, value in metrics.items()})  # fmt: skip
    for threads in (1, 2):
        speed = {
            name: _rate(pixels, network.encode_pictures, threads)
            for name, network in (("int8", encoder), ("float32", exact))
        }
        yield record.line(
            f"E-network-{threads}", f"pictures/s of the network, {threads} threads, one at a time", speed["int8"],
            "pictures/s", better="higher", baseline="float32", ratio=speed["int8"] / speed["float32"])  # fmt: skip


def _job(thumbs: list[bytes]) -> tuple[float, float]:
    """Pictures/s of the job, and how much its memory grew after the first quarter."""
    sizes: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Lake.open(Path(folder) / "lake", create=True) as lake:
        encoders = load_encoders(EncodeConfig())
        picture_table(lake, encoders)  # an empty table is made once in a lake's life
        schema = lake.media.spec.schema
        columns = {name: pa.nulls(len(thumbs), schema.field(name).type) for name in schema.names}
        columns["id"] = pa.array([f"{row:064x}" for row in range(len(thumbs))])
        columns["thumb"] = pa.array(thumbs, pa.binary())
        lake.media.upsert(pa.table(columns, schema=schema))
        started = time.perf_counter()
        report = encode_missing(lake, encoders, lambda _kind, _done: sizes.append(_resident_mb()))
        seconds = time.perf_counter() - started
    return report.pictures / seconds, max(sizes) - sizes[len(sizes) // 4]


def _bare(thumbs: list[bytes], encode: Callable[[Any], Any], threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        for _ in pool.map(lambda thumb: encode([_pixels(thumb)]), thumbs):
            pass
        return len(thumbs) / (time.perf_counter() - started)


def _rate(pixels: list[np.ndarray], encode: Callable[[Any], Any], threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        for _ in pool.map(lambda each: encode([each]), pixels):
            pass
        return len(pixels) / (time.perf_counter() - started)


def _thumbs() -> Iterator[bytes]:
    with zipfile.ZipFile(catalogues.DATA / f"catalogue-{NAME}" / "images.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".jpg"))[:PICTURES]:
            yield archive.read(name)


def _pixels(thumb: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(thumb)) as picture:
        return np.asarray(picture.convert("RGB"))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(main())
