"""The request log: what was offered and shown to whom, and why. Takes records, gives them back as tables."""

from bowerbird.lake.request_log.log import RequestLog
from bowerbird.lake.request_log.types import LogRequest, RequestRecord

__all__ = ["LogRequest", "RequestLog", "RequestRecord"]
