"""A firm's brand as the pages need it, and the surfaces that are ours in every brand."""

from __future__ import annotations

from dataclasses import dataclass

from themes.oklch import HEX

LIGHT_SURFACES = ("#ffffff", "#f6f7f9", "#eef0f3")
"""Card, page and hovered row in light; ``static/src/10-tokens.css`` says the same (a test compares them)."""
DARK_SURFACES = ("#1b1f26", "#13161b", "#262b34")
"""Card, page and hovered row in dark."""


class BrandError(ValueError):
    """A brand value that cannot be used; ``field`` names it, the message is for the person who typed it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Brand:
    """What a firm chose. Colours are ``#`` and six hexadecimal digits; images are addresses of our own host.

    Attributes:
        name: the firm's name as people know it.
        main: the bar and the headings.
        navigation: the selected menu item.
        button: the primary action of a page.
        login_title: the greeting above the sign-in form, as the office wrote it; empty: *Welcome* in the language of the reader.

    Raises:
        BrandError: a colour of another form, an empty name, or an image address that leaves the host.
    """

    name: str
    main: str
    navigation: str
    button: str
    login_title: str = ""
    logo_url: str | None = None
    favicon_url: str | None = None
    login_image_url: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise BrandError("name", "The brand needs a name")
        for field in ("main", "navigation", "button"):
            if not HEX.fullmatch(getattr(self, field)):
                raise BrandError(field, f"{getattr(self, field)!r} is not a colour like #0B5394")
        for field in ("logo_url", "favicon_url", "login_image_url"):
            url = getattr(self, field)
            if url is not None and (not url.startswith("/") or url.startswith("//") or "\\" in url):
                raise BrandError(field, "An image must be an address of this host, beginning with one slash")
