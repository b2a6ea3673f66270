"""This file is about the picture of an hour under load: latency, failures and memory over its minutes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from moments import Memory, Moment


class Minute(NamedTuple):
    """What was due in one minute."""

    minute: int
    p50_ms: float
    p99_ms: float
    failed: int


def draw(
    minutes: Sequence[Minute], moments: Sequence[Moment], memory: Memory, began_s: float, file: Path
) -> None:
    """Two panels over the same minutes; moments are shaded and numbered, and named above."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "bowerbird"
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5.6), sharex=True, layout="constrained")
    middle = [each.minute + 0.5 for each in minutes]
    above.plot(middle, [each.p99_ms for each in minutes], marker="o", markersize=3, label="p99")
    above.plot(middle, [each.p50_ms for each in minutes], marker="o", markersize=3, label="p50")
    above.set_yscale("log")
    above.set_ylabel("ms, of a minute's requests")
    at = (np.array(memory.at_s) - began_s) / 60
    for life in sorted(set(memory.life)):
        of_life = np.array(memory.life) == life
        for name, values, colour in (
            ("with its children", memory.all_mb, "C2"),
            ("server", memory.server_mb, "C3"),
        ):
            below.plot(
                at[of_life], np.array(values)[of_life], color=colour, label=name if life == 0 else None
            )
    below.set_ylabel("MB of memory")
    below.set_xlabel("minutes")
    for number, moment in enumerate(moments, start=1):
        start, end = ((each - began_s) / 60 for each in (moment.from_s, moment.to_s))
        for axis in (above, below):
            axis.axvspan(start, max(end, start + 0.03), color="grey", alpha=0.25, linewidth=0)
        above.text(
            (start + end) / 2,
            1.01,
            str(number),
            transform=above.get_xaxis_transform(),
            ha="center",
            fontsize=8,
        )
    names = "   ".join(f"{number} {moment.name}" for number, moment in enumerate(moments, start=1))
    figure.suptitle(names, fontsize=7, wrap=True)
    for axis in (above, below):
        axis.legend(fontsize=7, loc="upper left")
        axis.grid(alpha=0.25)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
