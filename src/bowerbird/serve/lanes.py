"""This file is about lanes: threads by kind of work, so that no kind waits for another."""

from dataclasses import dataclass

from bowerbird.serve.settings import ServeSettings
from bowerbird.serve.workers import WorkerPool

_WRITE_THREADS = 4
_READ_THREADS = 2
_LONG_QUEUE = 1_000


@dataclass(frozen=True, slots=True)
class Lanes:
    """One pool for each kind of work.

    Attributes:
        models: encoders, indexes, ranking; one thread a core.
        reads: records and tables.
        writes: what must be on the disk before it is answered; its threads wait for the disk.
        pictures: display sizes.
        cheap: pages for when the models' queue is full.
    """

    models: WorkerPool
    reads: WorkerPool
    writes: WorkerPool
    pictures: WorkerPool
    cheap: WorkerPool

    @classmethod
    def open(cls, settings: ServeSettings) -> "Lanes":
        """Threads for these settings."""
        cores = settings.threads
        return cls(
            WorkerPool(
                "models",
                threads=cores,
                queue_limit=settings.queue_limit,
                queue_wait_ms=settings.queue_wait_ms,
            ),
            WorkerPool("reads", threads=_READ_THREADS, queue_limit=_LONG_QUEUE),
            WorkerPool("writes", threads=_WRITE_THREADS, queue_limit=_LONG_QUEUE, niceness=0),
            WorkerPool("pictures", threads=cores, queue_limit=_LONG_QUEUE, niceness=8),
            WorkerPool("cheap", threads=1, queue_limit=settings.queue_limit),
        )

    def each(self) -> tuple[WorkerPool, ...]:
        """All of them."""
        return (self.models, self.reads, self.writes, self.pictures, self.cheap)

    def close(self) -> None:
        """Let running work end and drop what waits."""
        for pool in self.each():
            pool.close()
