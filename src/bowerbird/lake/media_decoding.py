"""This file is about one file that an item may show, whatever it is: a picture, an animation or a video."""

from bowerbird.lake.pictures import PictureLimits, Region, decode_picture
from bowerbird.lake.types import DecodedPicture
from bowerbird.lake.video.animation import with_frames
from bowerbird.lake.video.decode import decode_video
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.lake.video.limits import VideoLimits


def decode_media(
    content: bytes,
    pictures: PictureLimits | None = None,
    videos: VideoLimits | None = None,
    *,
    region: Region | None = None,
) -> DecodedPicture:
    """The file's facts and its thumbnail; of the region only, where one is given; of a video, its poster.

    Raises:
        PictureError: it cannot be used.
    """
    if video_kind(content[:START_BYTES]) is not None:
        return decode_video(content, videos)
    decoded = decode_picture(content, pictures, region=region)
    return with_frames(decoded, content) if decoded.frames > 1 and region is None else decoded


def most_bytes(start: bytes, pictures: PictureLimits, videos: VideoLimits) -> int:
    """How long a file that begins with these bytes may be."""
    return pictures.max_bytes if video_kind(start) is None else max(videos.max_bytes, pictures.max_bytes)
