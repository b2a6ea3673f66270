"""This file is about what the server measures of itself, in the Prometheus text form."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bowerbird.blend.types import StageCount

# Beside each counter the library would send when it was made; nobody reads that here.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.08, 0.12, 0.25, 0.5, 1.0, 2.5, 10.0)
_MILLISECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0)

Reading: TypeAlias = tuple[str, str, dict[str, str], float]
"""Name, help, labels, value."""


class Metrics:
    """Counters and histograms of one server; label children are bound once and kept."""

    CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "bowerbird_requests_total",
            "Requests answered",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._latency = Histogram(
            "bowerbird_request_seconds",
            "Time from request to the end of its answer",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "bowerbird_stage_milliseconds",
            "Time in one stage of a page",
            ("surface", "stage"),
            buckets=_MILLISECONDS,
            registry=self._registry,
        )
        self._degraded = Counter(
            "bowerbird_degraded_total",
            "Pages given without an optional step",
            ("surface", "step"),
            registry=self._registry,
        )
        self._events = Counter(
            "bowerbird_events_total", "Events received", ("outcome",), registry=self._registry
        )
        self.in_flight = Gauge(
            "bowerbird_requests_in_flight", "Requests being answered", registry=self._registry
        )
        self._bound_requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._bound_stages: dict[tuple[str, str], Histogram] = {}

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One answered request."""
        key = (route, method, status)
        bound = self._bound_requests.get(key)
        if bound is None:
            bound = (
                self._requests.labels(route, method, str(status)),
                self._latency.labels(route, method),
            )
            self._bound_requests[key] = bound
        bound[0].inc()
        bound[1].observe(seconds)

    def count_page(self, surface: str, report: Iterable[StageCount], degraded: Iterable[str]) -> None:
        """What the stages of one page cost, and what was left out."""
        for stage in report:
            key = (surface, stage.stage)
            bound = self._bound_stages.get(key)
            if bound is None:
                bound = self._bound_stages[key] = self._stages.labels(*key)
            bound.observe(stage.ms)
        for step in degraded:
            self._degraded.labels(surface, step).inc()

    def count_events(self, *, accepted: int, duplicates: int, rejected: int) -> None:
        """What became of one post of events."""
        self._events.labels("accepted").inc(accepted)
        self._events.labels("duplicate").inc(duplicates)
        self._events.labels("rejected").inc(rejected)

    def watch(self, readings: Callable[[], Iterable[Reading]]) -> None:
        """Ask `readings` for gauges each time the metrics are read."""
        self._registry.register(_Gauges(readings))

    def text(self) -> bytes:
        """All metrics, to be sent with `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._readings = readings

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are known when they are read."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges as they are now."""
        families: dict[str, GaugeMetricFamily] = {}
        for name, text, labels, value in self._readings():
            family = families.setdefault(name, GaugeMetricFamily(name, text, labels=list(labels)))
            family.add_metric(list(labels.values()), value)
        return families.values()
