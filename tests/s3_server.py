"""An S3 server on this machine's loopback: moto's, in a process of its own."""

import http.client
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_bucket_numbers = itertools.count()


def environment_of(address: str) -> dict[str, str]:
    """The variables that point S3 clients at the server."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server that has no buckets yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "MOTO_CALL_RESET_API": "false"}
    with subprocess.Popen(words, env=environment, **quiet) as process:
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def new_bucket(address: str) -> str:
    """A bucket that nobody else has; gives its name."""
    name = f"bucket-{os.getpid()}-{next(_bucket_numbers)}"
    status = _asked(urlsplit(address).port or 0, "PUT", f"/{name}")
    assert status == 200, status
    return name


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _asked(port, "GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the S3 server did not start")


def _asked(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
