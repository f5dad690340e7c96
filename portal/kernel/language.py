"""The reader's language: an enum, a context variable, and gettext that follows it.

`_("…")` marks and translates at once; `N_("…")` only marks, for texts stored in tables and translated when shown.
Catalogues live in portal/locale/<language>/LC_MESSAGES/portal.mo; English is the source language.
"""

import enum
import gettext as gettext_module
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Generator

LOCALE = Path(__file__).parent.parent / "locale"


class Language(enum.StrEnum):
    """The languages the portal speaks."""

    NL = "nl"
    FR = "fr"
    EN = "en"
    DE = "de"


LANGUAGE_NAMES = {
    Language.NL: "Nederlands",
    Language.FR: "Français",
    Language.EN: "English",
    Language.DE: "Deutsch",
}

_current: ContextVar[Language] = ContextVar("language", default=Language.EN)


def current_language() -> Language:
    """The language of whoever reads the answer being made now."""
    return _current.get()


@contextmanager
def use_language(language: Language) -> "Generator[None]":
    """Everything translated inside is in `language`: a request, a mail, a PDF."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def parse_language(code: str | None) -> Language | None:
    """`nl`, `nl-BE`, `NL_be` and the like; None when it is not one of ours."""
    try:
        return Language((code or "").strip().replace("_", "-").split("-")[0].lower())
    except ValueError:
        return None


def negotiate(accept_language: str | None) -> Language:
    """The best of ours for an Accept-Language header; English when none fits."""
    wanted: list[tuple[float, int, Language]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        code, _sep, weight = part.partition(";q=")
        language = parse_language(code)
        if language is not None:
            quality = (
                float(weight) if weight.strip().replace(".", "", 1).isascii() and _is_weight(weight) else 1.0
            )
            wanted.append((-quality, place, language))
    return min(wanted)[2] if wanted else Language.EN


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


@lru_cache
def _catalogue(language: Language) -> gettext_module.NullTranslations:
    return gettext_module.translation("portal", LOCALE, [language.value], fallback=True)


class Told(str):
    """A message together with the values of its places, where only a message is carried: the faults of a form, by field.

    `gettext` fills the places in; a value that is marked itself is translated as well.
    """

    __slots__ = ("params",)
    params: dict[str, str]

    def __new__(cls, message: str, /, **params: str) -> Self:
        """The message as N_ marked it."""
        told = super().__new__(cls, message)
        told.params = params
        return told


def gettext(message: str) -> str:
    """The message in the current language; itself when there is no translation."""
    text = _catalogue(_current.get()).gettext(message)
    return str(text % message.params if isinstance(message, Told) and message.params else text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The message for this number in the current language."""
    return _catalogue(_current.get()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """The message as used in this context ("Open" the verb, "Open" the state)."""
    return _catalogue(_current.get()).pgettext(context, message)


def capitalised(text: str) -> str:
    """The text with its first letter raised and the rest as it is: German nouns keep their capitals."""
    return text[:1].upper() + text[1:]


_ = gettext


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for the catalogue without translating it yet."""
    return message


VALUES: Final = "\u241f"
"""Stands between a text that is translated when it is shown and its values; nobody types it."""


def with_values(text: str, **values: str) -> str:
    """A marked text with the values of its places, as one text to be kept; the filter `translated` writes it out."""
    given = (f"{VALUES}{name}={value.replace(VALUES, ' ')}" for name, value in values.items())
    return text + "".join(given)
