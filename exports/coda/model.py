"""A CODA file as values, in the terms of the Febelfin standard.

Amounts are kept as whole thousandths with their sign (credit positive, debit negative), for CODA writes
three decimals for every currency; the properties beside them give :class:`~decimal.Decimal`. Texts are
without the blanks behind them, absent ones are empty; unknown dates are ``None``.

Values compare by what they say: where a record stands in a file and how the trailer counted it is not
compared, so that a file read, written and read again is equal to itself.

Source: Febelfin, Coded statement of account (CODA) 2.6 (2018), 2.1 (2006) for version 1.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self

from msgspec import Struct, structs

from exports.coda import codes, structured
from exports.coda.accounts import Account, parse_counterparty
from exports.model import Finding


def thousandths_to_decimal(value: int) -> Decimal:
    """Whole thousandths as a Decimal with three decimals."""
    return Decimal(value).scaleb(-3)


class _Placed(Struct, frozen=True, eq=False, gc=False):
    """A value with its place in a file, which does not count when values are compared.

    None of these can be part of a cycle, so the garbage collector need not look at them.
    """

    record: int = 0  #: number of its first record in the file, from 1; 0 for a value that was not read
    sequence_number: int = 0  #: continuous sequence number (positions 3-6), wraps after 9999
    detail_number: int = 0  #: detail number (positions 7-10), 0 for a movement of the account

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return structs.astuple(self)[3:] == structs.astuple(other)[3:]

    def __hash__(self) -> int:
        return hash(structs.astuple(self)[3:])


class Information(_Placed, frozen=True, eq=False, gc=False):
    """Information about a movement or detail (records 3.1, 3.2 and 3.3)."""

    transaction_code: str = "00000000"
    bank_reference: str = ""
    is_structured: bool = False
    communication: str = ""  #: as written; begins with the three digits of its type when structured

    @property
    def communication_type(self) -> str | None:
        """``001``, ``105``, …; ``None`` for free text."""
        return self.communication[:3] if self.is_structured else None

    @property
    def structured(self) -> structured.StructuredCommunication | None:
        """The structured communication in named fields, or ``None`` for free text."""
        return structured.decode(self.communication) if self.is_structured else None

    @property
    def text(self) -> str:
        """For people: one line, card numbers masked."""
        if self.is_structured:
            return structured.display(structured.decode(self.communication))
        return structured.mask_card_numbers(" ".join(self.communication.split()))


class Movement(_Placed, frozen=True, eq=False, gc=False):
    """A movement of the account, or a detail of one (records 2.1, 2.2 and 2.3).

    Only movements change the balance. Details explain the amount of the movement above them and are never
    added to it (sections 3.1 and 5.4).
    """

    amount_thousandths: int = 0  #: credit positive, debit negative
    transaction_code: str = "00000000"  #: type 1, family 2, transaction 2, category 3 digits
    value_date: date | None = None  #: ``None``: not known (000000)
    entry_date: date | None = None  #: booking date
    bank_reference: str = ""  #: informative, may change between deliveries
    is_structured: bool = False
    communication: str = ""  #: as written, parts joined; begins with its type's three digits when structured
    paper_number: int = 0  #: number of the paper statement, or the day of the year, or 0
    globalisation_code: str = "0"
    customer_reference: str = ""  #: end-to-end or payment information id
    counterparty_bic: str = ""
    r_transaction: str = ""  #: 1 reject, 2 return, 3 refund, 4 reversal, 5 cancellation
    r_reason: str = ""  #: ISO reason code
    category_purpose: str = ""
    purpose: str = ""
    counterparty_zone: str = ""  #: the 37 positions of the account as written
    counterparty_name: str = ""
    counterparty_address: str = ""  #: version 1 only
    counterparty_city: str = ""  #: version 1 only
    original_currency: str = ""  #: version 1 only
    original_amount_thousandths: int | None = None  #: version 1 only, unsigned
    information: tuple[Information, ...] = ()
    details: tuple["Movement", ...] = ()

    @property
    def amount(self) -> Decimal:
        """Amount in the account's currency: credit positive, debit negative."""
        return thousandths_to_decimal(self.amount_thousandths)

    @property
    def original_amount(self) -> Decimal | None:
        """Amount in ``original_currency`` (version 1), unsigned."""
        value = self.original_amount_thousandths
        return None if value is None else thousandths_to_decimal(value)

    @property
    def transaction_type(self) -> str:
        """First digit: 0 simple, 1 and 2 totals, 3 amount with detailed data, 5 to 9 details."""
        return self.transaction_code[:1]

    @property
    def family(self) -> str:
        """Transaction family, two digits (``01`` transfers, ``04`` cards …)."""
        return self.transaction_code[1:3]

    @property
    def transaction(self) -> str:
        """Transaction within the family, two digits: 01 to 49 debit, 50 to 99 credit."""
        return self.transaction_code[3:5]

    @property
    def category(self) -> str:
        """Category, three digits (``000`` net amount, ``006`` fees, ``011`` VAT …)."""
        return self.transaction_code[5:8]

    @property
    def kind(self) -> str:
        """What kind of transaction it is, in English words for translation; empty when unknown."""
        return codes.describe(self.transaction_code)

    @property
    def category_kind(self) -> str:
        """What the category means, in English words for translation; empty for the net amount and unknowns."""
        return "" if self.category == "000" else codes.describe_category(self.transaction_code)

    @property
    def counterparty_account(self) -> Account | None:
        """The counterparty's account, or ``None`` when none is given (blank or zeros)."""
        return parse_counterparty(self.counterparty_zone)

    @property
    def communication_type(self) -> str | None:
        """``100``, ``101``, ``127``, …; ``None`` for free text."""
        return self.communication[:3] if self.is_structured else None

    @property
    def structured(self) -> structured.StructuredCommunication | None:
        """The structured communication in named fields, or ``None`` for free text."""
        return structured.decode(self.communication) if self.is_structured else None

    @property
    def structured_communication(self) -> str | None:
        """The twelve digits of an OGM/VCS (types 101 and 102) whose check digits are right, else ``None``."""
        return structured.ogm(self.communication) if self.is_structured else None

    @property
    def text(self) -> str:
        """The communication for people: one line, blanks collapsed, card numbers masked."""
        if self.is_structured:
            return structured.display(structured.decode(self.communication))
        return structured.mask_card_numbers(" ".join(self.communication.split()))

    @property
    def information_text(self) -> str:
        """The free text of the information records, in order and joined where it ran over; card numbers masked."""
        joined = ""
        for item in self.information:
            if item.is_structured or not item.communication:
                continue
            if joined and not joined.endswith("\x00"):
                joined += "\n"
            joined = joined.rstrip("\x00") + item.communication
            # 73, 178 and 268 characters fill 3.1, 3.2 and 3.3 to the last position: the text goes on.
            if len(item.communication) in (73, 178, 268):
                joined += "\x00"
        return structured.mask_card_numbers(joined.rstrip("\x00"))


class FreeCommunication(_Placed, frozen=True, eq=False, gc=False):
    """A line of free text of the bank to the holder (record 4)."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Trailer:
    """What record 9 says; compare with what the records give (:func:`exports.coda.check`)."""

    record: int
    record_count: int
    total_debit_thousandths: int
    total_credit_thousandths: int
    multiple_file_code: str  #: 1 another statement follows, 2 the last one; unreliable in practice


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One CODA, record 0 to 9: a banking day of one account in one currency.

    ``holder`` is who owns the account; ``addressee`` who the file is for, sometimes the accountant.
    """

    account: Account
    old_balance_thousandths: int
    movements: tuple[Movement, ...] = ()
    #: Details whose movement is not in the file: kept, never counted; a file with them is damaged.
    orphan_details: tuple[Movement, ...] = ()
    free_communications: tuple[FreeCommunication, ...] = ()
    #: ``None`` when the closing balance is missing although there are movements.
    new_balance_thousandths: int | None = None
    old_balance_date: date | None = None
    new_balance_date: date | None = None
    paper_number: int = 0  #: number of the paper statement, or the day of the year, or 0 (record 1)
    new_paper_number: int = 0  #: the same in record 8
    coda_sequence: int = 0  #: number of the CODA within its year, 0 when the bank gives none
    holder: str = ""
    description: str = ""
    version: str = "2"
    creation_date: date | None = None
    bank_id: str = "000"  #: protocol number of the bank
    application_code: str = "05"
    is_duplicate: bool = False
    file_reference: str = ""
    addressee: str = ""
    bic: str = ""  #: version 1: the number the bank gave the addressee
    company_number: str | None = None  #: ten digits, or ``None`` when the bank gives zeros
    separate_application: str = "00000"
    transaction_reference: str = ""
    related_reference: str = ""
    new_account: Account | None = None  #: of record 8, where it is not the one of record 1
    trailer: Trailer | None = field(default=None, compare=False)
    record: int = field(default=0, compare=False)  #: number of its record 0 in the file, from 1
    structure_digit: str = field(default="", compare=False)  #: as written; blank from some banks
    records: tuple[str, ...] = field(default=(), compare=False, repr=False)  #: 128 characters each
    #: Numbers of records whose next and link codes do not say what follows (sections 5.5 and 5.6).
    wrong_codes: tuple[int, ...] = field(default=(), compare=False, repr=False)
    #: Numbers of parts (2.2, 2.3, 3.2, 3.3) that bear another number than the record they follow.
    stray_parts: tuple[int, ...] = field(default=(), compare=False, repr=False)
    raw: bytes = field(default=b"", compare=False, repr=False)  #: its bytes in the file

    @property
    def old_balance(self) -> Decimal:
        """Balance before the first movement; negative is a debit balance."""
        return thousandths_to_decimal(self.old_balance_thousandths)

    @property
    def new_balance(self) -> Decimal | None:
        """Balance after the last movement; that of an empty statement is its old balance."""
        value = self.new_balance_thousandths
        return None if value is None else thousandths_to_decimal(value)

    @property
    def movement_count(self) -> int:
        """Number of movements of the account, without details."""
        return len(self.movements)

    @property
    def total_debit_thousandths(self) -> int:
        """Sum of the debits among the movements, unsigned."""
        return -sum(m.amount_thousandths for m in self.movements if m.amount_thousandths < 0)

    @property
    def total_credit_thousandths(self) -> int:
        """Sum of the credits among the movements."""
        return sum(m.amount_thousandths for m in self.movements if m.amount_thousandths > 0)

    @property
    def total_debit(self) -> Decimal:
        """Sum of the debits among the movements, unsigned."""
        return thousandths_to_decimal(self.total_debit_thousandths)

    @property
    def total_credit(self) -> Decimal:
        """Sum of the credits among the movements."""
        return thousandths_to_decimal(self.total_credit_thousandths)

    @property
    def is_empty(self) -> bool:
        """No movement at all: sent to say that nothing happened."""
        return not self.movements and not self.orphan_details

    @property
    def is_extract(self) -> bool:
        """A separate application: only some movements, balances zero; never part of the chain."""
        return self.separate_application != "00000"

    @property
    def is_complete(self) -> bool:
        """Trailer there, and the closing balance as well: not the first half of a file being written."""
        return (self.trailer is not None or not self.records) and self.new_balance_thousandths is not None

    @property
    def free_text(self) -> str:
        """The free communications, one line each."""
        return "\n".join(line.text for line in self.free_communications)

    @property
    def content_hash(self) -> str:
        """SHA-256 of records 0 to 9, in hexadecimal: the same for a delivery made again.

        Line ends, encoding, the duplicate code (record 0, position 17) and the multiple file code
        (record 9, position 128) do not count.
        """
        digest = hashlib.sha256()
        for line in self.records:
            kept = line
            if line[0] == "0":
                kept = f"{line[:16]} {line[17:]}"
            elif line[0] == "9":
                kept = f"{line[:127]}2"
            digest.update(kept.encode("utf-8"))
            digest.update(b"\n")
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class File:
    """A physical file: one statement after the other, of one account or of many."""

    statements: tuple[Statement, ...]
    encoding: str = field(default="cp1252", compare=False)  #: ascii, cp1252, cp850 or utf-8
    line_end: bytes = field(default=b"\r\n", compare=False)  #: empty when there are none
    data: bytes = field(default=b"", compare=False, repr=False)  #: the bytes that were read, untouched
    #: What reading had to put right or to guess, as findings that :func:`exports.coda.check` repeats.
    notes: tuple[Finding, ...] = field(default=(), compare=False, repr=False)

    @property
    def movement_count(self) -> int:
        """Number of movements in all statements, without details."""
        return sum(statement.movement_count for statement in self.statements)

    @property
    def is_complete(self) -> bool:
        """Every statement is: a file that is still being written is not."""
        return all(statement.is_complete for statement in self.statements)

    def replace(self, **changes: Any) -> Self:
        """A copy of the file with some attributes changed."""
        return replace(self, **changes)
