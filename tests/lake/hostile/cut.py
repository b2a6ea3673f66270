"""Good files that end too early."""

from collections.abc import Iterator

from hostile.making import GOOD_FORMATS, noise, saved


def cut_off() -> Iterator[tuple[str, bytes]]:
    """Every format cut at each tenth, and at its last byte."""
    for kind in GOOD_FORMATS:
        whole = saved(noise(), kind)
        for tenth in range(1, 10):
            yield f"cut-{tenth}0.{kind.lower()}", whole[: len(whole) * tenth // 10]
        yield f"cut-last.{kind.lower()}", whole[:-1]
    for kind in ("GIF", "PNG", "WEBP", "AVIF"):
        moving = saved(noise(), kind, save_all=True, append_images=[noise(seed=2), noise(seed=3)])
        yield f"cut-animation.{kind.lower()}", moving[: len(moving) * 2 // 3]
    packed = saved(noise(), "TIFF", compression="tiff_lzw")
    yield "cut-packed.tiff", packed[: len(packed) // 2]
    progressive = saved(noise(), "JPEG", progressive=True)
    yield "cut-progressive.jpg", progressive[: len(progressive) // 2]
