"""A server on this machine that does to its clients what strangers' servers do."""

import contextlib
import gzip
import socket
import socketserver
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HostileServer(ThreadingHTTPServer):
    """Answers by path; `good` is the picture that `/good…` gives."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, good: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Manners)
        self.good = good
        self.asked: Counter[str] = Counter()
        self.most_at_once = 0
        """How many `/slow` pictures were being waited for at the same time."""
        self._now = 0
        self._counting = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are the point."""

    def count(self, path: str) -> None:
        with self._counting:
            self.asked[path] += 1

    def dawdle(self) -> None:
        with self._counting:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.1)
        with self._counting:
            self._now -= 1


class DrippingTls(socketserver.ThreadingTCPServer):
    """Begins a TLS handshake and sends a byte of it now and then."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Drip)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Drip(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        until = time.monotonic() + 8
        with contextlib.suppress(OSError):
            self.request.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")  # a server hello of 16 kB
            while time.monotonic() < until:
                self.request.sendall(b"\x00")
                time.sleep(0.05)


class _Manners(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.count(path)
        try:
            getattr(self, "on_" + path.strip("/").partition("/")[0].replace("-", "_"))()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def drip(self, byte: bytes) -> None:
        until = time.monotonic() + 8
        while time.monotonic() < until:
            self.wfile.write(byte)
            self.wfile.flush()
            time.sleep(0.05)

    def on_good(self) -> None:
        self.answer(200, {"Content-Type": "image/png"}, self.server.good)

    def on_busy_once(self) -> None:
        is_first = self.server.asked[self.path] == 1
        self.answer(429, {"Retry-After": "1"}) if is_first else self.on_good()

    def on_busy_long(self) -> None:
        self.answer(503, {"Retry-After": "3600"})

    def on_slow(self) -> None:
        self.server.dawdle()
        self.on_good()

    def on_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.drip(b"x")

    def on_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self.drip(b"x")

    def on_silent(self) -> None:
        time.sleep(8)

    def on_endless(self) -> None:
        self.answer(200, {"Content-Length": "", "Content-Type": "image/png"})
        until = time.monotonic() + 8
        while time.monotonic() < until:
            self.wfile.write(b"x" * 65536)

    def on_announces_much(self) -> None:
        self.answer(200, {"Content-Length": "999999999999"}, b"x")

    def on_announces_too_much(self) -> None:
        self.answer(200, {"Content-Length": "5000"}, b"x" * 100)

    def on_announces_nonsense(self) -> None:
        self.answer(200, {"Content-Length": "-7"}, self.server.good)

    def on_chunks_of_garbage(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"zz\r\nnot a length\r\n")
        self.close_connection = True

    def on_packed(self) -> None:
        self.answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 10_000_000))

    def on_page(self) -> None:
        self.answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>")

    def on_no_status(self) -> None:
        self.wfile.write(b"good morning\r\n\r\n")
        self.close_connection = True

    def on_many_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n")
        self.close_connection = True

    def on_hangs_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def on_missing(self) -> None:
        self.answer(404, {}, b"no")

    def on_loop(self) -> None:
        self.answer(302, {"Location": self.path + "x"[: len(self.path) < 40]})

    on_loopx = on_loop

    def on_to(self) -> None:
        self.answer(302, {"Location": self.path.partition("?")[2]})


for _number in range(2, 60):
    setattr(_Manners, "on_loop" + "x" * _number, _Manners.on_loop)
