"""This file is about `bowerbird doctor`: is everything here that Bowerbird needs, and if not, what to do."""

import argparse
import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bowerbird.cli.lake_leaf import add_home_option, opened
from bowerbird.core.errors import BowerbirdError
from bowerbird.lake.homes import home_folder
from bowerbird.lake.places import as_address

LOW_DISK_GB = 2
ENGINES = ("pylance", "faiss-cpu", "onnxruntime", "pillow", "pyvips", "fastapi", "uvicorn", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    is_good: bool
    found: str
    advice: str = ""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `doctor`."""
    doctor = commands.add_parser("doctor", help="check this machine, the models and a lake")
    doctor.add_argument(
        "--lake", type=as_address, help="also open this lake and look at what is derived from it"
    )
    add_home_option(doctor)
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=run_doctor)


def run_doctor(args: argparse.Namespace) -> int:
    """Prints every finding; 1 if any is bad."""
    checks: list[Callable[[], Finding]] = [check_python, check_cores, check_engines, check_models]
    if args.lake is not None:
        checks += [lambda: check_disk(home_folder(args.lake, args.home)), lambda: check_lake(args)]
        checks.append(lambda: check_healed(home_folder(args.lake, args.home)))
    findings = [check() for check in checks]
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            mark = "good" if finding.is_good else "BAD "
            print(
                f"{mark}  {finding.what}: {finding.found}" + (f"; {finding.advice}" if finding.advice else "")
            )
    return 0 if all(finding.is_good for finding in findings) else 1


def check_python() -> Finding:
    """Python 3.11 or newer."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), version)


def check_cores() -> Finding:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("cores", True, f"{cores} usable")


def check_engines() -> Finding:
    """The packages that do the heavy work, at the versions they were tested with."""
    versions, missing = [], []
    for name in ENGINES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    advice = f"install them with `pip install {' '.join(missing)}`" if missing else ""
    return Finding("engines", not missing, ", ".join(versions), advice)


def check_models() -> Finding:
    """The default encoders load and answer."""
    from bowerbird.encode import EncodeConfig, load_encoders

    try:
        encoders = load_encoders(EncodeConfig())
        encoders.words.encode_words(["a blue bower"])
    except BowerbirdError as error:
        return Finding(
            "models", False, str(error), "reinstall with `pip install --force-reinstall bowerbird`"
        )
    return Finding("models", True, f"{encoders.pictures.stamp.text}, {encoders.words.stamp.text}")


def check_disk(lake: Path) -> Finding:
    """Room for the lake to grow."""
    place = next(each for each in (lake, *lake.resolve().parents) if each.exists())
    free_gb = shutil.disk_usage(place).free / 1e9
    return Finding("disk", free_gb >= LOW_DISK_GB, f"{free_gb:.1f} GB free at {place}")


def check_lake(args: argparse.Namespace) -> Finding:
    """The lake opens; what it holds."""
    try:
        with opened(args) as lake:
            return Finding("lake", True, f"{lake.items.count():,} item rows at version {lake.items.version}")
    except BowerbirdError as error:
        return Finding("lake", False, str(error))


def check_healed(lake: Path) -> Finding:
    """What opening the lake has put right lately; bad only where rows could not be given back."""
    from bowerbird.lake.healing import healings

    told = healings(lake / "journal")
    if not told:
        return Finding("healed", True, "nothing had to be healed")
    last = told[-1]
    at = datetime.fromtimestamp(last["at_ms"] / 1000, UTC).isoformat(timespec="seconds")
    lost = sum(each["entries_unreadable"] for each in told)
    return Finding(
        "healed",
        lost == 0,
        f"{len(told)} times, last table {last['table']} at {at} ({last['damage'] or 'an unfinished write'})",
        "entries of its journal could not be read: import again, or restore a backup" if lost else "",
    )
