"""Pictures become thumbnails and facts, whatever their file looks like."""

import io

import numpy as np
import pytest
from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.pictures import PictureLimits, Region, decode_picture, thumb_pixels
from bowerbird.lake.thumbs import THUMB_PX


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def halves(left: str = "red", right: str = "blue", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Left half one colour, right half another."""
    picture = Image.new("RGB", size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def colour_at(thumb_jpeg: bytes, x: float, y: float) -> np.ndarray:
    pixels = thumb_pixels(thumb_jpeg)
    return pixels[int(y * pixels.shape[0]), int(x * pixels.shape[1])].astype(int)


def close_to(colour: np.ndarray, red: int, green: int, blue: int, within: int = 24) -> bool:
    return bool(np.abs(colour - [red, green, blue]).max() <= within)


def test_picture_larger_than_a_thumb_is_shrunk_and_keeps_its_shape() -> None:
    decoded = decode_picture(saved(halves(size=(1600, 800)), "JPEG"))

    assert (decoded.width_px, decoded.height_px) == (1600, 800)
    assert thumb_pixels(decoded.thumb_jpeg).shape == (THUMB_PX // 2, THUMB_PX, 3)
    assert close_to(colour_at(decoded.thumb_jpeg, 0.25, 0.5), 254, 0, 0)
    assert close_to(colour_at(decoded.thumb_jpeg, 0.75, 0.5), 0, 0, 254)


def test_picture_smaller_than_a_thumb_is_not_enlarged() -> None:
    decoded = decode_picture(saved(halves(size=(60, 40))))

    assert thumb_pixels(decoded.thumb_jpeg).shape == (40, 60, 3)


@pytest.mark.parametrize("turn", range(1, 9))
def test_picture_stored_turned_is_seen_upright(turn: int) -> None:
    upright = Image.new("RGB", (90, 60), "white")
    upright.paste("red", (0, 0, 45, 30))  # top left
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright if turn == 1 else upright.transpose(Image.Transpose(undo[turn]))
    exif = Image.Exif()
    exif[274] = turn

    decoded = decode_picture(saved(stored, "JPEG", exif=exif, quality=95))

    assert (decoded.width_px, decoded.height_px) == (90, 60)
    assert close_to(colour_at(decoded.thumb_jpeg, 0.2, 0.2), 254, 0, 0)
    assert close_to(colour_at(decoded.thumb_jpeg, 0.8, 0.8), 255, 255, 255)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 20, 40))

    decoded = decode_picture(saved(clear))

    assert close_to(colour_at(decoded.thumb_jpeg, 0.9, 0.5), 255, 255, 255)
    assert close_to(colour_at(decoded.thumb_jpeg, 0.2, 0.5), 254, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
def test_png_of_every_mode_becomes_a_thumb(mode: str) -> None:
    ramp = Image.linear_gradient("L")  # dark above, light below
    if mode in ("I;16", "I"):
        ramp = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257)
    else:
        ramp = ramp.convert(mode)

    decoded = decode_picture(saved(ramp))

    assert colour_at(decoded.thumb_jpeg, 0.5, 0.02).mean() < 40
    assert colour_at(decoded.thumb_jpeg, 0.5, 0.98).mean() > 215


def test_cmyk_jpeg_becomes_srgb() -> None:
    decoded = decode_picture(saved(halves().convert("CMYK"), "JPEG", quality=95))

    assert decoded.format == "jpeg"
    assert close_to(colour_at(decoded.thumb_jpeg, 0.2, 0.5), 254, 0, 0)


def test_animation_is_its_first_frame_and_their_count() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("lime", "red", "blue")]

    for kind in ("GIF", "WEBP", "PNG"):
        decoded = decode_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]))

        assert decoded.frames == 3
        assert close_to(colour_at(decoded.thumb_jpeg, 0.5, 0.5), 0, 255, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_format_is_told_by_content(kind: str) -> None:
    assert decode_picture(saved(halves(), kind)).format == kind.lower()


def test_more_pixels_than_allowed_are_refused_from_the_header() -> None:
    bomb = saved(Image.new("1", (20_000, 20_000)))

    with pytest.raises(PictureError, match="announces more") as refused:
        decode_picture(bomb, PictureLimits(max_pixels=1_000_000))

    assert refused.value.code == "too-many-pixels"


@pytest.mark.parametrize(
    ("size", "code"), [((1, 100_000), "too-small"), ((8, 40_000), "side-too-long"), ((2, 2), "too-small")]
)
def test_picture_of_impossible_shape_is_refused(size: tuple[int, int], code: str) -> None:
    with pytest.raises(PictureError) as refused:
        decode_picture(saved(Image.new("L", size)))

    assert refused.value.code == code


def test_region_is_decoded_as_if_it_were_the_picture() -> None:
    decoded = decode_picture(saved(halves(size=(400, 200))), region=Region(0.5, 0.0, 0.5, 1.0))

    assert close_to(colour_at(decoded.thumb_jpeg, 0.1, 0.5), 0, 0, 254)
    assert (decoded.width_px, decoded.height_px) == (400, 200)


def test_region_without_a_pixel_is_refused() -> None:
    with pytest.raises(PictureError) as refused:
        decode_picture(saved(halves()), region=Region(1.5, 0.0, 0.5, 1.0))

    assert refused.value.code == "empty-region"


def test_words_in_a_file_are_read_and_its_place_is_not() -> None:
    exif = Image.Exif()
    exif[270] = "A heron at dawn"
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 0.0)}

    decoded = decode_picture(saved(halves(), "JPEG", exif=exif))

    assert decoded.exif == {"description": "A heron at dawn"}
    assert b"Exif" not in decoded.thumb_jpeg
