"""This file is about the files behind picture addresses: display sizes made once, safe originals."""

import logging
import threading
from typing import Literal

from bowerbird.core.errors import NotFoundError, OverloadedError, PictureError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.display import DisplayFormat, DisplayStore, write_whole
from bowerbird.lake.lake import Lake
from bowerbird.lake.thumbs import DISPLAY_PX
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.lake.video.previews import PreviewStore
from bowerbird.lake.video.stored import frame_key, frames_of
from bowerbird.serve.live_media import LiveMedia

log = logging.getLogger(__name__)

Size = Literal["236", "474", "736", "orig"]
_MEDIA_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}
# Raster formats that every browser draws and none runs.
_SAFE_ORIGINALS = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}


class Pictures:
    """Reads pictures for routes, and makes display sizes ahead while nobody asks for anything."""

    def __init__(self, lake: Lake, catalogue: Catalogue, live: LiveMedia, films: DecodePool) -> None:
        """`films` decodes videos, for their previews and for parts of their frames."""
        self._lake = lake
        self._catalogue = catalogue
        self._live = live
        self._displays = DisplayStore(lake)
        self._previews = PreviewStore(lake, films)
        self._films = films
        self._wanted: list[str] = []
        self._next_number = 0
        self._lock = threading.Lock()

    def require_live(self, sha: str) -> None:
        """Nothing, if a live item shows this picture.

        Raises:
            NotFoundError: none does.
        """
        if not self._live.holds(sha):
            raise NotFoundError(f"no item shows a picture {sha[:12]}…; it was never here, or it was deleted")

    def read(self, sha: str, size: Size, ext: DisplayFormat) -> tuple[bytes, str]:
        """Content and media type; a display size is made now if it was not there.

        Raises:
            NotFoundError: there is no such picture.
        """
        if size == "orig":
            return self._original(sha, ext)
        return self._displays.path_of(sha, int(size), ext).read_bytes(), _MEDIA_TYPES[ext]

    def frame(self, sha: str, index: int) -> bytes:
        """A small JPEG of one frame of a video or an animation.

        Raises:
            NotFoundError: there is no such frame.
        """
        found = self._lake.frames.take([frame_key(sha, index)], ["thumb"])
        if not found.num_rows:
            raise NotFoundError(f"the picture {sha[:12]}… has no frame {index}; ask its item for its frames")
        return bytes(found["thumb"][0].as_py())

    def preview(self, sha: str) -> bytes:
        """A few seconds of a video as an animated WebP; made now if it was not there.

        Raises:
            NotFoundError: there is no such video.
            PictureError, OverloadedError: it cannot be made, or not now.
        """
        return self._previews.path_of(sha).read_bytes()

    def frame_to_look_at(self, number: int, index: int) -> bytes:
        """One frame of the item's video, large enough to tell what is on a part of it.

        Raises:
            NotFoundError: the item has no such frame.
        """
        sha = self._catalogue.picture_of(number) or ""
        frame = next((each for each in frames_of(self._lake, sha) if each.index == index), None)
        if frame is None:
            raise NotFoundError(f"item number {number} has no frame {index}; ask for the item and its frames")
        path = self._lake.path / "display" / sha[:2] / f"{sha}-frame-{index}.jpg"
        if not path.exists():
            content = self._content(sha)
            if video_kind(content[:START_BYTES]) is None:
                return self.frame(sha, index)  # of an animation there is nothing larger
            write_whole(path, self._films.still(content, frame.at_ms, wait=False).result())
        return path.read_bytes()

    def to_look_at(self, number: int) -> bytes:
        """The item's main picture, large enough to tell what is on a part of it and quick to decode.

        Raises:
            NotFoundError: the item has no picture.
        """
        sha = self._catalogue.picture_of(number)
        if sha is None:
            raise NotFoundError(f"item number {number} has no picture; search by words")
        return self._displays.path_of(sha, DISPLAY_PX[-1], "webp").read_bytes()

    def want(self, sha: str) -> None:
        """Have all display sizes made before those of older pictures."""
        with self._lock:
            self._wanted.append(sha)

    def make_ahead(self) -> bool:
        """Make the display sizes of one more picture; false when there is nothing left to make."""
        sha = self._next()
        if sha is None:
            return False
        try:
            for ext in ("webp", "jpg"):
                for size in DISPLAY_PX:
                    self._displays.path_of(sha, size, ext)
            if self._previews.is_wanted(sha):
                self._previews.path_of(sha)
        except NotFoundError:
            log.debug("picture went before its display sizes were made")
        except (PictureError, OverloadedError) as error:
            log.warning("preview not made", extra={"media_id": sha, "reason": str(error)})
        return True

    def _next(self) -> str | None:
        with self._lock:
            if self._wanted:
                return self._wanted.pop()
            while self._next_number < self._catalogue.size:
                number = self._next_number
                self._next_number += 1
                sha = self._catalogue.picture_of(number) if self._catalogue.live[number] else None
                if sha is not None:
                    return sha
        return None

    def _original(self, sha: str, ext: DisplayFormat) -> tuple[bytes, str]:
        found = self._lake.media.take([sha], ["format"])
        media_type = _SAFE_ORIGINALS.get(str(found["format"][0])) if found.num_rows else None
        if media_type is None:
            return self.read(sha, "736", ext)
        return self._content(sha), media_type

    def _content(self, sha: str) -> bytes:
        content = self._lake.blobs.blob(sha)
        if content is None:
            raise NotFoundError(f"the original of picture {sha[:12]}… is not in the lake; import it again")
        return content
