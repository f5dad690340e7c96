"""A bank statement that came in another form than CODA: what it says, in the terms of the CODA model.

A statement of any form has an account, two balances with their days, and movements, and :class:`exports.coda.Statement` has a place for
all that is booked of it. So lists, pages and paper are made from one model, and what leaves as CODA is written by one writer. What only
the other form says stands beside it. None of these claims to be CODA: ``form`` says what it was.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from exports.coda.model import Statement as Values
from exports.model import Finding

Form = Literal["camt", "mt940"]


class Pending(Struct, frozen=True, gc=False):
    """An entry that the bank announces and has not booked: told, never counted, never written.

    ``status`` is the bank's word: ``PDNG``, ``INFO``, ``FUTR``.
    """

    status: str
    amount: Decimal
    day: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignStatement:
    """One statement of a CAMT.053 or MT940 file.

    Attributes:
        form: What it is.
        version: Of a CAMT the message's (``camt.053.001.08``); ``MT940`` else.
        reference: The bank's own of this statement (``Stmt/Id``, tag 20).
        number: Its number as the bank counts it, 0 without one.
        page: Page of that number where the bank numbers pages (28C), else 0.
        values: Account, balances, movements. Its CODA numbers are zero: no bank gave any.
        pending: Entries that are not booked.
        findings: What does not agree with itself, as the checks of CODA say it.
        is_copy: The bank says that it delivers it again.
        raw: Its own bytes: a whole file of its form with this statement alone.
    """

    form: Form
    version: str
    reference: str
    number: int
    page: int = 0
    values: Values
    pending: tuple[Pending, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_copy: bool = False
    raw: bytes = field(default=b"", compare=False, repr=False)

    @property
    def is_sound(self) -> bool:
        """Whether it adds up: nothing fatal was found."""
        return all(one.severity != "fatal" for one in self.findings)

    @property
    def content_hash(self) -> str:
        """SHA-256 of what it says of its account, in hexadecimal: the same when a bank delivers it again in another message."""
        values = self.values
        told = (
            self.form,
            values.account.key,
            values.old_balance_thousandths,
            values.old_balance_date,
            values.new_balance_thousandths,
            values.new_balance_date,
            self.number,
            self.page,
            values.movements,
        )
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file of statements that are no CODA.

    Attributes:
        form: What it is.
        statements: In the order of the file.
        encoding: The character set it was read in.
    """

    form: Form
    statements: tuple[ForeignStatement, ...]
    encoding: str
