"""People: what a browser calls itself, and news about passwords. Pure."""

import re
from typing import Any, ClassVar
from uuid import UUID

from portal.kernel.addresses import mailable
from portal.kernel.events import Event
from portal.kernel.language import N_
from portal.kernel.questions import Question


class PasswordForgotten(Event, frozen=True, kw_only=True):
    """Somebody asked for a new password on a firm's host; also published, to the same effect, when nobody has that address."""

    name: ClassVar[str] = "accounts.password_forgotten"
    reset_id: UUID


class PasswordChanged(Event, frozen=True, kw_only=True):
    """A person's password is another one now; the firm whose host they used tells them."""

    name: ClassVar[str] = "accounts.password_changed"
    person_id: UUID
    firm_id: UUID


_BROWSERS = (
    (re.compile(r"\bEdgA?/"), "Edge"),
    (re.compile(r"\bOPR/"), "Opera"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|\bCriOS/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"iPhone"), "iPhone"),
    (re.compile(r"iPad"), "iPad"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "Mac"),
    (re.compile(r"CrOS"), "ChromeOS"),
    (re.compile(r"Linux"), "Linux"),
)


def browser_name(user_agent: str) -> str | None:
    """What a User-Agent header tells people: Firefox, Windows. None when it tells nothing."""
    browser = next((name for pattern, name in _BROWSERS if pattern.search(user_agent)), None)
    system = next((name for pattern, name in _SYSTEMS if pattern.search(user_agent)), None)
    return ", ".join(part for part in (browser, system) if part) or None


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{0,61}}[A-Za-z0-9]", re.ASCII
)


NOT_AN_ADDRESS = N_("This is not an e-mail address.")


def is_address(text: str) -> bool:
    """Whether this can be an e-mail address as mail servers everywhere take it.

    RFC 5321: a dot-atom of at most 64 characters, one @, a domain with a dot, at most 254 characters. ASCII; a domain of other letters
    counts as its ASCII form.
    """
    written = mailable(text)
    return (
        written is not None
        and len(written) <= 254
        and written.find("@") <= 64
        and _ADDRESS.fullmatch(written) is not None
    )


class CompaniesServed(Question[Any], frozen=True, kw_only=True):
    """Which companies a firm works for, or has asked to: on its host their members may sign in.

    The answer is a part of a statement (a subquery of company ids), so that who signs in costs no statement more.
    """

    firm_id: UUID
