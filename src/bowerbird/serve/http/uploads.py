"""This file is about uploaded pictures: read within the limit, never trusted."""

from fastapi import UploadFile

from bowerbird.core.errors import InputError, TooLargeError


async def uploaded(picture: UploadFile, limit_bytes: int) -> bytes:
    """The content of an uploaded file.

    Raises:
        TooLargeError: over the limit.
        InputError: empty.
    """
    if picture.size is not None and picture.size > limit_bytes:
        raise TooLargeError(
            f"the picture has {picture.size:,} bytes; at most {limit_bytes:,} are taken; shrink it"
        )
    content = await picture.read(limit_bytes + 1)
    if not content:
        raise InputError("the uploaded picture is empty; choose another file")
    return content
