"""This file is about uploaded pictures and videos: read within the limit, never trusted."""

from fastapi import UploadFile

from bowerbird.core.errors import InputError, TooLargeError
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.serve.settings import ServeSettings


async def uploaded_media(file: UploadFile, settings: ServeSettings) -> bytes:
    """The content of an uploaded picture or video, each within its own limit.

    Raises:
        TooLargeError: over the limit.
        InputError: empty.
    """
    start = await file.read(START_BYTES)
    await file.seek(0)
    if video_kind(start) is None:
        return await uploaded(file, settings.upload_limit_bytes)
    return await uploaded(file, settings.video_limit_bytes, what="video")


async def uploaded(picture: UploadFile, limit_bytes: int, *, what: str = "picture") -> bytes:
    """The content of an uploaded file.

    Raises:
        TooLargeError: over the limit.
        InputError: empty.
    """
    if picture.size is not None and picture.size > limit_bytes:
        raise TooLargeError(
            f"the {what} has {picture.size:,} bytes; at most {limit_bytes:,} are taken; shrink it"
        )
    content = await picture.read(limit_bytes + 1)
    if not content:
        raise InputError(f"the uploaded {what} is empty; choose another file")
    return content
