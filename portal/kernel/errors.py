"""The one tree of errors a use case may raise; `portal.web.problems` is the only place that renders them.

    PortalError
    ├── Invalid       400  what was given cannot be read or breaks a rule; says what, where and what to do
    ├── Unauthorised  401  nobody is signed in
    ├── Forbidden     403  signed in, but may not
    ├── NotFound      404  unknown, or another tenant's: the two answer alike
    ├── WrongMethod   405  the address is right, what was to be done there is not
    ├── Conflict      409  somebody or something was there first: state moved, locked, already open
    ├── TooLarge      413  more bytes than allowed
    ├── TooLongAddress   414  an address longer than any of ours
    ├── TooMany       429  rate limit; `retry_after` in seconds
    ├── HeadersTooLarge  431  what a browser sends along is longer than anything we read
    └── Unavailable   503  a part we need is away for the moment

Every error carries a `code` for programs, and a `message` with `%(name)s` places for `params`, which is translated when it is
shown: raise with `N_("…")`. `fields` maps form fields to such messages. Nothing here ever holds database text.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.kernel.language import N_, Told, gettext, ngettext

LONGEST_IN_MINUTES = 120


class PortalError(Exception):
    """Root of everything a use case raises on purpose."""

    status: ClassVar[int] = 500
    code: str = "error"
    message: str = N_("Something went wrong.")

    def __init__(
        self,
        message: str | None = None,
        /,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.params = params
        super().__init__(self.code)

    @property
    def headers(self) -> dict[str, str]:
        """What an answer with this error says besides its text, wherever it is shown."""
        return {}

    def text(self) -> str:
        """The message in the reader's language, its places filled in."""
        return gettext(self.message) % self.params if self.params else gettext(self.message)

    def field_texts(self) -> dict[str, str]:
        """The messages of the fields, in the reader's language."""
        return {
            name: gettext(message) if isinstance(message, Told) else gettext(message) % self.params
            for name, message in self.fields.items()
        }


class Invalid(PortalError):
    """What was given cannot be read or breaks a rule."""

    status = 400
    code = "invalid"
    message = N_("Some of what you entered is not right.")


class Unauthorised(PortalError):
    """Nobody is signed in, or the key is unknown: 401."""

    status = 401
    code = "unauthorised"
    message = N_("Please sign in.")


class Forbidden(PortalError):
    """Signed in, but may not."""

    status = 403
    code = "forbidden"
    message = N_("You may not do this. Ask the owner of the account.")


class NotFound(PortalError):
    """The object is unknown, or another tenant's, which answers alike: 404."""

    status = 404
    code = "not_found"
    message = N_("This page does not exist, or you have no access to it.")


class WrongMethod(PortalError):
    """The address is right, what was to be done there is not; `allowed` names the methods that it takes."""

    status = 405
    code = "wrong_method"
    message = N_("This address does not take such a request. Go back and use the buttons of the page.")

    def __init__(self, allowed: str = "", /) -> None:
        super().__init__()
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer: `Allow`, the methods that the address takes."""
        return {"Allow": self.allowed}


class Conflict(PortalError):
    """Somebody or something was there first."""

    status = 409
    code = "conflict"
    message = N_("This was changed in the meantime. Look at the present state and try again.")


class TooLarge(PortalError):
    """A body or a file has more bytes than are allowed: 413."""

    status = 413
    code = "too_large"
    message = N_("This file is too large.")


class TooLongAddress(PortalError):
    """The address is longer than any of ours."""

    status = 414
    code = "address_too_long"
    message = N_("This address is too long. Go back and use the buttons of the page.")


class HeadersTooLarge(PortalError):
    """What the browser or program sends along with the request is longer than anything we read."""

    status = 431
    code = "headers_too_large"
    message = N_(
        "Your browser sends too much along with its request. Delete the cookies of this site and try again."
    )


class TooMany(PortalError):
    """Something was tried too often in a while: 429."""

    status = 429
    code = "too_many"
    message = N_("Too many tries. Wait a moment and try again.")

    def __init__(self, message: str | None = None, /, *, retry_after: int = 60, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer: `Retry-After`, in seconds."""
        return {"Retry-After": str(self.retry_after)}

    def text(self) -> str:
        """When to try again, unless the message says something else."""
        if self.message is not TooMany.message:
            return super().text()
        minutes = -(-self.retry_after // 60)
        if minutes <= LONGEST_IN_MINUTES:
            words = ngettext(
                "Too many tries. Try again in a minute.",
                "Too many tries. Try again in %(number)s minutes.",
                minutes,
            )
            return words % {"number": minutes}
        hours = -(-minutes // 60)
        words = ngettext(
            "Too many tries. Try again in an hour.", "Too many tries. Try again in %(number)s hours.", hours
        )
        return words % {"number": hours}


class Unavailable(PortalError):
    """A part we need is away for the moment."""

    status = 503
    code = "unavailable"
    message = N_("This is not available for the moment. Nothing was lost; try again in a minute.")

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer: `Retry-After`, in seconds."""
        return {"Retry-After": "60"}
