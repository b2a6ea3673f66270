"""This file is about one run of a registered source: read if it changed, held if it would remove too much."""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from bowerbird.core.claims import claimed
from bowerbird.core.errors import BowerbirdError, ConfigError, ConflictError
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.shards import is_pattern
from bowerbird.lake.importing.sourcing import Tell, bring_in
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import Source, SourceRun

log = logging.getLogger(__name__)


def add_source(lake: Lake, name: str, place: str, options: ImportOptions, *, every_s: int) -> Source:
    """Registers a source; its first run is due at once.

    Raises:
        ConfigError: the name cannot be one.
        ConflictError: there is one of this name.
    """
    if not name or len(name) > 100 or not name.isprintable() or "/" in name:
        raise ConfigError(f"source name {name[:100]!r} was received; needed are 1 to 100 letters without /")
    place = place if "://" in place or is_pattern(place) else str(Path(place).resolve())
    return lake.records.sources.add(name, place, options_text(options), every_s=every_s)


def run_source(lake: Lake, name: str, progress: Tell | None = None) -> SourceRun:
    """Synchronises a source with the lake, and gives what came of it; what fails is in its history.

    Raises:
        NotFoundError: there is no such source.
        ConflictError: it is being run.
    """
    sources = lake.records.sources
    found = sources.get(name)
    with _alone(lake, name):
        run_id = sources.begin(name)
        try:
            options = options_of_text(found.options, name=name, agreed_missing=found.agreed_missing)
            run = bring_in(lake, found.place, options, progress, keep_unchanged=True)
        except (BowerbirdError, OSError) as error:
            log.warning("source failed", extra={"source": name, "failures": found.failures + 1})
            return sources.finish(name, run_id, "failed", said=str(error)[:1_000])
        report = json.dumps(asdict(run.report), ensure_ascii=False)
        if run.removal.held:
            said = run.removal.held.replace("say --yes", f"say `lake sync agree {name}`")
            return sources.finish(
                name, run_id, "waiting", report=report, said=said, missing=run.removal.missing
            )
        return sources.finish(name, run_id, "unchanged" if run.report.is_unread else "done", report=report)


def options_text(options: ImportOptions) -> str:
    """What is kept of the options of a source."""
    said = {name: value for name, value in asdict(options).items() if name in _KEPT}
    said["images"] = None if options.images is None else str(options.images.resolve())
    return json.dumps(said, ensure_ascii=False)


def options_of_text(text: str, *, name: str, agreed_missing: int = 0) -> ImportOptions:
    """The options that were kept; what a later version no longer knows is passed over."""
    said = {key: value for key, value in json.loads(text).items() if key in _KEPT}
    said["images"] = Path(said["images"]) if said.get("images") else None
    said["allowed_hosts"] = tuple(said.get("allowed_hosts", ()))
    return ImportOptions(**said, name=name, agreed_missing=agreed_missing)


_KEPT = frozenset(field.name for field in fields(ImportOptions)) - {"name", "is_agreed", "agreed_missing"}


@contextmanager
def _alone(lake: Lake, name: str) -> Iterator[None]:
    """While nobody else runs the source; a process that dies lets go of it.

    Raises:
        ConflictError: somebody does.
    """
    path = lake.path / "imports" / f"source-{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
    with claimed(path) as is_ours:
        if not is_ours:
            raise ConflictError(f"source {name!r} is being run; wait until that has ended")
        yield
