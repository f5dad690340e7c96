"""Papers that came as pictures: photos of phones, scans, faxes. Pages upright, on white, in the colours of a screen.

Limits of their own, wider than those of logos: a phone takes 50 million pixels, a scanner a till receipt of 20,000 lines. What is
large is made smaller while it is decoded (JPEG), else in strips, so that memory holds one picture and never two.
"""

import io
from collections.abc import Iterator
from typing import Any

import pi_heif
from PIL import AvifImagePlugin, Image, JpegImagePlugin

from portal.kernel import pictures
from portal.sandbox.contract import Photo, Unreadable
from portal.sandbox.readers.photo_pdf import PdfPages
from portal.sandbox.readers.photo_pixels import Bands, to_page

MEGA = 1_000_000
MOST_PIXELS = 52 * MEGA
"""A phone that says 50 megapixels takes 8192 by 6144."""
MOST_OF = {pictures.WEBP: 18 * MEGA, pictures.AVIF: 24 * MEGA}
"""Less where the decoder keeps several copies: 16 bytes a pixel, and 12."""
PAGE_PIXELS = 12 * MEGA
DRAFT = 0.8
"""A JPEG is decoded at a half, a quarter or an eighth of its size where that is this much of the page aimed at, or more."""
PIXELS_BEGIN = b"\xff\xda"
"""The marker of a JPEG (SOS) after which its pixels come."""
MAX_PAGES = 500
MAX_WIDTH = 4000
LOSSLESS_PIXELS = MEGA
"""Small drawings stay as they are, to the pixel."""

_FORMATS = {
    pictures.PNG: "PNG",
    pictures.WEBP: "WEBP",
    pictures.GIF: "GIF",
    pictures.BMP: "BMP",
    pictures.TIFF: "TIFF",
    pictures.AVIF: "AVIF",
}
_NAMES = {**_FORMATS, pictures.JPEG: "JPEG", pictures.HEIC: "HEIC"}
_ORIENTATION, _PHOTOMETRIC = 274, 262
_OWN_REASON = {pictures.TIFF: "photo.tiff", pictures.HEIC: "photo.heic", pictures.AVIF: "photo.avif"}


def prepare() -> None:
    """Load the decoders, and let none of them start threads: a child may not."""
    Image.init()
    pi_heif.options.DECODE_THREADS = 0
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16)).save(buffer, kind)
        read(buffer.getvalue(), page=0, width=8)


def read(data: bytes, *, page: int | None = 0, width: int = 1600) -> Photo:
    """One page as a picture; without ``page`` all of them as a PDF."""
    if not data:
        raise Unreadable("photo.empty")
    kind = pictures.picture_type(data[:4096])
    if kind == pictures.RAW:
        raise Unreadable("photo.raw")
    if kind not in pictures.READ:
        raise Unreadable("photo.unknown")
    Image.MAX_IMAGE_PIXELS = None  # of each picture the pixels are counted here, before any is decoded
    try:
        if page is None:
            return _pdf(data, kind, min(width, MAX_WIDTH))
        return _page(data, kind, page, min(width, MAX_WIDTH))
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        has_begun = kind != pictures.JPEG or PIXELS_BEGIN in data
        if pictures.arrived_in_part(data, kind) or (has_begun and _is_cut(error)):
            raise Unreadable("photo.part", kind=_NAMES[kind]) from error
        raise Unreadable(_OWN_REASON.get(kind, "photo.damaged"), kind=_NAMES[kind]) from error


def _is_cut(error: Exception) -> bool:
    """Pillow says so in words alone, whatever the format."""
    return isinstance(error, EOFError) or "truncated" in str(error).lower()


def _page(data: bytes, kind: str, page: int, width: int) -> Photo:
    count, image = _nth(data, kind, page, width)
    picture = to_page(image, width, PAGE_PIXELS)
    output = io.BytesIO()
    if kind not in (pictures.JPEG, pictures.HEIC) and picture.width * picture.height <= LOSSLESS_PIXELS:
        picture.save(output, "PNG", compress_level=4)
        return Photo(count, "png", picture.width, picture.height, output.getvalue())
    picture.save(output, "JPEG", quality=88)
    return Photo(count, "jpeg", picture.width, picture.height, output.getvalue())


def _pdf(data: bytes, kind: str, width: int) -> Photo:
    made = PdfPages()
    wide = high = 0
    for bands in _all(data, kind, width):
        picture = to_page(bands, width, PAGE_PIXELS)
        if not made.count:
            wide, high = picture.size
        made.add(picture, is_line_art=bands.is_line_art)
    return Photo(made.count, "pdf", wide, high, made.finish())


def _all(data: bytes, kind: str, width: int) -> Iterator[Bands]:
    count, first = _nth(data, kind, 0, width)
    yield first
    for number in range(1, count):
        yield _nth(data, kind, number, width)[1]


def _nth(data: bytes, kind: str, page: int, width: int) -> tuple[int, Bands]:
    """How many pages there are, and one of them, decoded."""
    count = 1
    image: Any
    if kind == pictures.HEIC:
        bands = _heic(data)
    else:
        # Pillow takes a JPEG with a second picture behind it for another format, which moves: the first one alone is opened here.
        if kind == pictures.JPEG:
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        else:
            image = Image.open(io.BytesIO(data), formats=[_FORMATS[kind]])
        if kind == pictures.TIFF:
            if _tiff_kind(image) == pictures.RAW:
                raise Unreadable("photo.raw")
            count = _pages(image)
            if page < count:
                image.seek(page)
        bands = _decoded(image, kind, width)
    if not 0 <= page < count:
        raise Unreadable("photo.page", page=page + 1, count=count)
    return count, bands


def _tiff_kind(image: Any) -> str:
    return pictures.RAW if 50706 in image.tag_v2 or 33421 in image.tag_v2 else pictures.TIFF


def _pages(image: Any) -> int:
    count = image.n_frames
    if count > MAX_PAGES:
        raise Unreadable("photo.pages", found=count, limit=MAX_PAGES)
    return count


def _bounded(size: tuple[int, int], kind: str) -> None:
    most = MOST_OF.get(kind, MOST_PIXELS)
    if size[0] * size[1] > most:
        found = -(-size[0] * size[1] // MEGA)
        limit = 50 if most == MOST_PIXELS else most // MEGA
        raise Unreadable("photo.pixels", width=size[0], height=size[1], found=found, limit=limit)


def _decoded(image: Any, kind: str, width: int) -> Bands:
    _bounded(image.size, kind)
    orientation = 1
    try:
        orientation = int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - whatever a camera wrote there, the picture itself may be whole
        orientation = 1
    inverted = False
    if kind == pictures.TIFF:
        inverted = image.mode.startswith("I;16") and image.tag_v2.get(_PHOTOMETRIC) == 0
        orientation = _own_orientation(image)
    if kind == pictures.JPEG:
        sideways = orientation in (5, 6, 7, 8)
        wide, high = (image.size[1], image.size[0]) if sideways else image.size
        scale = DRAFT * min(1.0, width / wide, (PAGE_PIXELS / (wide * high)) ** 0.5)
        image.draft(None, (max(1, int(image.size[0] * scale)), max(1, int(image.size[1] * scale))))
    profile = image.info.get("icc_profile")
    image.load()
    return Bands(image, orientation=orientation, profile=profile, inverted=inverted)


def _own_orientation(image: Any) -> int:
    """How a page of a TIFF is turned. Pillow would turn it when all of it is decoded, with a second copy: it is told not to."""
    turned = image.tag_v2.get(_ORIENTATION, 1)
    if turned in (5, 6, 7, 8):
        image._size = image.size[1], image.size[0]  # noqa: SLF001 - how it is stored
    known = image.getexif()  # kept by the picture, and read by whoever turns it
    if _ORIENTATION in known:
        del known[_ORIENTATION]
    return turned


def _heic(data: bytes) -> Bands:
    """The main picture of a HEIC, turned by libheif as its own boxes say."""
    found: Any = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    _bounded(found.size, pictures.HEIC)
    return Bands.of_bytes(
        found.mode,
        found.size,
        found.stride,
        found.data,
        owner=found,
        profile=found.info.get("icc_profile") or None,
    )
