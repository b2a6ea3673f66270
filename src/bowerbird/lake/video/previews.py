"""This file is about previews as files beside the display sizes: made when first asked for."""

from pathlib import Path

from bowerbird.core.errors import NotFoundError
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.display import write_whole
from bowerbird.lake.lake import Lake
from bowerbird.lake.video.stored import frames_of


class PreviewStore:
    """Previews under `<lake>/display`: derived, so they may be deleted at any time."""

    def __init__(self, lake: Lake, pool: DecodePool) -> None:
        """`pool` decodes the videos."""
        self._lake = lake
        self._pool = pool

    def is_wanted(self, sha: str) -> bool:
        """Whether this is a video; pictures and animations need no preview."""
        found = self._lake.videos.take([sha], ["poster_jpeg"])
        return bool(found.num_rows and found["poster_jpeg"][0].as_py())

    def path_of(self, sha: str) -> Path:
        """The file, made now if it was not there; that takes up to some seconds: call it in a worker thread.

        Raises:
            NotFoundError: the lake has no such video.
            PictureError: it cannot be decoded.
            OverloadedError: too many others are being made.
        """
        path = self._lake.path / "display" / sha[:2] / f"{sha}-preview.webp"
        if path.exists():
            return path
        if not self.is_wanted(sha):
            raise NotFoundError(f"there is no video {sha[:12]}…; it was never put in, or it was deleted")
        content = self._lake.blobs.blob(sha)
        if content is None:
            raise NotFoundError(f"the original of video {sha[:12]}… is not in the lake; import it again")
        starts_ms = [frame.from_ms for frame in frames_of(self._lake, sha)]
        write_whole(path, self._pool.preview(content, starts_ms, wait=False).result())
        return path
