"""This file is about memory that is free but still ours: giving it back to the system after a large job."""

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Freed memory goes back to the system where the allocators allow it.

    After loading a million items some 400 MB of read buffers lie free in glibc and count as resident.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; other systems have none
    if trim is not None:
        trim(0)
