"""Worker processes decode pictures, and may die."""

import contextlib
import io
import os
import signal
import subprocess
import time
from functools import lru_cache

import pytest
from PIL import Image

from bowerbird.core.errors import OverloadedError, PictureError
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.pictures import PictureLimits, Region, decode_picture


def picture(size: int = 64, colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "JPEG")
    return out.getvalue()


@lru_cache(maxsize=1)
def slow_picture() -> bytes:
    """About a second of work."""
    out = io.BytesIO()
    Image.effect_noise((6_000, 6_000), 90).convert("RGB").save(out, "PNG", compress_level=1)
    return out.getvalue()


def test_worker_answers_as_the_function_does() -> None:
    content = picture()

    with DecodePool(workers=1) as pool:
        assert pool.decode(content).result() == decode_picture(content)
        assert (
            pool.decode(content, region=Region(0.0, 0.0, 0.5, 1.0)).result()
            == decode_picture(content, region=Region(0.0, 0.0, 0.5, 1.0))
        )  # fmt: skip


def test_refusal_comes_back_with_its_code_and_hint() -> None:
    with DecodePool(workers=1) as pool, pytest.raises(PictureError) as refused:
        pool.decode(b"%PDF-1.7 ...").result()

    assert refused.value.code == "document"
    assert "PNG" in refused.value.hint


def test_picture_that_takes_too_long_is_refused_and_the_next_is_decoded() -> None:
    limits = PictureLimits(seconds=0.3)

    with DecodePool(workers=1, limits=limits) as pool:
        pool.warm()
        slow = pool.decode(slow_picture())
        following = pool.decode(picture())

        with pytest.raises(PictureError) as refused:
            slow.result()
        assert refused.value.code == "too-slow"
        assert following.result().width_px == 64


def test_worker_that_got_no_processor_for_a_while_still_answers() -> None:
    others = children_of(os.getpid())  # of a server that another module keeps running
    with DecodePool(workers=1, limits=PictureLimits(seconds=1.0)) as pool:
        pool.warm()
        (worker,) = children_of(os.getpid()) - others
        os.kill(worker, signal.SIGSTOP)
        answer = pool.decode(picture())
        time.sleep(1.5)
        os.kill(worker, signal.SIGCONT)

        assert answer.result().width_px == 64
        assert children_of(os.getpid()) - others == {worker}


def test_picture_that_needs_too_much_memory_is_refused_and_the_next_is_decoded() -> None:
    limits = PictureLimits(memory_bytes=600 * 2**20, max_pixels=2_000_000_000)
    out = io.BytesIO()
    Image.new("L", (30_000, 30_000)).save(out, "PNG", compress_level=1)

    with DecodePool(workers=1, limits=limits) as pool:
        with pytest.raises(PictureError) as refused:
            pool.decode(out.getvalue()).result()

        assert refused.value.code in ("too-much-memory", "decoder-crashed")
        assert pool.decode(picture()).result().width_px == 64


def test_worker_that_was_killed_costs_no_picture() -> None:
    others = children_of(os.getpid())
    with DecodePool(workers=1) as pool:
        pool.warm()
        kill(children_of(os.getpid()) - others)

        assert pool.decode(picture()).result().width_px == 64

        struck = pool.decode(slow_picture())
        time.sleep(0.2)
        kill(children_of(os.getpid()) - others)
        assert struck.result().width_px == 6_000


def test_picture_whose_workers_are_killed_again_and_again_is_refused_and_the_next_is_decoded() -> None:
    others = children_of(os.getpid())
    with DecodePool(workers=1) as pool:
        pool.warm()
        struck = pool.decode(slow_picture())
        while not struck.done():
            time.sleep(0.2)
            kill(children_of(os.getpid()) - others)

        # Killed before it could say that it had started, it is a worker that did not start.
        with pytest.raises((PictureError, OverloadedError)):
            struck.result()
        assert pool.decode(picture()).result().width_px == 64


def kill(processes: set[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def test_full_queue_refuses_who_will_not_wait() -> None:
    content = slow_picture()

    with DecodePool(workers=1) as pool:
        answers = [pool.decode(content) for _ in range(5)]  # one in hand, four waiting
        with pytest.raises(OverloadedError):
            pool.decode(content, wait=False)
        for answer in answers:
            answer.cancel()


def test_closed_pool_leaves_no_process() -> None:
    before = children_of(os.getpid())
    pool = DecodePool(workers=2)
    pool.warm()

    pool.close()

    assert children_of(os.getpid()) == before


def children_of(parent: int) -> set[int]:
    """Worker processes of this one."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return {int(line.split()[0]) for line in listed.stdout.splitlines() if "decoding_worker" in line}
