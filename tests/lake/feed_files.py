"""Product feeds as shops write them: the same products as TSV, RSS and Atom; and a server that gives them."""

import csv
import gzip
import hashlib
import io
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

Product = Mapping[str, str | Sequence[str]]
GOOGLE = "http://base.google.com/ns/1.0"


def tsv(products: Sequence[Product], prefix: str = "", delimiter: str = "\t") -> bytes:
    """Several values of one name are joined by commas."""
    names = list(dict.fromkeys(name for product in products for name in product))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(prefix + name for name in names)
    for product in products:
        values = [product.get(name, "") for name in names]
        writer.writerow(value if isinstance(value, str) else ",".join(value) for value in values)
    return out.getvalue().encode()


def rss(products: Sequence[Product]) -> bytes:
    items = "".join(f"<item>{_elements(product)}</item>" for product in products)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<rss version="2.0" xmlns:g="{GOOGLE}"><channel><title>A shop</title><link>https://shop.example</link>'
        f"{items}</channel></rss>"
    ).encode()


def atom(products: Sequence[Product], prefix: str = "x") -> bytes:
    entries = "".join(f"<entry>\n{_elements(product, prefix)}\n</entry>\n" for product in products)
    return (
        f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xmlns:{prefix}="{GOOGLE}">'
        f"<title>A shop</title><id>tag:shop.example</id>{entries}</feed>"
    ).encode()


def _elements(product: Product, prefix: str = "g") -> str:
    return "".join(
        f"<{prefix}:{name}>{escape(each)}</{prefix}:{name}>"
        for name, value in product.items()
        for each in ([value] if isinstance(value, str) else value)
    )


class FeedServer(ThreadingHTTPServer):
    """Hands out what is in `files`, with an ETag; counts the answers by path and status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.answered: Counter[tuple[str, int]] = Counter()
        self.gives_etags = True
        self.packs = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: FeedServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.partition("?")[0])
        etag = f'"{hashlib.sha256(content or b"").hexdigest()[:16]}"'
        status = 404 if content is None else 200
        if content is not None and self.server.gives_etags and self.headers.get("If-None-Match") == etag:
            status = 304
        self.server.answered[self.path, status] += 1
        body = content if status == 200 and content is not None else b""
        self.send_response(status)
        if self.server.gives_etags:
            self.send_header("ETag", etag)
        if self.server.packs and body:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
