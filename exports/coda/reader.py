"""Reading CODA: from bytes to statements, movements, details, information and free communications.

What cannot be read safely raises; what can be read but is not right becomes a finding of
:func:`exports.coda.check`. No movement disappears in between.

Positions in comments and errors are those of the standard: from 1, inclusive.
Source: Febelfin, CODA 2.6 annex I; CODA 2.1 annex V for version 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, NoReturn

from msgspec import structs

from exports.coda.accounts import parse_account
from exports.coda.errors import UnreadableError
from exports.coda.model import (
    File,
    FreeCommunication,
    Information,
    Movement,
    Statement,
    Trailer,
)
from exports.coda.parts import cut
from exports.coda.structured import short_date
from exports.coda.text import read_text

#: 100 MB is about 150,000 movements: no bank day of a company is that long.
MAX_BYTES = 100_000_000

_ENDS_MOVEMENTS = ("0", "1", "4", "8", "9")


class _Dates(dict[str, date | None]):
    """DDMMYY to dates, each worked out once."""

    def __missing__(self, digits: str) -> date | None:
        self[digits] = value = short_date(digits)
        return value


class _Numbers(dict[str, int]):
    """Short zones of digits to numbers; blanks and other signs are 0, as the standard's zeros are."""

    def __missing__(self, zone: str) -> int:
        self[zone] = value = int(zone) if zone.isdecimal() and zone.isascii() else 0
        return value


def read(data: bytes, *, limit: int = MAX_BYTES) -> File:
    """Read a physical CODA file: one statement or many, version 1 or 2.

    Args:
        data: The file as it was received.
        limit: Largest number of bytes to accept.

    Raises:
        UnreadableError: When the bytes are no CODA, or no safe reading exists (see its attributes).
    """
    text = read_text(data, limit=limit)
    cursor = _Reader(text.records)
    statements = cursor.statements()
    if text.is_utf8_by_bytes:
        statements = [_from_utf8(statement) for statement in statements]
    pieces = cut(data)
    if len(pieces) == len(statements):
        statements = [
            _with(statement, raw=piece) for statement, piece in zip(statements, pieces, strict=True)
        ]
    return File(tuple(statements), text.encoding, text.line_end, data, text.notes)


def _with(statement: Statement, **changes: Any) -> Statement:
    """A statement with some attributes changed."""
    return replace(statement, **changes)


class _Reader:
    """Goes through the records once."""

    def __init__(self, records: list[str]) -> None:
        self.records = records
        self.index = 0
        self.dates = _Dates()
        self.numbers = _Numbers()

    def fail(self, reason: str, position: int | None, expected: str, found: str) -> NoReturn:
        raise UnreadableError(reason, self.index + 1, position, expected, found)

    def digits(self, start: int, end: int) -> int:
        """The number in positions start to end of the current record."""
        zone = self.records[self.index][start - 1 : end]
        if not (zone.isdecimal() and zone.isascii()):
            self.fail("not_a_number", start, f"{end - start + 1} digits", zone)
        return int(zone)

    def signed(self, sign: int, start: int, end: int) -> int:
        """The amount in positions start to end with the sign before it, in thousandths."""
        mark = self.records[self.index][sign - 1]
        if mark not in "01":
            self.fail("sign", sign, "0 or 1", mark)
        amount = self.digits(start, end)
        return -amount if mark == "1" else amount

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        while self.index < len(self.records):
            if self.records[self.index][0] != "0":
                self.unexpected("0 (header)")
            found.append(self.statement())
        return found

    def unexpected(self, expected: str) -> NoReturn:
        head = self.records[self.index][:2]
        known = head[0] in "01489" or head in ("21", "22", "23", "31", "32", "33")
        self.fail("order" if known else "unknown_record", 1, expected, head)

    def statement(self) -> Statement:
        records = self.records
        first = self.index
        header = records[first]
        version = header[127]
        if not (header[5:11].isdecimal() and header[5:11].isascii()):
            self.fail("not_coda", 6, "a date as DDMMYY", header[5:11])
        if version not in "12":
            self.fail("unsupported_version", 128, "1 or 2", version)
        self.index += 1
        if self.index == len(records):
            raise UnreadableError("truncated", first + 1, None, "record 1 (old balance)", "end of file")
        if records[self.index][0] != "1":
            self.unexpected("1 (old balance)")
        values = self.header(header, version)
        values.update(self.old_balance(records[self.index], version))
        self.index += 1
        movements, orphans = self.movements(version, is_extract=values["separate_application"] != "00000")
        free = self.closing(values)
        if values.get("new_balance_thousandths") is None and not movements and not orphans:
            values["new_balance_thousandths"] = values["old_balance_thousandths"]
            values["new_balance_date"] = values["old_balance_date"]
            values["new_paper_number"] = values["paper_number"]
        return Statement(
            **values,
            movements=tuple(movements),
            orphan_details=tuple(orphans),
            free_communications=tuple(free),
            record=first + 1,
            records=tuple(records[first : self.index]),
        )

    def header(self, line: str, version: str) -> dict[str, Any]:
        company_number = line[71:82].strip()
        return {
            "version": version,
            "creation_date": self.dates[line[5:11]],
            "bank_id": line[11:14].strip(),
            "application_code": line[14:16],
            "is_duplicate": line[16] == "D",
            "file_reference": line[24:34].strip(),
            "addressee": line[34:60].rstrip(),
            "bic": line[60:71].strip(),
            "company_number": company_number[-10:] if company_number.strip("0") else None,
            "separate_application": line[83:88] if line[83:88].strip("0 ") else "00000",
            "transaction_reference": line[88:104].strip(),
            "related_reference": line[104:120].strip(),
        }

    def old_balance(self, line: str, version: str) -> dict[str, Any]:
        digit = "0" if version == "1" else line[1]
        return {
            "structure_digit": line[1],
            "account": parse_account(digit, line[5:42]),
            "paper_number": self.numbers[line[2:5]],
            "old_balance_thousandths": self.signed(43, 44, 58),
            "old_balance_date": self.dates[line[58:64]],
            "holder": line[64:90].rstrip(),
            "description": line[90:125].rstrip(),
            "coda_sequence": self.numbers[line[125:128]],
        }

    def closing(self, values: dict[str, Any]) -> list[FreeCommunication]:
        """Records 8, 4 and 9, in the order in which they come."""
        records = self.records
        free: list[FreeCommunication] = []
        closed = False
        while self.index < len(records):
            line = records[self.index]
            kind = line[0]
            if kind == "8" and not closed:
                closed = True
                account = values["account"]
                values["new_account"] = parse_account(account.structure, line[4:41])
                values["new_paper_number"] = self.numbers[line[1:4]]
                values["new_balance_thousandths"] = self.signed(42, 43, 57)
                values["new_balance_date"] = self.dates[line[57:63]]
            elif kind == "4":
                free.append(
                    FreeCommunication(
                        record=self.index + 1,
                        sequence_number=self.numbers[line[2:6]],
                        detail_number=self.numbers[line[6:10]],
                        text=line[32:112].rstrip(),
                    )
                )
            elif kind == "9":
                if not line[22:52].strip() and self.index == len(records) - 1:
                    self.fail("truncated", 23, "totals", "blanks")
                values["trailer"] = Trailer(
                    record=self.index + 1,
                    record_count=self.digits(17, 22),
                    total_debit_thousandths=self.digits(23, 37),
                    total_credit_thousandths=self.digits(38, 52),
                    multiple_file_code=line[127],
                )
                self.index += 1
                return free
            elif kind == "0":
                return free
            else:
                self.unexpected("4 or 9" if closed else "21, 4, 8 or 9")
            self.index += 1
        return free

    def movements(self, version: str, *, is_extract: bool) -> tuple[list[Movement], list[Movement]]:
        """The movements up to record 8, 4 or 9, each with its details below it; details without one."""
        records = self.records
        count = len(records)
        found: list[Movement] = []
        orphans: list[Movement] = []
        details: list[Movement] = []
        while self.index < count and records[self.index][0] not in _ENDS_MOVEMENTS:
            if records[self.index][:2] != "21":
                self.unexpected("21 (movement)")
            movement = self.movement(version)
            # After 9999 details the number is 0000 again: the type tells that it still is a detail.
            is_detail = movement.detail_number > 0 or (
                movement.transaction_code[0] in "56789"
                and bool(found)
                and found[-1].sequence_number == movement.sequence_number
            )
            if not is_detail:
                if details:
                    found[-1] = structs.replace(found[-1], details=_nested(details))
                    details = []
                found.append(movement)
            elif found and found[-1].sequence_number == movement.sequence_number:
                details.append(movement)
            elif is_extract:  # an extract may give details without their movement (section 7.2.1)
                found.append(movement)
            else:
                orphans.append(movement)
        if details:
            found[-1] = structs.replace(found[-1], details=_nested(details))
        return found, orphans

    def movement(self, version: str) -> Movement:
        """One record 2.1 with the parts and the information that follow it."""
        records = self.records
        first = self.index
        line = records[first]
        amount = line[32:47]
        if not (amount.isdecimal() and amount.isascii() and line[31] in "01"):
            self.signed(32, 33, 47)
        numbers = line[2:10]
        if not (numbers.isdecimal() and numbers.isascii()):
            self.digits(3, 10)
        communication = line[62:115]
        customer_reference = bic = r_transaction = r_reason = category_purpose = purpose = ""
        zone = name = address = city = currency = ""
        original: int | None = None
        index = first + 1
        count = len(records)
        following = records[index] if index < count else "9"
        if following[:2] == "22":
            communication += following[10:63]
            if version == "2":
                customer_reference = following[63:98].strip()
                rest = following[98:125]
                if not rest.isspace():
                    bic = rest[:11].strip()
                    r_transaction = rest[14].strip()
                    r_reason = rest[15:19].strip()
                    category_purpose = rest[19:23].strip()
                    purpose = rest[23:27].strip()
            else:
                customer_reference = following[63:89].strip()
                currency = following[89:92].strip()
                digits = following[92:107]
                original = int(digits) if currency and digits.isdecimal() and digits.isascii() else None
            index += 1
            following = records[index] if index < count else "9"
        if following[:2] == "23":
            zone = following[10:47].rstrip()
            if version == "2":
                name = following[47:82].rstrip()
                communication += following[82:125]
            else:
                name = following[47:73].rstrip()
                address = following[73:99].rstrip()
                city = following[99:125].rstrip()
            index += 1
            following = records[index] if index < count else "9"
        self.index = index
        information = self.information() if following[:2] == "31" else ()
        value = int(amount)
        return Movement(
            record=first + 1,
            sequence_number=int(numbers[:4]),
            detail_number=int(numbers[4:]),
            amount_thousandths=-value if line[31] == "1" else value,
            transaction_code=line[53:61],
            value_date=self.dates[line[47:53]],
            entry_date=self.dates[line[115:121]],
            bank_reference=line[10:31].rstrip(),
            is_structured=line[61] == "1",
            communication=communication.rstrip(),
            paper_number=self.numbers[line[121:124]],
            globalisation_code=line[124],
            customer_reference=customer_reference,
            counterparty_bic=bic,
            r_transaction=r_transaction,
            r_reason=r_reason,
            category_purpose=category_purpose,
            purpose=purpose,
            counterparty_zone=zone,
            counterparty_name=name,
            counterparty_address=address,
            counterparty_city=city,
            original_currency=currency,
            original_amount_thousandths=original,
            information=information,
        )

    def information(self) -> tuple[Information, ...]:
        """The records 3.1, each with its 3.2 and 3.3, from the current one on."""
        records = self.records
        count = len(records)
        index = self.index
        found: list[Information] = []
        line = records[index]
        while line[:2] == "31":
            first = index
            numbers = line[2:10]
            if not (numbers.isdecimal() and numbers.isascii()):
                self.index = index
                self.digits(3, 10)
            communication = line[40:113]
            index += 1
            following = records[index] if index < count else "9"
            if following[:2] == "32":
                communication += following[10:115]
                index += 1
                following = records[index] if index < count else "9"
            if following[:2] == "33":
                communication += following[10:100]
                index += 1
                following = records[index] if index < count else "9"
            found.append(
                Information(
                    record=first + 1,
                    sequence_number=int(numbers[:4]),
                    detail_number=int(numbers[4:]),
                    transaction_code=line[31:39],
                    bank_reference=line[10:31].rstrip(),
                    is_structured=line[39] == "1",
                    communication=communication.rstrip(),
                )
            )
            line = following
        self.index = index
        return tuple(found)


def _nested(details: Sequence[Movement]) -> tuple[Movement, ...]:
    """Details of one movement: those of type 9 below the detail of type 7 before them."""
    nested: list[Movement] = []
    below: list[Movement] = []
    for detail in details:
        if detail.transaction_type == "9" and nested and nested[-1].transaction_type == "7":
            below.append(detail)
            continue
        if below:
            nested[-1] = structs.replace(nested[-1], details=tuple(below))
            below = []
        nested.append(detail)
    if below:
        nested[-1] = structs.replace(nested[-1], details=tuple(below))
    return tuple(nested)


def _from_utf8(statement: Statement) -> Statement:
    """A statement whose texts hold one character a byte, with those bytes read as the UTF-8 they are."""
    changes = {
        item.name: _text_from_utf8(getattr(statement, item.name))
        for item in fields(statement)
        if item.name != "records"
    }
    return _with(statement, **changes)


def _text_from_utf8(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")
    if isinstance(value, tuple):
        return tuple(_text_from_utf8(item) for item in value)
    if isinstance(value, (Movement, Information, FreeCommunication)):
        values: Mapping[str, Any] = structs.asdict(value)
        return structs.replace(value, **{name: _text_from_utf8(item) for name, item in values.items()})
    return value
