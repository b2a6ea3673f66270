"""Workers: bounded waiting, errors handed on, background loops that outlive errors."""

import asyncio
import threading
import time

import pytest

from bowerbird.core.errors import NotFoundError, OverloadedError
from bowerbird.serve.workers import Repeater, WorkerPool


def test_work_runs_on_a_thread_of_the_pool_and_gives_its_result() -> None:
    async def main() -> str:
        pool = WorkerPool("test", threads=1, queue_limit=1)
        try:
            return await pool.run(lambda: threading.current_thread().name)
        finally:
            pool.close()

    assert asyncio.run(main()).startswith("bowerbird-test")


def test_error_of_the_work_reaches_the_caller() -> None:
    async def main() -> None:
        pool = WorkerPool("test", threads=1, queue_limit=1)

        def work() -> None:
            raise NotFoundError("nothing here")

        try:
            await pool.run(work)
        finally:
            pool.close()

    with pytest.raises(NotFoundError):
        asyncio.run(main())


def test_more_work_than_may_wait_is_refused_at_once_and_the_rest_is_done() -> None:
    async def main() -> tuple[list[object], float]:
        pool = WorkerPool("test", threads=1, queue_limit=2)
        gate = threading.Event()
        started = time.perf_counter()
        waiting = [asyncio.ensure_future(pool.run(gate.wait, 10)) for _ in range(5)]
        _, still = await asyncio.wait(waiting, timeout=0.2)
        refused_after_s = time.perf_counter() - started
        assert len(still) == 3
        gate.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        pool.close()
        return list(results), refused_after_s

    results, seconds = asyncio.run(main())

    assert [isinstance(each, OverloadedError) for each in results].count(True) == 2
    assert results.count(True) == 3
    assert seconds < 5


def test_work_that_waited_too_long_is_given_up() -> None:
    async def main() -> list[object]:
        pool = WorkerPool("test", threads=1, queue_limit=5, queue_wait_ms=50)
        results = await asyncio.gather(
            pool.run(time.sleep, 0.2), pool.run(time.sleep, 0), return_exceptions=True
        )
        pool.close()
        return list(results)

    first, second = asyncio.run(main())

    assert first is None
    assert isinstance(second, OverloadedError)


def test_place_in_the_queue_is_free_again_after_the_work() -> None:
    async def main() -> None:
        pool = WorkerPool("test", threads=1, queue_limit=1)
        for _ in range(20):
            await pool.run(int)
            await asyncio.sleep(0)
        assert pool.depth == 0
        pool.close()

    asyncio.run(main())


def test_closed_pool_says_that_the_server_stops() -> None:
    async def main() -> None:
        pool = WorkerPool("test", threads=1, queue_limit=1)
        pool.close()
        await pool.run(int)

    with pytest.raises(OverloadedError, match="stopping"):
        asyncio.run(main())


def test_repeater_goes_on_after_an_error_and_answers_a_poke() -> None:
    calls: list[int] = []
    twice = threading.Event()

    def work() -> None:
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        raise ValueError("the first call fails")

    repeater = Repeater("test", work, every_s=60.0)
    repeater.start()
    repeater.poke()
    while len(calls) < 1:
        time.sleep(0.01)
    repeater.poke()

    assert twice.wait(5)
    repeater.stop()
