"""PDF pages and images: rendered or re-encoded within limits; floods, animations and foreign formats refused."""

import io
import struct
import zlib
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from portal.sandbox import TooComplex, Unreadable, read_image, read_pdf_page


def picture(kind: str, size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "red" if mode in {"RGB", "RGBA"} else None).save(buffer, kind, **options)
    return buffer.getvalue()


def pdf(*sizes: tuple[float, float]) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for size in sizes:
        document.new_page(*size)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


async def image_refused(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        await read_image(data)
    assert caught.value.text()
    return caught.value


@pytest.mark.parametrize(
    ("kind", "made"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "png"), ("ICO", "png")]
)
async def test_every_accepted_format_comes_out_as_png_or_jpeg(kind: str, made: str) -> None:
    read = await read_image(picture(kind, (64, 48)))
    assert (read.format, read.source) == (made, kind.lower())
    with Image.open(io.BytesIO(read.data)) as image:
        assert str(image.format).lower() == made
        assert image.size == (read.width, read.height)


async def test_an_image_is_made_to_fit_and_never_enlarged() -> None:
    assert (await read_image(picture("PNG", (800, 200)), fit=400)).height == 100
    small = await read_image(picture("PNG", (80, 20)), fit=400)
    assert (small.width, small.height) == (80, 20)


async def test_transparency_is_kept() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(buffer, "PNG")
    with Image.open(io.BytesIO((await read_image(buffer.getvalue())).data)) as image:
        assert image.convert("RGBA").getchannel("A").getpixel((5, 5)) == 0


async def test_metadata_and_whatever_hangs_on_the_file_are_gone_and_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6  # lies on its side
    read = await read_image(
        picture("JPEG", (40, 20), exif=exif, comment=b"secret word") + b"<script>alert(1)</script>"
    )
    assert (read.width, read.height) == (20, 40)
    assert b"secret" not in read.data
    assert b"script" not in read.data
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "secret")
    assert b"secret" not in (await read_image(picture("PNG", pnginfo=info))).data


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(4001, 1), (1, 4001), (13_000, 13_000), (60_000, 60_000)])
async def test_a_pixel_flood_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    assert (await image_refused(png_that_claims(*size))).code in {"image.size", "image.unknown"}


async def test_an_icon_that_hides_a_larger_image_is_refused() -> None:
    hidden = png_that_claims(9000, 9000)
    icon = (
        struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(hidden), 22) + hidden
    )
    assert (await image_refused(icon)).code in {"image.size", "image.unknown", "damaged"}


async def test_animations_are_refused() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        assert (await image_refused(buffer.getvalue())).code == "image.frames"


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"GIF89a" + bytes(100),
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"\x89PNG\r\n\x1a\n",
        b"no image at all",
    ],
)
async def test_other_formats_are_refused(data: bytes) -> None:
    assert (await image_refused(data)).code in {"image.unknown", "damaged"}


async def test_formats_pillow_knows_but_we_do_not_take_are_refused() -> None:
    for kind in ("GIF", "BMP", "TIFF", "PPM"):
        assert (await image_refused(picture(kind))).code == "image.unknown"
    assert (await image_refused(b"")).code == "empty"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_truncated_image_is_damaged(kind: str) -> None:
    noisy = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(noisy, kind)
    assert (await image_refused(noisy.getvalue()[:3000])).code in {"damaged", "image.unknown"}


async def test_pages_are_counted_and_rendered_at_the_width_asked_for() -> None:
    document = pdf((595, 842), (842, 595))
    assert (await read_pdf_page(document)).count == 2
    page = await read_pdf_page(document, page=1, width=600)
    assert page.width in range(599, 602)
    with Image.open(io.BytesIO(page.png)) as image:
        assert image.format == "PNG"
        assert image.size == (page.width, page.height)


@pytest.mark.parametrize("size", [(14_400, 14_400), (10, 14_400), (14_400, 10), (1, 1), (0.5, 5000)])
async def test_pages_of_any_shape_stay_within_the_limit_of_pixels(size: tuple[float, float]) -> None:
    page = await read_pdf_page(pdf(size), page=0, width=2400)
    assert 0 < page.width * page.height <= 8_100_000


async def test_a_page_that_is_not_there_is_named_as_people_count() -> None:
    with pytest.raises(Unreadable) as caught:
        await read_pdf_page(pdf((100, 100)), page=1)
    assert (caught.value.code, caught.value.params) == ("pdf.page", {"page": 2, "count": 1})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"<html></html>", "pdf.unknown"),
        (b"%PDF-1.7\nnothing", "damaged"),
    ],
)
async def test_what_is_no_pdf_says_so(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        await read_pdf_page(data, page=0)
    assert caught.value.code == code


async def test_a_pdf_with_a_password_says_what_to_do() -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("word", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(Unreadable) as caught:
        await read_pdf_page(buffer.getvalue(), page=0)
    assert caught.value.code == "pdf.password"


async def test_a_pdf_whose_stream_unpacks_to_gigabytes_is_too_complex() -> None:
    import pypdf
    from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 200)
    stream = DecodedStreamObject()
    bomb = zlib.compress(zlib.compress(b" " * 300_000_000, 9), 9)
    stream.set_data(bomb)
    stream[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode"), NameObject("/FlateDecode")])
    page[NameObject("/Contents")] = writer._add_object(stream)
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(TooComplex):
        await read_pdf_page(buffer.getvalue(), page=0)
