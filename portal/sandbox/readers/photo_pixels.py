"""From the pixels of any format to a page: RGB on white, upright, smaller. In strips, so that no second copy of the whole is made."""

import io
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image, ImageCms

STRIP_PIXELS = 1_000_000
LARGEST_REDUCED = 27_000_000
"""Pixels of the picture that is made first, by a whole factor; it stands in memory beside the one it is made from."""
_TRANSPOSE: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned upright, by what EXIF calls its orientation."""
_SCALES = (255, 1023, 4095, 16383, 65535)
_LARGEST_PROFILE = 4_000_000


class Bands:
    """A decoded picture that is read strip by strip.

    Args:
        orientation: 1 to 8, as in EXIF.
        profile: an ICC profile of its colours.
        inverted: whether zero is white (16 bits, where Pillow leaves that to us).
    """

    def __init__(
        self, image: Any, *, orientation: int = 1, profile: bytes | None = None, inverted: bool = False
    ) -> None:
        self._image = image
        self._raw: tuple[Any, int] | None = None
        self._owner: Any = None
        self.mode: str = image.mode
        self.size: tuple[int, int] = image.size
        self.orientation = orientation if orientation in _TRANSPOSE else 1
        self.profile = profile
        self.is_line_art = image.mode == "1"
        self._transparency = image.info.get("transparency")
        self._range = self._found_range(inverted)
        self._lab: Any = None

    @classmethod
    def of_bytes(
        cls, mode: str, size: tuple[int, int], stride: int, data: Any, *, owner: Any, profile: bytes | None
    ) -> "Bands":
        """A picture whose pixels another library holds, as long as its `owner` lives."""
        made = cls(Image.new(mode, (1, 1)), profile=profile)
        made.size = size
        made._raw = memoryview(data), stride
        made._owner = owner
        return made

    @property
    def is_sideways(self) -> bool:
        """Whether width and height change places."""
        return self.orientation in (5, 6, 7, 8)

    @property
    def whole(self) -> Any:
        """All of it where it is as a page must be already: RGB, nothing see-through; else None."""
        plain = self.mode == "RGB" and self._transparency is None and self._raw is None
        return self._image if plain else None

    def strips(self, multiple: int) -> Iterator[tuple[int, Any]]:
        """Strips from above, each with its first line, all but the last with a multiple of lines; in RGB on white."""
        width, height = self.size
        lines = max(1, STRIP_PIXELS // max(width, 1) // multiple) * multiple
        for top in range(0, height, lines):
            yield top, self._rgb(self._cut(top, min(top + lines, height)))

    def _cut(self, top: int, bottom: int) -> Any:
        width = self.size[0]
        if self._raw is None:
            return self._image.crop((0, top, width, bottom))
        data, stride = self._raw
        part = data[top * stride : bottom * stride]
        return Image.frombuffer(self.mode, (width, bottom - top), part, "raw", self.mode, stride, 1)

    def _found_range(self, inverted: bool) -> tuple[float, float] | None:
        """Which values are black and white, where a pixel has more than 8 bits."""
        if self.mode not in ("I", "F") and not self.mode.startswith("I;16"):
            return None
        low, high = self._extrema()
        if self.mode == "F":
            if low >= 0 and high <= 1:
                return 0.0, 1.0
            if not (low == low and high == high) or high - low in (0, float("inf")):  # noqa: PLR0124 - not a number
                return 0.0, 255.0
        scale = next((one for one in _SCALES if high <= one), None)
        black, white = (0.0, float(scale)) if scale is not None and low >= 0 else (float(low), float(high))
        return (white, black) if inverted else (black, white)

    def _extrema(self) -> tuple[float, float]:
        if self.mode in ("I", "F", "I;16"):
            return self._image.getextrema()
        rows = range(0, self.size[1], lines := max(1, STRIP_PIXELS // max(self.size[0], 1)))
        found = [
            self._cut(top, min(top + lines, self.size[1])).convert("I").getextrema() for top in rows
        ]  # Pillow asks that of no other order of bytes
        return min(low for low, _high in found), max(high for _low, high in found)

    def _rgb(self, part: Any) -> Any:
        mode = part.mode
        if self._range is not None:
            return self._eight_bits(part).convert("RGB")
        if mode == "LAB":
            return self._from_lab(part)
        if (mode == "P" and self._transparency is not None) or (
            mode in ("1", "L", "RGB") and self._transparency is not None
        ):
            part.info["transparency"] = self._transparency
            mode, part = "RGBA", part.convert("RGBA")
        elif mode in ("LA", "PA", "La", "RGBa"):
            mode, part = "RGBA", part.convert("RGBA")
        if mode == "RGBA":
            white = Image.new("RGB", part.size, "white")
            white.paste(part, mask=part.getchannel("A"))
            return white
        if mode == "CMYK" and self.profile is not None:
            return part  # its profile knows better what that looks like
        return part if mode == "RGB" else part.convert("RGB")

    def _eight_bits(self, part: Any) -> Any:
        assert self._range is not None
        black, white = self._range
        factor = 255.0 / (white - black)
        deep = part.convert("I" if part.mode.startswith("I;16") else part.mode).convert("F")
        return deep.point(lambda value: value * factor + (0.5 - black * factor)).convert("L")

    def _from_lab(self, part: Any) -> Any:
        if self._lab is None:
            self._lab = ImageCms.buildTransform(
                ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
            )
        return ImageCms.applyTransform(part, self._lab)


def to_page(bands: Bands, width: int, most_pixels: int) -> Any:
    """The page, at most so wide and of so many pixels in all, as RGB without anything of the file but its pixels."""
    wide, high = bands.size[::-1] if bands.is_sideways else bands.size
    scale = min(1.0, width / wide, (most_pixels / (wide * high)) ** 0.5)
    factor = max(1, int(1 / scale))
    while bands.size[0] * bands.size[1] > LARGEST_REDUCED * factor * factor:
        factor += 1  # a little smaller than aimed is better than too large
    small: Any = bands.whole if factor == 1 else None
    if small is None:
        small = _reduced(bands, factor)
    aimed = max(1, round(bands.size[0] * scale)), max(1, round(bands.size[1] * scale))
    if small.width > aimed[0] or small.height > aimed[1]:
        small = small.resize(aimed, Image.Resampling.LANCZOS)
    small = _as_on_screen(small, bands.profile)
    if bands.orientation != 1:
        small = small.transpose(_TRANSPOSE[bands.orientation])
    small.info = {}  # no comment, no profile, no place where it was taken
    return small


def _reduced(bands: Bands, factor: int) -> Any:
    """All of it, by a whole factor smaller."""
    made: Any = None
    for top, strip in bands.strips(factor):
        part = strip.reduce(factor) if factor > 1 else strip
        if made is None:
            made = Image.new(part.mode, (part.width, -(-bands.size[1] // factor)))
        made.paste(part, (0, top // factor))
    return made


def _as_on_screen(picture: Any, profile: bytes | None) -> Any:
    """Colours as a screen shows them, by the profile that came along; without one that fits, as they are."""
    if profile and len(profile) <= _LARGEST_PROFILE:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):  # of another kind than the pixels, or damaged
            pass
    return picture if picture.mode == "RGB" else picture.convert("RGB")
