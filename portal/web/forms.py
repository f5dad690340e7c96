"""Forms of pages: from what a browser sends to plain values, with every fault beside its field."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from portal.kernel.addresses import clean_address
from portal.kernel.days import NOT_A_DAY, read_day
from portal.kernel.errors import Invalid
from portal.kernel.language import N_
from portal.kernel.texts import hides, plain

REQUIRED = N_("Please fill this in.")
NOT_A_NUMBER = N_("This is not a whole number.")
NOT_A_CHOICE = N_("Choose one of the list.")
TOO_LONG = N_("This is too long.")
SECRETS = frozenset({"password", "current"})
"""Fields that are taken as they are typed and never kept; a test compares them with the password fields of every template."""
DAYS = frozenset(
    {
        "books_from",
        "books_until",
        "closed_until",
        "due_date",
        "export_from",
        "issue_date",
        "since",
        "until",
        "valid_from",
        "valid_until",
        "vat_regime_from",
    }
)
"""Fields with a day, typed as people write it and kept as 2026-10-31 from here on; a test compares them with those of every template."""
SIGNS_LEFT_OUT = "signs_left_out"
"""In a request's state: its form held signs that nobody sees."""


class Form:
    """Reads fields one by one and collects the faults; `check()` raises them together.

    Values are trimmed, and hidden signs left out (`portal.kernel.texts`); whoever sent some is told by the answer (`web.render`).
    `values` keeps what was typed, to show it again.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._all = values
        self.values: dict[str, str] = {
            name: _a_day(_clean(value)) if name in DAYS else _clean(value)
            for name, value in values.items()
            if isinstance(value, str) and name != "csrf_token"
        }
        self.faults: dict[str, str] = {}
        self._put: dict[str, list[str]] = {}

    @classmethod
    async def of(cls, request: Request[Any, Any, Any]) -> "Form":
        """The form in a request's body."""
        data = await request.form()
        if any(
            isinstance(value, str) and name not in SECRETS and hides(value)
            for name, value in data.multi_items()
        ):
            request.scope["state"][SIGNS_LEFT_OUT] = True
        return cls({name: data.get(name) for name in data} | {"": data})

    def text(self, name: str, *, required: bool = False, longest: int = 400) -> str:
        """One line of text; empty when it was left out."""
        value = self.values.get(name, "")
        if required and not value:
            self.fault(name, REQUIRED)
        if len(value) > longest:
            self.fault(name, TOO_LONG)
            return value[:longest]
        return value

    def address(self, name: str, *, required: bool = False) -> str:
        """An e-mail address as it was typed or pasted, without what surrounds it (`kernel.addresses`), in small letters."""
        value = self.text(name, required=required, longest=320)
        bare = clean_address(value)
        if len(bare) > 254:
            self.fault(name, TOO_LONG)
        self.values[name] = bare
        return bare[:254].lower()

    def choice(self, name: str, allowed: type[Any], *, default: Any = None) -> Any:
        """A member of an enum."""
        value = self.values.get(name, "")
        if not value and default is not None:
            return default
        try:
            return allowed(value)
        except ValueError:
            self.fault(name, NOT_A_CHOICE)
            return default

    def number(self, name: str, *, lowest: int, highest: int, default: int) -> int:
        """A whole number in ASCII digits within bounds."""
        value = self.values.get(name, "")
        if not value:
            return default
        if not (value.isascii() and value.isdigit()) or len(value) > 9 or not lowest <= int(value) <= highest:
            self.fault(name, NOT_A_NUMBER)
            return default
        return int(value)

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A day as people type it (`kernel.days.read_day`), or as browsers send it."""
        value = self.values.get(name, "")
        if not value:
            if required:
                self.fault(name, REQUIRED)
            return None
        day = read_day(value)
        if day is None:
            self.fault(name, NOT_A_DAY)
        return day

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.values.get(name, "") not in ("", "0", "false", "no")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        if name in self._put:
            return self._put[name]
        data = self._all.get("")
        if data is None:
            value = self.values.get(name)
            return [value] if value else []
        return [_clean(value) for value in data.getall(name, []) if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """Every file of a field; the empty one that browsers send for an untouched field is left out."""
        data = self._all.get("")
        if data is None:
            return []
        return [value for value in data.getall(name, []) if isinstance(value, UploadFile) and value.filename]

    def put(self, name: str, value: str | Sequence[str]) -> None:
        """Let a field hold something else than what was sent."""
        self._put[name] = [value] if isinstance(value, str) else list(value)
        self.values[name] = value if isinstance(value, str) else ",".join(value)

    def fault(self, name: str, message: str) -> None:
        """This field is wrong; the first fault of a field stays."""
        self.faults.setdefault(name, message)

    def check(self) -> None:
        """All was fine so far.

        Raises:
            Invalid: with every fault.
        """
        if self.faults:
            raise Invalid(fields=self.faults)


def uuid_or_none(text: str) -> UUID | None:
    """The id that an address or a form names; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _a_day(text: str) -> str:
    day = read_day(text)
    return day.isoformat() if day is not None else text


def _clean(text: str) -> str:
    return plain(text).strip()
