"""This file is about talking to a Bowerbird server as any client does: HTTP, JSON, one token a person."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from bowerbird.core.errors import InputError, StageUnavailableError
from bowerbird.serve.people import HEADER_NAME

_TRIES, _PAUSE_S, _TIMEOUT_S = 20, 0.25, 60.0
_BUSY = 503


class ApiClient:
    """One connection, kept open. A busy server is asked again after a moment."""

    def __init__(self, address: str) -> None:
        """`address` is as a browser takes it: `http://localhost:8330`.

        Raises:
            InputError: it is not an address of this kind.
        """
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                f"the server {address!r} was given; needed is an address such as http://localhost:8330; "
                "write it with http:// in front"
            )
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.address = address
        self._connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)

    def get(self, path: str, token: str, **query: str | int) -> dict[str, Any]:
        """A JSON answer."""
        return self._ask("GET", path + ("?" + urlencode(query) if query else ""), token, None)

    def post(self, path: str, token: str, body: object) -> dict[str, Any]:
        """What the server says to JSON; empty where it says nothing."""
        return self._ask("POST", path, token, json.dumps(body).encode())

    def close(self) -> None:
        """The connection is closed."""
        self._connection.close()

    def _ask(self, method: str, path: str, token: str, body: bytes | None) -> dict[str, Any]:
        headers = {HEADER_NAME: token, "Content-Type": "application/json"}
        for _ in range(_TRIES):
            status, answer = self._send(method, path, headers, body)
            if status < 400:
                return dict(json.loads(answer)) if answer else {}
            if status != _BUSY:
                raise InputError(
                    f"{self.address} answered {status} to {method} {path.split('?')[0]}: {_detail(answer)}; "
                    "needed is a server of this lake and version; check the address"
                )
            time.sleep(_PAUSE_S)
        raise StageUnavailableError(
            f"{self.address} was too busy {_TRIES} times in a row ({_detail(answer)}); needed is a server "
            "that answers; try again with fewer people"
        )

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise StageUnavailableError(
                f"{self.address} cannot be reached ({error or type(error).__name__}); needed is a running "
                "server; start `bowerbird serve`"
            ) from error


def _detail(answer: bytes) -> str:
    try:
        told = json.loads(answer)
    except ValueError:
        return answer[:80].decode(errors="replace")
    return str(told.get("detail", told))[:200] if isinstance(told, dict) else str(told)[:200]
