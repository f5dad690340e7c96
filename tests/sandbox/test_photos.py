"""Papers that came as pictures: every kind of pixel ends upright, on white and in its colours, within the memory there is."""

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from portal.kernel import pictures
from portal.sandbox import TooComplex, Unreadable, read_pdf_page, read_photo, read_photo_pdf
from portal.sandbox.reading import PHOTO_LIMITS

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (255, 255, 255)
HEIC = Path(__file__).parents[1] / "data" / "marks.heic"
"""96 by 64, as `marks` draws it: made for these tests with an encoder of HEVC."""


def marks(width: int = 96, height: int = 64) -> Any:
    """Red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    third, half = width // 3, height // 2
    draw.rectangle([0, 0, third - 1, half - 1], fill=RED)
    draw.rectangle([2 * third, 0, width - 1, half - 1], fill=GREEN)
    draw.rectangle([0, half, third - 1, height - 1], fill=BLUE)
    return picture


def saved(picture: Any, kind: str, **how: Any) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


async def corners(data: bytes, **how: Any) -> list[tuple[int, ...]]:
    """The colours above left, above right, below left, below right of the page."""
    page = await read_photo(data, **how)
    with Image.open(io.BytesIO(page.data)) as image:
        assert image.mode == "RGB"
        assert image.size == (page.width, page.height)
        wide, high = image.size
        found: list[Any] = [
            image.getpixel((wide * x // 6, high * y // 4)) for x, y in ((1, 1), (5, 1), (1, 3), (5, 3))
        ]
        return found


def near(found: list[tuple[int, ...]], expected: list[tuple[int, int, int]], by: int = 12) -> None:
    """Whether colours are these, but for what a lossy format does to them."""
    for one, other in zip(found, expected, strict=True):
        assert all(abs(a - b) <= by for a, b in zip(one, other, strict=True)), (found, expected)


UPRIGHT = [RED, GREEN, BLUE, WHITE]
GREYS: list[Any] = [Image.new("RGB", (1, 1), one).convert("L").getpixel((0, 0)) for one in UPRIGHT]
GREY: list[tuple[int, int, int]] = [(one, one, one) for one in GREYS]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
async def test_every_format_shows_its_colours(kind: str) -> None:
    near(await corners(saved(marks(), kind)), UPRIGHT, by=25)


async def test_a_photo_of_an_iphone_is_read() -> None:
    near(await corners(HEIC.read_bytes()), UPRIGHT, by=25)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
async def test_every_orientation_is_turned_upright(kind: str, orientation: int) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    turned = marks().transpose(back) if back is not None else marks()
    exif = Image.Exif()
    exif[274] = orientation
    how = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif.tobytes()}
    data = saved(turned, kind, **how)
    page = await read_photo(data)
    assert (page.width, page.height) == (96, 64)
    near(await corners(data), UPRIGHT, by=25)


def grey_alpha() -> Any:
    """Nothing below right."""
    grey = marks().convert("LA")
    grey.paste((0, 0), (64, 32, 96, 64))
    return grey


def transparent() -> Any:
    """Nothing below right, and black under it."""
    picture = marks().convert("RGBA")
    picture.paste((0, 0, 0, 0), (64, 32, 96, 64))
    return picture


def sixteen(order: str = "I;16") -> Any:
    """As a scanner saves grey: 16 bits."""
    deep = Image.new("I", (96, 64))
    deep.paste(marks().convert("I").point(lambda value: value * 257 + 0))
    return deep.convert(order) if order != "I" else deep


def floats() -> Any:
    """Light from 0 to 1."""
    return marks().convert("L").convert("F").point(lambda value: value * (1 / 255) + 0)


def see_through_palette() -> bytes:
    """A palette of which one colour is none."""
    picture = Image.new("P", (96, 64), 3)
    picture.putpalette([*RED, *GREEN, *BLUE, 0, 0, 0])
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, 0, 31, 31], fill=0)
    draw.rectangle([64, 0, 95, 31], fill=1)
    draw.rectangle([0, 32, 31, 63], fill=2)
    return saved(picture, "PNG", transparency=3)


def lab() -> bytes:
    """As a picture agency saves TIFF."""
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    return saved(ImageCms.applyTransform(marks(), to_lab), "TIFF")


MODES: dict[str, tuple[Callable[[], bytes], list[tuple[int, int, int]]]] = {
    "1": (lambda: saved(marks().convert("L").point(lambda one: 255 * (one > 200)).convert("1"), "PNG"), [(0, 0, 0)] * 3 + [WHITE]),
    "L": (lambda: saved(marks().convert("L"), "PNG"), GREY),
    "LA": (lambda: saved(grey_alpha(), "PNG"), GREY),
    "P": (lambda: saved(marks().quantize(8), "PNG"), UPRIGHT),
    "P, see-through": (see_through_palette, UPRIGHT),
    "RGBA": (lambda: saved(transparent(), "PNG"), UPRIGHT),
    "RGBA, WebP": (lambda: saved(transparent(), "WEBP", lossless=True), UPRIGHT),
    "RGB, one colour see-through": (lambda: saved(transparent().convert("RGB"), "PNG", transparency=(0, 0, 0)), UPRIGHT),
    "I;16": (lambda: saved(sixteen(), "PNG"), GREY),
    "I;16, TIFF": (lambda: saved(sixteen(), "TIFF"), GREY),
    "I;16B": (lambda: saved(sixteen("I;16B"), "TIFF"), GREY),
    "I": (lambda: saved(sixteen("I"), "TIFF"), GREY),
    "F": (lambda: saved(floats(), "TIFF"), GREY),
    "CMYK": (lambda: saved(marks().convert("CMYK"), "JPEG", quality=95), UPRIGHT),
    "CMYK, TIFF": (lambda: saved(marks().convert("CMYK"), "TIFF"), UPRIGHT),
    "YCbCr": (lambda: saved(marks().convert("YCbCr"), "JPEG", quality=95), UPRIGHT),
    "RGBX": (lambda: saved(marks().convert("RGBX"), "TIFF"), UPRIGHT),
    "LAB": (lab, UPRIGHT),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
async def test_every_kind_of_pixel_ends_in_its_colours_on_white(mode: str) -> None:
    made, expected = MODES[mode]
    near(await corners(made()), expected, by=30)


async def test_a_profile_is_followed() -> None:
    # a linear profile: what is 128 in it is much lighter on a screen
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    data = saved(Image.new("RGB", (60, 40), (128, 128, 128)), "PNG", icc_profile=linear.tobytes())
    assert len(await corners(data)) == 4
    nonsense = saved(marks(), "PNG", icc_profile=b"no profile at all")
    near(await corners(nonsense), UPRIGHT)


async def test_the_first_picture_of_a_photo_with_two_is_taken() -> None:
    two = saved(marks(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64), "black")])
    near(await corners(two), UPRIGHT, by=25)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_what_moves_gives_its_first_picture(kind: str) -> None:
    data = saved(marks(), kind, save_all=True, append_images=[Image.new("RGB", (96, 64), "black")])
    near(await corners(data), UPRIGHT, by=25)


@pytest.mark.parametrize("packing", ["group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate", "raw"])
async def test_faxes_are_read_page_by_page(packing: str) -> None:
    pages = [Image.new("1", (200, 300), one) for one in (1, 0, 1)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=packing)
    shown = [await read_photo(data, page=number) for number in range(3)]
    assert [one.count for one in shown] == [3, 3, 3]
    assert [Image.open(io.BytesIO(one.data)).getpixel((50, 50)) for one in shown] == [WHITE, (0, 0, 0), WHITE]
    with pytest.raises(Unreadable) as refused:
        await read_photo(data, page=3)
    assert refused.value.code == "photo.page"


async def test_a_fax_becomes_a_pdf_of_its_pages() -> None:
    pages = [Image.new("1", (2480, 3508), one) for one in (1, 0)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    made = await read_photo_pdf(data)
    assert (made.count, made.format) == (2, "pdf")
    page = await read_pdf_page(made.data, page=1, width=100)
    assert page.count == 2
    assert Image.open(io.BytesIO(page.png)).getpixel((50, 50)) == (0, 0, 0)
    photo = await read_photo_pdf(HEIC.read_bytes())
    drawn = await read_pdf_page(photo.data, page=0, width=96)
    with Image.open(io.BytesIO(drawn.png)) as image:
        assert all(abs(a - b) < 25 for a, b in zip(image.getpixel((16, 16)), RED, strict=True))  # type: ignore[arg-type]


def gradient(size: tuple[int, int], mode: str = "RGB") -> Any:
    """Something to encode that is no plain surface."""
    return Image.radial_gradient("L").resize(size).convert(mode)


def deep(size: tuple[int, int]) -> Any:
    """The same in 16 bits."""
    return gradient(size, "L").convert("I").point(lambda value: value * 257 + 0).convert("I;16")


LARGE = {
    "12 MP": lambda: saved(gradient((4032, 3024)), "JPEG"),
    "50 MP": lambda: saved(gradient((8192, 6144)), "JPEG", quality=80),
    "48 MP, progressive": lambda: saved(gradient((8064, 6048)), "JPEG", quality=80, progressive=True),
    "50 MP, PNG": lambda: saved(gradient((8192, 6144)), "PNG", compress_level=1),
    "50 MP, upside": lambda: saved(gradient((8192, 6144)), "TIFF", tiffinfo={274: 6}, compression="tiff_lzw"),
    "a long receipt": lambda: saved(gradient((1000, 20_000)), "JPEG"),
    "a long receipt, PNG": lambda: saved(gradient((1000, 20_000)), "PNG", compress_level=1),
    "A4 at 600 dpi": lambda: saved(gradient((4960, 7016)), "PNG", compress_level=1),
    "A4 at 600 dpi, with alpha": lambda: saved(gradient((4960, 7016), "RGBA"), "PNG", compress_level=1),
    "A4 at 600 dpi, 16 bits": lambda: saved(deep((4960, 7016)), "PNG", compress_level=1),
    "A4 at 600 dpi, fax": lambda: saved(gradient((4960, 7016), "1"), "TIFF", compression="group4"),
    "A3 at 400 dpi": lambda: saved(gradient((4677, 6614), "CMYK"), "JPEG"),
    "18 MP, WebP": lambda: saved(gradient((4899, 3674)), "WEBP", quality=30, method=0),
    "20 MP, GIF": lambda: saved(gradient((5000, 4000), "P"), "GIF"),
    "20 MP, BMP, no": lambda: saved(gradient((5000, 4000), "L"), "BMP"),
}  # fmt: skip


@pytest.mark.parametrize("what", LARGE)
async def test_what_phones_and_scanners_make_is_taken_within_the_memory_there_is(what: str) -> None:
    assert PHOTO_LIMITS.memory <= 400_000_000
    page = await read_photo(LARGE[what]())
    assert 0 < page.width <= 1600
    assert page.width * page.height <= 12_100_000
    if "receipt" in what:
        assert page.width >= 700, "nobody can read it"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "GIF"])
async def test_more_pixels_than_that_are_told(kind: str) -> None:
    data = saved(gradient((64, 64), "L"), kind)
    bomb = grown(data, kind, 30_000, 20_000)
    with pytest.raises(Unreadable) as refused:
        await read_photo(bomb)
    assert refused.value.code == "photo.pixels"
    assert refused.value.params == {"width": 30_000, "height": 20_000, "found": 600, "limit": 50}


def grown(data: bytes, kind: str, width: int, height: int) -> bytes:
    """The same file, whose head says that it is larger."""
    made = bytearray(data)
    if kind == "PNG":
        struct.pack_into(">II", made, 16, width, height)
        struct.pack_into(">I", made, 29, zlib.crc32(bytes(made[12:29])))
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0")
        struct.pack_into(">HH", made, at + 5, height, width)
    elif kind == "BMP":
        struct.pack_into("<ii", made, 18, width, height)
    elif kind == "GIF":
        struct.pack_into("<HH", made, 6, width, height)
    else:
        start = struct.unpack_from("<I", data, 4)[0]
        for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
            tag = struct.unpack_from("<H", data, at)[0]
            if tag in (256, 257):
                struct.pack_into("<HI", made, at + 2, 4, 1)
                struct.pack_into("<I", made, at + 8, width if tag == 256 else height)
    return bytes(made)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
async def test_half_a_picture_is_told_to_be_one(kind: str) -> None:
    noise = Image.effect_noise((400, 300), 80).convert("RGB")
    data = saved(noise, kind)
    with pytest.raises(Unreadable) as refused:
        await read_photo(data[: len(data) // 2])
    assert refused.value.code == "photo.part"
    assert refused.value.params == {"kind": kind}


async def test_half_a_photo_of_an_iphone_is_told_to_be_one() -> None:
    data = HEIC.read_bytes()
    with pytest.raises(Unreadable) as refused:
        await read_photo(data[: len(data) - 100])
    assert refused.value.code == "photo.part"


async def test_a_raw_photo_is_named() -> None:
    raw = saved(marks(), "TIFF", tiffinfo={50706: b"\x01\x04\x00\x00"})
    with pytest.raises(Unreadable) as refused:
        await read_photo(raw)
    assert refused.value.code == "photo.raw"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_bytes_are_taken_for_a_picture_by_an_accident_of_reading(data: st.DataObject) -> None:
    head = data.draw(st.binary(max_size=80))
    start = data.draw(st.sampled_from([b"", b"II*\x00", b"MM\x00*", b"BM", b"\x00\x00\x00\x18ftyp", b"RIFF"]))
    kind = pictures.picture_type(start + head)
    assert kind is None or kind in pictures.READ | pictures.NAMED
    if kind is not None:
        assert pictures.arrived_in_part(start + head, kind) in (True, False)


async def test_a_broken_picture_is_refused_or_read_and_nothing_else() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        whole = saved(marks(), kind)
        for at in range(12, len(whole), max(1, len(whole) // 12)):
            broken = bytearray(whole)
            broken[at] ^= 0xFF
            with contextlib.suppress(Unreadable, TooComplex):
                await read_photo(bytes(broken))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_nothing_but_pixels_comes_out(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at a secret place"
    how: dict[str, Any] = {"comment": b"a secret remark"} if kind == "JPEG" else {}
    for picture in (marks(), gradient((2000, 1500))):
        page = await read_photo(saved(picture, kind, exif=exif.tobytes(), **how))
        assert b"secret" not in page.data
