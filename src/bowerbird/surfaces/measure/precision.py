"""This file is about a trained model in 8 bits: how it is made, and how it differs from the one in 32."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import EvaluationConfig, difference, draws, evaluate
from bowerbird.learn.int8 import int8_bytes, static_int8_bytes
from bowerbird.learn.splits import Cases, Split, sampled
from bowerbird.learn.types import FittedRetriever
from bowerbird.surfaces.measure.costs import latency_ms

Precision = Literal["fp32", "int8"]

_TOP = 10
_METRICS = ("recall@10", "ndcg@10")
_BATCH = 32
_BATCHES = 30
_CALIBRATION_HISTORIES = 256
_VALIDATION_PERSONS = 5_000


@runtime_checkable
class Int8Retriever(FittedRetriever, Protocol):
    """A retriever whose graph can be put in 8 bits."""

    def in_int8(self, converted: Callable[[bytes], bytes]) -> FittedRetriever:
        """The same model over the converted graph."""
        ...


@runtime_checkable
class FedRetriever(Int8Retriever, Protocol):
    """One that can say what its graph is given, so that scales can be taken from it."""

    def inputs(self, histories: Histories) -> dict[str, np.ndarray]:
        """The inputs of the graph for these histories, by name."""
        ...


@dataclass(frozen=True, slots=True)
class InEightBits:
    """A model in 8 bits, and its report for the card."""

    fitted: FittedRetriever
    report: dict[str, Any]


def in_eight_bits(exact: FittedRetriever, split: Split, *, name: str, requests: int) -> InEightBits:
    """The model in 8 bits, beside the one in 32 on the validation part.

    The report: overlap of the first ten, paired differences of recall and NDCG (8 bits less 32) with
    intervals, bytes, and p50 and p99 in ms of single requests and of batches.

    Args:
        requests: how many are timed.

    Raises:
        InputError: this kind of model has no form in 8 bits.
    """
    if not isinstance(exact, Int8Retriever):
        raise InputError(
            f"8 bits were asked for, and {name} has no graph that can be put in them; needed is a model such "
            "as sasrec; leave `--precision int8` out"
        )
    small, how = _converted(exact, split)
    cases = sampled(split.validation, _VALIDATION_PERSONS)
    counts = split.training.item_counts()
    report = {
        "scales": how,
        f"overlap@{_TOP}": _overlap(exact, small, cases.histories),
        "difference": _differences(exact, small, cases, counts),
        "size_bytes": _both(exact, small, lambda model: model.facts["size_bytes"]),
        "one_ms": _both(
            exact, small, lambda model: latency_ms(model, cases.histories, candidates=50, requests=requests)
        ),
        f"batch_of_{_BATCH}_ms": _both(exact, small, lambda model: _batch_ms(model, cases.histories)),
    }
    return InEightBits(small, report)


def told_in_words(report: dict[str, Any]) -> str:
    """The report in one line."""
    lost = report["difference"]["ndcg@10"]
    one = report["one_ms"]
    return (
        f"8 bits ({report['scales']} scales): first ten overlap {report[f'overlap@{_TOP}']:.3f}, ndcg@10 "
        f"{lost['mean']:+.4f} [{lost['low']:+.4f}, {lost['high']:+.4f}], "
        f"{report['size_bytes']['int8'] / report['size_bytes']['fp32']:.2f} of the bytes, one request "
        f"{one['int8'][0]:.2f} against {one['fp32'][0]:.2f} ms"
    )


def _converted(exact: Int8Retriever, split: Split) -> tuple[FittedRetriever, str]:
    if not isinstance(exact, FedRetriever):
        return exact.in_int8(int8_bytes), "dynamic"
    known = split.training.histories()
    rows = np.random.default_rng(0).permutation(len(known))[:_CALIBRATION_HISTORIES]
    feeds = [exact.inputs(known.rows(int(row), int(row) + 1)) for row in rows]
    return exact.in_int8(lambda graph: static_int8_bytes(graph, feeds)), "static"


def _overlap(exact: FittedRetriever, small: FittedRetriever, asked: Histories) -> float:
    """Mean share of the first ten that both give."""
    both = [model.top(asked, _TOP, asked).items for model in (exact, small)]
    shares = [
        len(set(one) & set(other)) / max(len(set(one)), 1)
        for one, other in zip(*(_real(items) for items in both), strict=True)
    ]
    return float(np.mean(shares))


def _real(items: np.ndarray) -> list[list[int]]:
    return [[item for item in row if item >= 0] for row in items.tolist()]


def _differences(
    exact: FittedRetriever, small: FittedRetriever, cases: Cases, counts: np.ndarray
) -> dict[str, dict[str, float]]:
    config = EvaluationConfig(cutoffs=(_TOP,))
    judged = [draws([evaluate(model, cases, counts, config)]) for model in (small, exact)]
    found = difference(*judged)
    told = {}
    for name in _METRICS:
        interval = found[name].interval
        assert interval is not None, "metrics of persons have one"
        told[name] = {"mean": found[name].mean, "low": interval.low, "high": interval.high}
    return told


def _both(exact: FittedRetriever, small: FittedRetriever, of: Callable[[Any], Any]) -> dict[str, Any]:
    return {"fp32": of(exact), "int8": of(small)}


def _batch_ms(fitted: FittedRetriever, histories: Histories) -> tuple[float, float]:
    """p50 and p99 of batches, in ms, after a warm-up."""
    batch = histories.take(np.arange(_BATCH) % len(histories))
    times = []
    for place in range(_BATCHES + 2):
        started_ns = time.perf_counter_ns()
        fitted.top(batch, 50, batch)
        if place >= 2:
            times.append((time.perf_counter_ns() - started_ns) / 1e6)
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))
