"""Good files in which a few bytes were changed, the same ones every time."""

from collections.abc import Iterator

import numpy as np

from hostile.making import GOOD_FORMATS, noise, saved

_EACH = 12


def mutated() -> Iterator[tuple[str, bytes]]:
    for kind in GOOD_FORMATS:
        yield from _of(f"{kind.lower()}", saved(noise(), kind), seed=11)
    for kind in ("GIF", "PNG", "WEBP", "AVIF"):
        moving = saved(noise(), kind, save_all=True, append_images=[noise(seed=2), noise(seed=3)])
        yield from _of(f"moving-{kind.lower()}", moving, seed=12)
    yield from _of("lzw", saved(noise(), "TIFF", compression="tiff_lzw"), seed=13)
    yield from _of("deflate", saved(noise(), "TIFF", compression="tiff_adobe_deflate"), seed=14)
    yield from _of("progressive", saved(noise(), "JPEG", progressive=True), seed=15)
    yield from _of("lossless", saved(noise(), "WEBP", lossless=True), seed=16)
    yield from _of("interlaced", saved(noise().quantize(8), "GIF", interlace=1), seed=17)


def _of(name: str, whole: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Some in the first hundred bytes, where headers are, the others anywhere."""
    rng = np.random.default_rng(seed)
    for at in range(_EACH):
        changed = bytearray(whole)
        reach = 100 if at % 2 else len(whole)
        for place in rng.integers(4, min(reach, len(whole)), size=rng.integers(1, 9)):
            changed[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF, int(rng.integers(256))])
        yield f"mutated-{name}-{at}.bin.jpg", bytes(changed)
