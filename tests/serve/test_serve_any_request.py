"""Whatever a client sends within or against the description, the server answers in its form and never fails."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from live_server import LiveServer
from schemathesis.checks import CHECKS

from bowerbird.serve.http.api import openapi

CHECKED = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
]
