"""Colours as people see them: sRGB hex to OKLCH and back.

OKLCH (lightness 0–1, chroma, hue in degrees) keeps a colour's character while its lightness moves, which
HSL does not. The matrices are those of Björn Ottosson's OKLab, as CSS Color 4 prints them.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

HEX = re.compile(r"^#[0-9a-fA-F]{6}$", re.ASCII)


class Rgb(NamedTuple):
    """Linear-light sRGB, each channel 0–1 when it can be shown on a screen."""

    red: float
    green: float
    blue: float


class Oklch(NamedTuple):
    """Perceived lightness 0–1, chroma from 0 (grey) to about 0.37, hue 0–360."""

    lightness: float
    chroma: float
    hue: float


def _linear(channel: int) -> float:
    # 0.04045 is the sRGB standard's threshold; WCAG's old 0.03928 is a known erratum.
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> int:
    value = min(1.0, max(0.0, value))
    value = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(value * 255)


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0–255) of a colour like ``#0B5394``.

    Raises:
        ValueError: it is not ``#`` and six hexadecimal digits.
    """
    if not HEX.fullmatch(colour):
        raise ValueError(f"{colour!r} is not a colour like #0B5394")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def linear(colour: str) -> Rgb:
    """A hex colour in linear light."""
    red, green, blue = channels(colour)
    return Rgb(_linear(red), _linear(green), _linear(blue))


def to_oklch(colour: str) -> Oklch:
    """A hex colour as lightness, chroma and hue."""
    red, green, blue = linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def _to_linear(colour: Oklch) -> Rgb:
    a = colour.chroma * math.cos(math.radians(colour.hue))
    b = colour.chroma * math.sin(math.radians(colour.hue))
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return Rgb(
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(rgb: Rgb) -> bool:
    return all(-0.0005 <= channel <= 1.0005 for channel in rgb)


def to_hex(colour: Oklch) -> str:
    """The nearest colour a screen can show: lightness and hue are kept, chroma gives way."""
    lightness = min(1.0, max(0.0, colour.lightness))
    wanted = Oklch(lightness, max(0.0, colour.chroma), colour.hue)
    rgb = _to_linear(wanted)
    if not _shown(rgb):
        low, high = 0.0, wanted.chroma
        for _ in range(24):
            middle = (low + high) / 2
            if _shown(_to_linear(wanted._replace(chroma=middle))):
                low = middle
            else:
                high = middle
        rgb = _to_linear(wanted._replace(chroma=low))
    return "#{:02x}{:02x}{:02x}".format(*(_encoded(channel) for channel in rgb))


def mix(first: str, second: str, share: float) -> str:
    """``first`` laid over ``second`` with opacity ``share`` (0–1), as a browser blends."""
    pairs = zip(channels(first), channels(second), strict=True)
    return "#{:02x}{:02x}{:02x}".format(*(round(one * share + two * (1 - share)) for one, two in pairs))
