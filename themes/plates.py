"""A logo for where its ground is not ours: in mails, whose programs may darken the page around a picture and keep the picture."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageStat

WIDEST, TALLEST = 720, 160
"""Pixels of a logo on its plate: twice what a mail shows."""
_PALE = 170
"""A logo whose visible parts are brighter than this on average (of 255) was made for a dark ground."""


@lru_cache(maxsize=32)
def on_plate(logo: bytes, dark: str) -> tuple[bytes, float]:
    """A PNG of the logo on a rounded plate of its own, and how wide that is for its height.

    The plate is white, as the page that a logo is made for; one that is pale itself stands on ``dark`` (``#0b5394``), the brand's bar.

    Raises:
        OSError: the logo is no picture.
    """
    picture = Image.open(BytesIO(logo)).convert("RGBA")
    picture.thumbnail((WIDEST, TALLEST))
    width, height = picture.size
    margin = max(4, height // 5)
    size = (width + 2 * margin, height + 2 * margin)
    plate = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, size[0] - 1, size[1] - 1), radius=margin, fill=dark if _is_pale(picture) else "#ffffff"
    )
    plate.alpha_composite(picture, (margin, margin))
    out = BytesIO()
    plate.save(out, "PNG", optimize=True)
    return out.getvalue(), size[0] / size[1]


def _is_pale(picture: Image.Image) -> bool:
    visible = picture.getchannel("A").point([0] * 128 + [255] * 128)
    if visible.getbbox() is None or visible.getextrema()[0] == 255:
        return False  # nothing to see, or a ground of its own
    return ImageStat.Stat(picture.convert("L"), visible).mean[0] > _PALE
