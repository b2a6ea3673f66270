"""This file is about what one video may cost."""

from dataclasses import dataclass

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What one video may cost; over it, it is refused, or looked at less closely.

    Attributes:
        seconds: of processor time, and three times as much by the clock on the wall; only `DecodePool` can
            hold it.
        max_packets: compressed frames that are counted at all.
        whole_pixels, whole_frames: a video of fewer pixels, over all frames, and of fewer frames is looked at
            frame by frame; a larger one is looked at where it can be entered.
        sought_pixels: how many are decoded of such a larger one.
    """

    max_bytes: int = 512 * 2**20
    max_pixels: int = 36_000_000
    max_side_px: int = 8_192
    min_side_px: int = 16
    max_streams: int = 64
    max_duration_ms: int = 24 * _HOUR_MS
    max_packets: int = 3_000_000
    seconds: float = 120.0
    whole_pixels: int = 700_000_000
    whole_frames: int = 6_000
    sought_pixels: int = 1_000_000_000
