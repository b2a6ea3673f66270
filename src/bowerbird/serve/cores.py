"""This file is about how many processor cores this process may really use."""

import math
import os
from pathlib import Path

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_CGROUP_V1_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def usable_cores() -> int:
    """Cores of the affinity mask, cut to the container's quota; at least 1.

    `os.cpu_count()` counts the host's cores, so a container with two of 64 would start 64 threads.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota_cores()
    return max(1, allowed if quota is None else min(allowed, math.ceil(quota)))


def parse_cpu_max(text: str) -> float | None:
    """Cores from the text of `cpu.max`, such as `150000 100000` for 1.5; None without a limit."""
    parts = text.split()
    if len(parts) != 2 or parts[0] == "max":
        return None
    return int(parts[0]) / int(parts[1])


def _quota_cores() -> float | None:
    try:
        if _CGROUP_V2.exists():
            return parse_cpu_max(_CGROUP_V2.read_text())
        quota_us = int(_CGROUP_V1_QUOTA.read_text())
        return quota_us / int(_CGROUP_V1_PERIOD.read_text()) if quota_us > 0 else None
    except (OSError, ValueError):
        return None  # no cgroup here, or one that we may not read: the affinity mask decides
