"""This file is about ablation: what content, graph and both are each worth, on what none of them saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bowerbird.taste.encoder.judging import Judged, told
from bowerbird.taste.space.config import SpaceConfig
from bowerbird.taste.space.held_out import ContentAnswers, HeldOut, PopularityAnswers
from bowerbird.taste.space.served import TasteSpace

RAW, POPULARITY = "raw content", "popularity"
PARTS: Mapping[str, dict[str, bool]] = {
    "content": {"uses_graph": False},
    "graph": {"uses_content": False},
    "both": {},
}
"""What the encoder may use, by name; raw content vectors and popularity stand beside them untrained."""

Fit = Callable[[str, SpaceConfig], TasteSpace]
"""Trains a space of this name under this config, on what is known before the moment."""


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One model, task, slice and metric.

    Attributes:
        mean, low, high: of the metric, with 95 % over boards, persons or queries.
        gain, gain_low, gain_high: less the raw content vectors, paired.
    """

    model: str
    task: str
    slice: str
    metric: str
    labels: int
    mean: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


def ablated(held: HeldOut, config: SpaceConfig, fit: Fit) -> list[AblationRow]:
    """The rows of all parts. Every part trains a space of its own; boards and people stand over each."""
    raw = held.judged(ContentAnswers(held.known.content))
    rows = _rows(RAW, raw, raw, held)
    rows += _rows(POPULARITY, held.judged(PopularityAnswers(held.counts)), raw, held)
    for name, uses in PARTS.items():
        own = config.model_copy(update={"encoder": config.encoder.model_copy(update=uses)})
        space = fit(name, own)
        rows += _rows(name, held.judged(space.at(held.known, held.from_ms)), raw, held)
    return rows


def _rows(
    model: str, found: Mapping[str, Judged], raw: Mapping[str, Judged], held: HeldOut
) -> list[AblationRow]:
    rows = []
    for task, judged in found.items():
        gains = told(judged, held.counts, before=raw[task])
        for name, each in told(judged, held.counts).items():
            slice_, metric = name.split(" ")
            gain = gains[name]
            rows.append(
                AblationRow(
                    model, task, slice_, metric, int(each["labels"]), each["mean"], each["low"], each["high"],
                    gain["mean"], gain["low"], gain["high"],
                )
            )  # fmt: skip
    return rows


def table_of(rows: list[AblationRow], metric: str = "recall@10") -> str:
    """One line a task and slice, one column a model, with intervals."""
    models = list(dict.fromkeys(row.model for row in rows))
    cells = {(row.task, row.slice, row.model): row for row in rows if row.metric == metric}
    lines = [f"{metric:16} {'labels':>7}  " + "  ".join(f"{model:>22}" for model in models)]
    for task, slice_ in dict.fromkeys((row.task, row.slice) for row in rows):
        own = [cells[task, slice_, model] for model in models]
        values = (f"{each.mean:.4f} [{each.low:.4f}, {each.high:.4f}]" for each in own)
        lines.append(
            f"{task + ' ' + slice_:16} {own[0].labels:>7,}  " + "  ".join(f"{v:>22}" for v in values)
        )
    return "\n".join(lines)
