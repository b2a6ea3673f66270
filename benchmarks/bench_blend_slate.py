"""What does variety on a page cost, in worth and in time, by each way of asking for it?

Shop photos (catalogue-fashion) as the built-in encoder sees them. A person is one photo that they liked: 400 candidates are
its 300 nearest and 100 drawn ones, a candidate's worth is how near it is. Of each page of 25: worth beside the best page's,
how unlike its pictures are within eight slots of each other, and how many kinds of article it has. Each of the three ways
goes through the same strengths, with nothing else asked for (no spacing, no shares). Baseline: the order of worth. Time is of
one whole page, also with spacing, shares and copies closed, as the feed asks for it.

Run: python benchmarks/bench_blend_slate.py [--people N] [--plot FILE] [--out FILE]
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catalogues
import numpy as np
import record

from bowerbird.blend import BlendConfig, Pool, fill_slate
from bowerbird.taste.encoder.judging import interval

WAYS = ("sliding_spectrum", "determinantal", "marginal_relevance")
STRENGTHS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 4.0)
TOLD = (0.0, 0.1, 0.3, 0.8, 2.0)
NEAREST, DRAWN, SLOTS, WINDOW = 300, 100, 25, 8
OURS = BlendConfig()
AT_WORTH = 0.97
"""Ways are compared where they leave so much of the worth."""


def main() -> int:
    """Writes one line a way, and one for the default page."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--plot", type=Path, help="SVG of worth against variety")
    made = parser.parse_args()
    if not catalogues.is_there("fashion"):
        print("skipped: the shared data are not on this machine", file=sys.stderr)
        return 0
    record.write(lines(made.people, made.plot), made.out)
    return 0


def lines(people: int, file: Path | None) -> Iterator[dict[str, Any]]:
    """The curve of each way, then what the feed's own settings do."""
    shelf = catalogues.load("fashion")
    looks = (shelf.pictures / np.linalg.norm(shelf.pictures, axis=1, keepdims=True)).astype(np.float32)
    _, kinds = np.unique(shelf.column("articleType"), return_inverse=True)
    rng = np.random.default_rng(0)
    pools = [pool_of(looks, kinds, int(liked), rng) for liked in rng.permutation(len(looks))[:people]]
    curves = {way: [judged(pools, plain(way, strength)) for strength in STRENGTHS] for way in WAYS}
    if file is not None:
        plot(curves, file)
    for way, points in curves.items():
        unlike = at_worth(points)
        ms, greedy_ms = page_ms(pools, OURS.model_copy(update={"diversity": way})), page_ms(pools, None)
        yield record.line(
            f"blend-{way}", f"25 of 400 candidates, {way}: unlikeness within 8 slots where {AT_WORTH:.0%} of the worth is left",
            unlike, "1 - cosine", better="higher", baseline="order of worth", ratio=unlike / points[0]["unlike"][0],
            quality={"page ms, all rules on": round(ms, 2), "times sorting alone": round(ms / greedy_ms, 1)},
            metrics={
                f"strength {strength}, {name}": values
                for strength, point in zip(STRENGTHS, points, strict=True) for name, values in point.items()
            },
        )  # fmt: skip
    own = judged(pools, OURS)
    yield record.line(
        "blend-default", "25 of 400 candidates, the feed's own settings: worth left of the best page's", own["worth"][0],
        "share", better="higher", baseline="order of worth", metrics=own, interval=dict(zip(("low", "high"), own["worth"][1:], strict=True)),
    )  # fmt: skip


def pool_of(looks: np.ndarray, kinds: np.ndarray, liked: int, rng: np.random.Generator) -> Pool:
    """Candidates for somebody who liked one photo."""
    nearness = looks @ looks[liked]
    nearness[liked] = -1
    nearest = np.argsort(-nearness, kind="stable")[:NEAREST]
    others = np.setdiff1d(np.arange(len(looks)), [*nearest, liked])
    rows = np.concatenate([nearest, rng.choice(others, DRAWN, replace=False)])
    nothing = np.zeros(len(rows), np.int64)
    return Pool(
        nearness[rows].astype(np.float32), looks[rows], kinds[rows].astype(np.int32), nothing - 1, nothing, nothing,
        np.ones(1, np.float32), nothing > 0, nothing > 0,
    )  # fmt: skip


def plain(way: str, strength: float) -> BlendConfig:
    """Diversity alone."""
    return BlendConfig(
        diversity=way, strength=strength, window=WINDOW, category_spacing=0, owner_spacing=0, share_strength=0,
        same_picture_cosine=1.0,
    )  # type: ignore[arg-type]  # fmt: skip


def judged(pools: list[Pool], config: BlendConfig) -> dict[str, list[float]]:
    """Mean and 95 % over people: worth beside the best page's, unlikeness, kinds of article."""
    found: dict[str, list[float]] = {"worth": [], "unlike": [], "kinds": []}
    for pool in pools:
        rows = fill_slate(pool, SLOTS, config)
        best = np.sort(pool.values)[-SLOTS:].sum()
        found["worth"].append(float(pool.values[rows].sum() / best))
        found["unlike"].append(unlike(pool.vectors[rows]))
        found["kinds"].append(float(len(np.unique(pool.categories[rows]))))
    groups = np.arange(len(pools))
    return {
        name: [round(told[key], 4) for key in ("mean", "low", "high")]
        for name, values in found.items()
        for told in [interval(np.array(values), groups)]
    }


def unlike(looks: np.ndarray) -> float:
    """Mean of one less the cosine, over pairs within the window."""
    cosines = looks @ looks.T
    first, second = np.triu_indices(len(looks), 1)
    near = second - first < WINDOW
    return float(1 - cosines[first[near], second[near]].mean())


def at_worth(points: list[dict[str, list[float]]]) -> float:
    """Unlikeness where the curve passes the worth that ways are compared at."""
    worth = np.array([point["worth"][0] for point in points])
    unlikeness = np.array([point["unlike"][0] for point in points])
    return float(np.interp(-AT_WORTH, -worth, unlikeness))


def page_ms(pools: list[Pool], config: BlendConfig | None) -> float:
    """Median time of a page; of sorting by worth alone where `config` is None."""
    taken = []
    for pool in pools:
        # As the feed has it: owners to space, signatures to compare.
        codes = np.arange(len(pool.values), dtype=np.int32)
        full = replace(pool, owners=codes // 3, signatures=codes.astype(np.int64) * 2**20)
        started_s = time.perf_counter()
        if config is None:
            np.argsort(-full.values, kind="stable")[:SLOTS]
        else:
            fill_slate(full, SLOTS, config)
        taken.append(time.perf_counter() - started_s)
    return float(np.median(taken) * 1000)


def plot(curves: dict[str, list[dict[str, list[float]]]], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for way, points in curves.items():
        axis.plot(
            [point["unlike"][0] for point in points], [point["worth"][0] for point in points],
            marker="o", markersize=3, label=way.replace("_", " "),
        )  # fmt: skip
    axis.set_xlabel("unlike within eight slots (1 - cosine)")
    axis.set_ylabel("worth, of the best page's")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)


if __name__ == "__main__":
    sys.exit(main())
