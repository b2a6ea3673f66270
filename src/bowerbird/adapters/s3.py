"""This file is about S3: a prefix of a bucket as a place, by way of obstore, the engine that Lance uses too.

Keys, region and endpoint come from the usual AWS_… variables, or from the role of the machine.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from bowerbird.core.errors import NotFoundError, PlaceError
from bowerbird.lake.place_files import PlaceFile, checked_path

_PIECE_BYTES = 8 * 2**20
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_METADATA_SERVICE = "169.254.169.254"
_NO_BUCKET = "NoSuchBucket"
_RANGE_BEHIND_END = "416"


class S3Place:
    """Objects below a prefix of a bucket. Uploads are whole or not at all; conditional puts make two one."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.address = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = prefix
        self.table_options: dict[str, str] | None = _table_options()
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            region=_region(),
            endpoint=_endpoint(),
            client_options={"allow_http": _is_plain(_endpoint()), "connect_timeout": "5s", "timeout": "120s"},
            retry_config={"max_retries": 6, "retry_timeout": timedelta(seconds=60)},
        )

    def files(self, folder: str = "") -> Iterator[PlaceFile]:
        """Every file below a folder, in no order; nothing where there is no such folder."""
        with self._told("list"):
            for page in obstore.list(self._store, prefix=folder or None):
                for found in page:
                    yield _seen(found)

    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders right below a folder, sorted."""
        with self._told("list"):
            found = obstore.list_with_delimiter(self._store, prefix=folder or None)
        return sorted(prefix.rpartition("/")[2] for prefix in found["common_prefixes"])

    def stat(self, path: str) -> PlaceFile | None:
        """What is known of a file without reading it; None where there is none."""
        try:
            with self._told(path):
                return _seen(obstore.head(self._store, checked_path(path)))
        except NotFoundError:
            return None

    def read(self, path: str) -> bytes:
        """The whole file."""
        with self._told(path):
            return bytes(obstore.get(self._store, checked_path(path)).bytes())

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Part of a file; shorter where the file ends before."""
        try:
            with self._told(path):
                return bytes(obstore.get_range(self._store, checked_path(path), start=start, length=length))
        except PlaceError as error:
            if _RANGE_BEHIND_END in str(error.__cause__):
                return b""
            raise

    def stream(self, path: str) -> Iterator[bytes]:
        """The file, piece by piece; an error where it is replaced meanwhile."""
        # Piece by piece in requests of their own: one request for a large file would run into the timeout.
        with self._told(path):
            found = obstore.head(self._store, checked_path(path))
            for start in range(0, int(found["size"]), _PIECE_BYTES):
                piece = (start, min(start + _PIECE_BYTES, int(found["size"])))
                options = {"range": piece, "if_match": found["e_tag"]}
                yield bytes(obstore.get(self._store, path, options=options).bytes())

    def write(self, path: str, content: bytes | Iterable[bytes]) -> None:
        """Makes or replaces a file: readers see the old one or the new one, and it is durable on return."""
        pieces = iter((content,) if isinstance(content, bytes) else content)
        head = _first_bytes(pieces)
        with self._told(path):
            if len(head) <= _PIECE_BYTES:
                obstore.put(self._store, checked_path(path), head, use_multipart=False)
            else:
                obstore.put(
                    self._store,
                    checked_path(path),
                    chain((head,), pieces),
                    use_multipart=True,
                    chunk_size=_PIECE_BYTES,
                )

    def write_if_absent(self, path: str, content: bytes) -> bool:
        """Makes a file; False where there is one already. Of several callers at once, one is told True."""
        try:
            with self._told(path):
                obstore.put(self._store, checked_path(path), content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def replace_if(self, path: str, content: bytes, mark: str) -> bool:
        """Replaces a file if it still has the mark that `stat` gave; False where it has not."""
        try:
            with self._told(path):
                obstore.put(self._store, checked_path(path), content, mode={"e_tag": mark})
        except (PreconditionError, NotFoundError):
            return False
        return True

    def delete(self, path: str) -> None:
        """The file is not there; also if it never was."""
        with self._told(path):
            obstore.delete(self._store, checked_path(path))

    def within(self, folder: str) -> "S3Place":
        """The same place, seen from one of its folders."""
        return S3Place(self._bucket, f"{self._prefix}/{checked_path(folder)}".lstrip("/"))

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """What goes wrong, in our words; lost races pass through, for the caller to answer."""
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except FileNotFoundError as error:
            if _NO_BUCKET in str(error):
                raise self._unreachable(error) from error
            raise NotFoundError(f"there is no file {path} in {self.address}; list what is there") from error
        except (BaseError, OSError, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> PlaceError:
        said = str(error)
        if _NO_BUCKET in said:
            return PlaceError(
                f"there is no bucket {self._bucket!r}; needed is one that exists; "
                "make it, or correct the address"
            )
        if _METADATA_SERVICE in said:
            return PlaceError(
                f"no keys for {self.address} were found; needed are AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in the environment, or a role of this machine; set them"
            )
        if any(code in said for code in ("401 Unauthorized", "403 Forbidden")):
            return PlaceError(
                f"S3 refuses {self.address} for these keys; needed are the rights to list, read, write and "
                "delete there; check the AWS_… variables and the policy of the bucket"
            )
        return PlaceError(
            f"S3 does not answer for {self.address} ({said.splitlines()[0][:300]}); needed are a network and "
            "the right AWS_REGION and AWS_ENDPOINT_URL; check them and try again"
        )


def open_place(address: str) -> S3Place:
    """The place at `s3://bucket/prefix`, asked once, so that a wrong name is told at once.

    Raises:
        PlaceError: there is no such bucket, no keys, or no answer.
    """
    parts = urlsplit(address)
    if not parts.netloc:
        raise PlaceError(
            f"{address} was received; needed is s3://BUCKET or s3://BUCKET/PREFIX; name the bucket"
        )
    place = S3Place(parts.netloc, parts.path.strip("/"))
    place.folders()
    return place


def _table_options() -> dict[str, str]:
    options = {"aws_region": _region(), "allow_http": str(_is_plain(_endpoint())).lower()}
    endpoint = _endpoint()
    return options if endpoint is None else {**options, "aws_endpoint": endpoint}


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _endpoint() -> str | None:
    return next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)


def _is_plain(endpoint: str | None) -> bool:
    # Whoever names an endpoint by http:// means it; AWS itself is always asked by https.
    return endpoint is not None and endpoint.startswith("http://")


def _seen(found: dict[str, Any]) -> PlaceFile:
    return PlaceFile(found["path"], int(found["size"]), str(found["e_tag"]))


def _first_bytes(pieces: Iterator[bytes]) -> bytes:
    """What fits one upload, and a little more if there is more."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) > _PIECE_BYTES:
            break
    return bytes(gathered)
