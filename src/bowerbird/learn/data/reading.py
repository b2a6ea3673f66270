"""This file is about reading: whatever a path holds, the interactions in it."""

from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.clock import Clock, SystemClock
from bowerbird.core.errors import InputError
from bowerbird.lake.lake import Lake
from bowerbird.learn.data.cleaning import CleaningReport, cleaned
from bowerbird.learn.data.config import DataConfig
from bowerbird.learn.data.interactions import Interactions
from bowerbird.learn.data.lake_events import read_lake
from bowerbird.learn.data.movielens import ratings_file, read_movielens
from bowerbird.learn.data.raw import RawRows, Rejects
from bowerbird.learn.data.recbole import inter_file, read_recbole
from bowerbird.learn.data.sequences import NAMES, read_sequences
from bowerbird.learn.data.text_files import first_of

FORMS = "sequences.txt, RecBole's NAME.inter, MovieLens' ratings.csv or ratings.dat, or a lake"


@dataclass(frozen=True, slots=True)
class Reading:
    """Interactions, where they come from, and what was left out.

    Attributes:
        form: `sequences`, `recbole`, `movielens` or `lake`.
        name: of the folder or file, without its place on this machine.
        version: of a lake: item table version and newest event; otherwise empty.
    """

    interactions: Interactions
    form: str
    name: str
    version: str
    report: CleaningReport
    rejects: Rejects


def read(
    path: Path, config: DataConfig | None = None, *, as_of: str | None = None, clock: Clock | None = None
) -> Reading:
    """The interactions in a folder, a file or a lake; its form is found out.

    Raises:
        InputError: nothing of a known form, or nothing usable.
    """
    config, clock = config or DataConfig(), clock or SystemClock()
    path = Path(path)
    form, raw, version = _raw(path, config, as_of)
    if not raw.items and raw.rejects.by_code:
        raise _nothing_left(path, f"none of its rows can be read ({_first_of(raw.rejects)})")
    interactions, report = cleaned(raw, config, clock.now_ms())
    if report.rows and not report.kept:
        left_out = ", ".join(f"{name} {count:,}" for name, count in report.facts().items() if name != "rows")
        raise _nothing_left(path, f"of {report.rows:,} rows none is left ({left_out})")
    return Reading(interactions, form, path.resolve().name, version, report, raw.rejects)


def _raw(path: Path, config: DataConfig, as_of: str | None) -> tuple[str, RawRows, str]:
    if not path.exists():
        raise InputError(f"{path} is not there; needed is a folder or file with {FORMS}; check the path")
    if (path / "tables").is_dir():
        with Lake.open(path) as lake:
            raw, state = read_lake(lake, config, as_of)
        return "lake", raw, state.text
    if as_of is not None:
        raise InputError(f"{path.name} is no lake and has no versions; leave `--as-of` out")
    if path.is_dir() and first_of(path, NAMES):
        return "sequences", read_sequences(path), ""
    if found := ratings_file(path):
        return "movielens", read_movielens(found), ""
    if found := inter_file(path):
        return "recbole", read_recbole(found), ""
    if path.is_file():
        return "sequences", read_sequences(path), ""
    raise InputError(f"{path.name} holds no interactions of a known form; needed is {FORMS}; check the path")


def _nothing_left(path: Path, why: str) -> InputError:
    return InputError(
        f"{path.name} holds no interactions that can be used: {why}; needed is at least one of a person with "
        "an item of the catalogue; `docs/learn.md` says what is left out and why"
    )


def _first_of(rejects: Rejects) -> str:
    first = rejects.rows[0]
    return f"{first.where}, row {first.row}: {first.code}, {first.hint}, was {first.received!r}"
