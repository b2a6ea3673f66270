"""This file is about what the request log says of itself in the metrics."""

from collections.abc import Iterator
from dataclasses import asdict

from bowerbird.lake.request_log import RequestLog
from bowerbird.serve.metrics import Reading


def logged(requests: RequestLog) -> Iterator[Reading]:
    """How many records were stored, and how many were lost or left out, and why."""
    text = "Records of the request log since the start, by what became of them"
    for outcome, count in asdict(requests.counted).items():
        yield "bowerbird_request_log_records", text, {"outcome": outcome}, float(count)
    yield "bowerbird_request_log_waiting", "Records that are not stored yet", {}, float(requests.waiting)
