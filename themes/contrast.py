"""Readable colours: WCAG 2.2 contrast, and the smallest change that reaches it.

A firm picks its colours; people with tired eyes must read them. Text on a brand colour is black or white,
whichever reads better (at least 4.58 to 1 on every colour there is). Where the brand colour itself is the
text, it is darkened or lightened in OKLCH, hue kept, until it passes; what was chosen and what is used are
both returned so that the house style page can show them side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from themes.oklch import Oklch, linear, mix, to_hex, to_oklch

BLACK = "#000000"
WHITE = "#ffffff"
TEXT_RATIO = 4.5
"""WCAG 2.2, 1.4.3: contrast of ordinary text."""
SHAPE_RATIO = 3.0
"""WCAG 2.2, 1.4.11: contrast of what must be seen but not read."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A colour as chosen and as used, each with its contrast on the worst background it meets."""

    yours: str
    used: str
    ratio_yours: float
    ratio_used: float

    @property
    def changed(self) -> bool:
        """The chosen colour would not have been readable."""
        return self.yours.lower() != self.used.lower()


def luminance(colour: str) -> float:
    """Relative luminance, 0 for black to 1 for white."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21, in either order."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """Black or white, whichever reads better on this colour."""
    return BLACK if ratio(BLACK, background) >= ratio(WHITE, background) else WHITE


def worst(colour: str, backgrounds: Sequence[str]) -> float:
    """The lowest contrast of a colour over several backgrounds."""
    return min(ratio(colour, background) for background in backgrounds)


def _moved(colour: Oklch, lightness: float) -> str:
    # Very light and very dark colours carry little chroma; scaling it down early avoids neon results.
    return to_hex(colour._replace(lightness=lightness))


def readable(colour: str, backgrounds: Sequence[str], minimum: float = TEXT_RATIO) -> Adjusted:
    """The colour, darkened on light backgrounds or lightened on dark ones until it reads on all of them.

    The change is the smallest that passes; a colour that already passes is returned as it is.
    """
    before = worst(colour, backgrounds)
    if before >= minimum:
        return Adjusted(colour, colour, before, before)
    start = to_oklch(colour)
    light_surface = luminance(backgrounds[0]) > 0.18
    end = 0.0 if light_surface else 1.0
    passing, failing = end, start.lightness
    for _ in range(20):
        middle = (passing + failing) / 2
        if worst(_moved(start, middle), backgrounds) >= minimum:
            passing = middle
        else:
            failing = middle
    used = _moved(start, passing)
    if worst(used, backgrounds) < minimum:  # no such hue passes: the end of the scale does
        used = BLACK if light_surface else WHITE
    return Adjusted(colour, used, before, worst(used, backgrounds))


def shifted(colour: str, text: str, by: float) -> str:
    """A neighbour of a background, for hover and pressed: darker where the text stays readable."""
    start = to_oklch(colour)
    if start.lightness < 0.2:  # near black, eyes need a larger step
        return _moved(start, start.lightness + 3 * by)
    darker = _moved(start, start.lightness - by)
    if start.lightness - by > 0.05 and ratio(text, darker) >= TEXT_RATIO:
        return darker
    return _moved(start, start.lightness + by)


def stronger(colour: str, backgrounds: Sequence[str], by: float) -> str:
    """A readable colour's neighbour for when one points at it: further from the backgrounds if it can."""
    start = to_oklch(colour)
    away = -by if luminance(backgrounds[0]) > 0.18 else by
    if 0.05 < start.lightness + away < 0.97:
        return _moved(start, start.lightness + away)
    return _moved(start, start.lightness - 2 * away)


def softened(text: str, background: str, share: float = 0.78) -> str:
    """Text blended into its background for second-rank words, never below the readable ratio."""
    while share < 1:
        blended = mix(text, background, share)
        if ratio(blended, background) >= TEXT_RATIO:
            return blended
        share += 0.02
    return text


def apart(colour: str, neighbour: str, minimum: float) -> str:
    """The colour, made lighter (or darker near white) until it is told from its neighbour."""
    start = to_oklch(colour)
    step = 0.01 if to_oklch(neighbour).lightness < 0.6 else -0.01
    moved, lightness = colour, start.lightness
    while ratio(moved, neighbour) < minimum and 0 < lightness + step < 1:
        lightness += step
        moved = _moved(start, lightness)
    return moved
