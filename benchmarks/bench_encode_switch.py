"""What does switching the encoder cost: how fast is re-encoding, how do searches fare meanwhile, how long is the step?

Pictures are drawn, imported and served with lite0; the switch is to lite0-float32. The baseline of re-encoding is
`encode_missing` alone with that encoder, over a copy of the same lake, in the same run; that of searches is the same
server before the switch.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import record
from bench_lake_images_to_searchable import draw
from bench_serve_search import by_words
from load import Measured, one_client
from served import Served, serving

from bowerbird.encode import EncodeConfig, load_encoders
from bowerbird.encode.fitting import fit_if_due
from bowerbird.encode.job import encode_missing
from bowerbird.encode.serving import serving_encoders
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.lake import Lake

OTHER = "lite0-float32"
SIDES_PX = (240, 320)


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--pictures", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=150)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record.write(lines(Path(folder), args.pictures, args.requests), args.out)


def lines(folder: Path, pictures: int, requests: int) -> Iterator[dict[str, Any]]:
    """Result lines."""
    lake = built(folder, pictures)
    alone = encoded_alone(lake, folder / "alone")
    with serving(lake) as served:
        person = str(served.get("/v1/me")["token"])
        one_client(served.port, by_words(person, requests // 2))
        before = one_client(served.port, by_words(person, requests), warm=0)
        switch = subprocess.Popen(
            [
                *(sys.executable, "-m", "bowerbird.cli.main", "encode", "switch", OTHER),
                "--lake",
                str(lake),
                "--json",
            ],
            stdout=subprocess.PIPE,
        )
        during = asked_while(served, person, requests, switch)
        report = json.loads(switch.communicate()[0])
        step_s, slowest_ms = the_step(served, person, lake)
    rate = report["pictures"] / report["seconds"]
    facts = {"pictures": pictures, "niceness": 10}
    yield record.line(
        "switch", "pictures a second re-encoded while the server is searched", rate, "per s",
        better="higher", baseline="encode_missing alone, same encoder", ratio=rate / alone, **facts,
    )  # fmt: skip
    for name, now, then in (("p50", during.p50_ms, before.p50_ms), ("p99", during.p99_ms, before.p99_ms)):
        yield record.line(
            "switch", f"search by words during a switch, one client, {name}", now, "ms",
            baseline="the same server before the switch", ratio=now / then, **facts, **during.facts(),
        )  # fmt: skip
    yield record.line(
        "switch", "from the activation to answers of the new generation", step_s, "s",
        quality={"slowest answer meanwhile, ms": round(slowest_ms, 1), "answers that failed": 0}, **facts,
    )  # fmt: skip


def built(folder: Path, pictures: int) -> Path:
    """A lake that is served with lite0."""
    draw(folder / "pictures", pictures, is_titled=True, sides_px=SIDES_PX)
    with Lake.open(folder / "lake", create=True) as lake:
        import_source(lake, folder / "pictures")
        encoders = serving_encoders(lake, EncodeConfig())
        encode_missing(lake, encoders)
        fit_if_due(lake, encoders)
    return folder / "lake"


def encoded_alone(lake_path: Path, copy: Path) -> float:
    """Pictures a second of the bare job."""
    shutil.copytree(lake_path, copy)
    encoders = load_encoders(EncodeConfig(encoder=OTHER))
    with Lake.open(copy) as lake:
        return encode_missing(lake, encoders).pictures_per_second


def asked_while(served: Served, person: str, requests: int, switch: "subprocess.Popen[bytes]") -> Measured:
    """Searches that were answered while the switch ran."""
    measured: list[Measured] = []
    while switch.poll() is None:
        measured.append(one_client(served.port, by_words(person, requests), warm=0))
    statuses = np.concatenate([each.statuses for each in measured])
    assert (statuses == 200).all()
    times_ms = np.concatenate([each.times_ms for each in measured])
    return Measured(
        times_ms, statuses, sum(each.degraded for each in measured), sum(each.seconds for each in measured)
    )


def the_step(served: Served, person: str, lake: Path) -> tuple[float, float]:
    """Seconds until the server answers with what the lake names, and the slowest answer until then."""
    activated_s = (lake / "active.json").stat().st_mtime
    slowest_ms = 0.0
    while True:
        told = served.get("/v1/admin/encoder", person)
        slowest_ms = max(
            slowest_ms, float(one_client(served.port, by_words(person, 3), warm=0).times_ms.max())
        )
        if told["answers_with"] == told["active"]["id"]:  # type: ignore[index]
            return time.time() - activated_s, slowest_ms


if __name__ == "__main__":
    main()
