"""This file is about switching encoders from a running server: in children that stand back behind it."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from bowerbird.core.errors import ConflictError, IncompatibleIndexError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.generations import Generation, begin_candidate, folder_of, read_generations
from bowerbird.encode.registry import load_encoders
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import is_remote
from bowerbird.retrieve.snapshot_files import read_manifest
from bowerbird.retrieve.switch_told import GenerationsTold, generations_told
from bowerbird.retrieve.switching import cancel_switch
from bowerbird.serve.generations import LiveGeneration
from bowerbird.serve.metrics import Reading

log = logging.getLogger(__name__)

_KEEP_EVERY_S = 30.0
_TRY_AGAIN_S = 60.0


class EncoderAdmin:
    """Starts, follows and ends what switches the lake's encoder. Safe for threads."""

    def __init__(self, lake: Lake, generations: LiveGeneration, config: EncodeConfig) -> None:
        self._lake = lake
        self._generations = generations
        self._config = config
        self._lock = threading.Lock()
        self._jobs: dict[str, subprocess.Popen[bytes]] = {}
        self._not_before_s: dict[str, float] = {}

    def told(self) -> GenerationsTold:
        """What serves and how far a switch is."""
        return generations_told(self._lake.path)

    @property
    def serves(self) -> Generation:
        """What this server answers with; for a moment after a switch still the one before."""
        return self._generations.current.generation

    @property
    def problem(self) -> str:
        """Why this server cannot serve what the lake names; empty where it does."""
        return self._generations.problem

    def switch(self, encoder: str) -> GenerationsTold:
        """Begins a switch, or goes on with it; returns at once.

        Raises:
            ConfigError, MissingModelError: this machine cannot open the encoder.
            ConflictError: it serves already, or another switch is under way.
        """
        load_encoders(self._config.model_copy(update={"encoder": encoder}))
        begin_candidate(self._lake.path, encoder, self._lake.clock.now_ms(), runs_in_server=True)
        self._not_before_s.pop("switch", None)
        self.tend()
        return self.told()

    def cancel(self) -> GenerationsTold:
        """The switch that is under way is given up.

        Raises:
            NotFoundError: there is none.
        """
        cancel_switch(self._lake)
        return self.told()

    def roll_back(self) -> GenerationsTold:
        """Begins to go back to the generation before; what came in since is encoded for it first.

        Raises:
            ConflictError: none served before.
        """
        told = self.told()
        if told.previous is None:
            raise ConflictError("no generation served before this one; there is nothing to go back to")
        self._start("rollback", ["rollback"])
        return told

    def tend(self) -> None:
        """Starts what is due: a switch that was interrupted, and encoding for the generations that wait."""
        kept = read_generations(self._lake.path)
        if kept is None:
            return
        candidate = kept.candidate
        if candidate is not None and candidate.runs_in_server and not candidate.is_ready:
            self._start("switch", ["switch", candidate.encoder, "--in-server"], again_s=_TRY_AGAIN_S)
        if any(self._is_behind(each) for each in kept.companions):
            self._start("keep", ["keep"], again_s=_KEEP_EVERY_S)

    def readings(self) -> Iterator[Reading]:
        """What to show in the metrics."""
        told = self.told()
        labels = {"encoder": self.serves.encoder, "generation": self.serves.id}
        yield "bowerbird_encoder_generation_info", "The generation that answers", labels, 1.0
        yield "bowerbird_encoder_switches", "Generations gone over to", {}, float(self._generations.switches)
        failed = float(bool(self.problem) or (told.progress is not None and told.progress.phase == "failed"))
        yield "bowerbird_encoder_switch_failed", "A switch does not go on by itself", {}, failed
        if told.candidate is not None:
            yield "bowerbird_encoder_switch_progress_ratio", "How far the switch is", {}, told.ratio

    def close(self) -> None:
        """Ends the children; what they did stays, and the next server goes on."""
        with self._lock:
            jobs, self._jobs = list(self._jobs.values()), {}
        for job in jobs:
            job.terminate()
        for job in jobs:
            job.wait()

    def _is_behind(self, generation: Generation) -> bool:
        try:
            saved = read_manifest(folder_of(self._lake.path, generation) / "index" / "words")
        except IncompatibleIndexError:
            return True
        return saved.lake_version != self._lake.items.version

    def _start(self, name: str, words: list[str], *, again_s: float = 0.0) -> None:
        """One child of each name at a time, and another not before `again_s` have passed."""
        with self._lock:
            running = self._jobs.get(name)
            if running is not None and running.poll() is None:
                return
            if time.monotonic() < self._not_before_s.get(name, 0.0):
                return
            self._not_before_s[name] = time.monotonic() + again_s
            home = ["--home", str(self._lake.path)] if is_remote(self._lake.place.address) else []
            self._jobs[name] = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "bowerbird.cli.main", "encode", *words),
                    *("--lake", self._lake.place.address, *home, "--json"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
            log.info("encoder job started", extra={"job": name})
