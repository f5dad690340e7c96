"""Brand → palette → stylesheet of custom properties.

The stylesheet contains only values derived here from checked colours, never text that a firm typed. Its name
is the hash of its content, so that it can be served as immutable under ``style-src 'self'``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from themes.contrast import (
    SHAPE_RATIO,
    Adjusted,
    apart,
    ratio,
    readable,
    shifted,
    softened,
    stronger,
    text_on,
)
from themes.oklch import channels, mix, to_hex, to_oklch
from themes.tokens import DARK_SURFACES, LIGHT_SURFACES, Brand

ALGORITHM = 1
"""Version of the derivation; stored with a published brand so that old versions can be rebuilt."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """Every colour a brand gives to the pages, in one of light and dark.

    ``bar`` carries the menu, ``selected`` its chosen item, ``accent`` links, ticks, progress and focus.
    """

    bar: str
    bar_text: str
    bar_muted: str
    bar_hover: str
    selected: str
    selected_text: str
    button: str
    button_text: str
    button_hover: str
    button_active: str
    button_edge: str
    accent: Adjusted
    accent_text: str
    accent_hover: str
    accent_soft: str
    heading: Adjusted


@dataclass(frozen=True, slots=True)
class Palette:
    """A brand's colours in light and in dark."""

    light: Scheme
    dark: Scheme


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """Text of a stylesheet, the SHA-256 it is known by, and its file name."""

    text: str
    digest: str
    name: str


def _scheme(main: str, navigation: str, button: str, surfaces: tuple[str, str, str], yours: Brand) -> Scheme:
    bar_text, selected_text, button_text = text_on(main), text_on(navigation), text_on(button)
    accent = readable(yours.main, surfaces)
    # A pale button still needs an edge on a pale page; one that stands out by itself keeps its own colour.
    edge = button if ratio(button, surfaces[0]) >= 1.8 else readable(button, surfaces, SHAPE_RATIO).used
    return Scheme(
        bar=main,
        bar_text=bar_text,
        bar_muted=softened(bar_text, main),
        bar_hover=shifted(main, bar_text, 0.04),
        selected=navigation,
        selected_text=selected_text,
        button=button,
        button_text=button_text,
        button_hover=shifted(button, button_text, 0.045),
        button_active=shifted(button, button_text, 0.08),
        button_edge=edge,
        accent=accent,
        accent_text=text_on(accent.used),
        accent_hover=stronger(accent.used, surfaces, 0.06),
        accent_soft=mix(accent.used, surfaces[0], 0.09),
        heading=accent,
    )


def _dimmed(colour: str, lightness: float, chroma: float) -> str:
    # A full-height bar in a bright brand colour would glare at night: same hue, less light.
    start = to_oklch(colour)
    return to_hex(start._replace(lightness=min(start.lightness, lightness), chroma=min(start.chroma, chroma)))


def derive(brand: Brand) -> Palette:
    """All colours that the pages use, from the three that the firm chose."""
    bar = _dimmed(brand.main, 0.27, 0.05)
    selected = apart(_dimmed(brand.navigation, 0.42, 0.09), bar, 1.35)
    return Palette(
        light=_scheme(brand.main, brand.navigation, brand.button, LIGHT_SURFACES, brand),
        dark=_scheme(bar, selected, brand.button, DARK_SURFACES, brand),
    )


def _properties(scheme: Scheme) -> str:
    accent = scheme.accent.used
    values = {
        "--tblr-primary": accent,
        "--tblr-primary-rgb": ", ".join(map(str, channels(accent))),
        "--tblr-primary-fg": scheme.accent_text,
        "--tblr-primary-darken": scheme.accent_hover,
        "--tblr-primary-lt": scheme.accent_soft,
        "--tblr-link-color": accent,
        "--tblr-link-hover-color": scheme.accent_hover,
        "--brand-accent-soft": scheme.accent_soft,
        "--brand-heading": scheme.heading.used,
        "--brand-button": scheme.button,
        "--brand-button-text": scheme.button_text,
        "--brand-button-hover": scheme.button_hover,
        "--brand-button-active": scheme.button_active,
        "--brand-button-edge": scheme.button_edge,
        "--brand-bar": scheme.bar,
        "--brand-bar-text": scheme.bar_text,
        "--brand-bar-muted": scheme.bar_muted,
        "--brand-bar-hover": scheme.bar_hover,
        "--brand-selected": scheme.selected,
        "--brand-selected-text": scheme.selected_text,
    }
    return "".join(f"{name}:{value};" for name, value in values.items())


def stylesheet(brand: Brand) -> Stylesheet:
    """The brand's custom properties for light and dark, byte for byte the same for the same colours."""
    palette = derive(brand)
    light, dark = _properties(palette.light), _properties(palette.dark)
    text = (
        f":root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-bs-theme=light]){{{dark}}}}}\n"
        f":root[data-bs-theme=dark]{{{dark}}}\n"
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Stylesheet(text, digest, f"brand.{digest[:16]}.css")
