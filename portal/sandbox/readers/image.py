"""Images: explicit formats, a limit on pixels before they are decoded, written anew without metadata."""

import io
import warnings
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.sandbox.contract import Picture, Unreadable

FORMATS = ("PNG", "JPEG", "WEBP", "ICO")
MAX_SIDE = 4000


def prepare() -> None:
    """Load the decoders; let Pillow itself refuse what is too large (an ICO may hide a larger PNG)."""
    Image.init()
    Image.MAX_IMAGE_PIXELS = MAX_SIDE * MAX_SIDE
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    for kind in ("PNG", "JPEG", "WEBP", "ICO"):
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16)).save(buffer, kind)
        Image.open(io.BytesIO(buffer.getvalue()), formats=FORMATS).load()


def read(data: bytes, *, fit: int | None = None) -> Picture:
    """Decode, turn upright, shrink to ``fit`` pixels, encode."""
    if not data:
        raise Unreadable("empty")
    try:
        image: Any = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("image.unknown") from error
    source = str(image.format).lower()
    width, height = image.size
    if width > MAX_SIDE or height > MAX_SIDE:
        raise Unreadable("image.size", width=width, height=height, limit=MAX_SIDE)
    if getattr(image, "n_frames", 1) > 1:
        raise Unreadable("image.frames")
    try:
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("image.size", width="?", height="?", limit=MAX_SIDE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Unreadable("damaged") from error
    upright = ImageOps.exif_transpose(image)
    if fit is not None:
        upright.thumbnail((fit, fit))
    keep_jpeg = source == "jpeg"
    opaque = upright.mode in {"RGB", "L", "1", "CMYK", "YCbCr"} and "transparency" not in upright.info
    clean = upright.convert("RGB" if keep_jpeg or opaque else "RGBA")
    output = io.BytesIO()
    bare = Image.frombytes(
        clean.mode, clean.size, clean.tobytes()
    )  # pixels only: no profile, no text, no EXIF
    if keep_jpeg:
        bare.save(output, "JPEG", quality=88)
    else:
        bare.save(output, "PNG", optimize=False)
    return Picture("jpeg" if keep_jpeg else "png", bare.width, bare.height, output.getvalue(), source)
