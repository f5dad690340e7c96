"""Reading CODA: from bytes to statements, movements, details, information and free communications.

What cannot be read safely raises; what can be read but is not right becomes a finding of
:func:`exports.coda.check`. No movement disappears in between.

Positions in comments and errors are those of the standard: from 1, inclusive.
Source: Febelfin, CODA 2.6 annex I; CODA 2.1 annex V for version 1.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from operator import itemgetter
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
from exports.coda.repair import from_utf8
from exports.coda.structured import short_date
from exports.coda.text import read_text

#: 100 MB is about 150,000 movements: no bank day of a company is that long.
MAX_BYTES = 100_000_000

# Zones of the records there are most of, as slices: from 0, end exclusive, one below the standard's positions.
_CODES = slice(125, 128, 2)  # next code and link code
_ZONES_21 = itemgetter(
    slice(2, 10),  # sequence and detail number
    slice(10, 31),  # bank reference
    31,  # sign
    slice(32, 47),  # amount
    slice(47, 53),  # value date
    slice(53, 61),  # transaction code
    61,  # structured or not
    slice(62, 115),  # communication
    slice(115, 121),  # entry date
    slice(121, 124),  # paper statement
    124,  # globalisation code
    _CODES,
)
# Numbers, communication, customer reference, BIC, the rest, codes.
_ZONES_22 = itemgetter(slice(2, 10), slice(10, 63), slice(63, 98), slice(98, 109), slice(112, 125), _CODES)
_ZONES_22_V1 = itemgetter(slice(2, 10), slice(10, 63), slice(63, 89), slice(89, 92), slice(92, 107))
# Numbers, account, name, communication, codes.
_ZONES_23 = itemgetter(slice(2, 10), slice(10, 47), slice(47, 82), slice(82, 125), _CODES)
_ZONES_23_V1 = itemgetter(slice(2, 10), slice(10, 47), slice(47, 73), slice(73, 99), slice(99, 125))
# Numbers, bank reference, transaction code, structured or not, communication, codes.
_ZONES_31 = itemgetter(slice(2, 10), slice(10, 31), slice(31, 39), 39, slice(40, 113), _CODES)
_ZONES_32 = itemgetter(slice(2, 10), slice(10, 115), _CODES)
_ZONES_33 = itemgetter(slice(2, 10), slice(10, 100), _CODES)

#: What next and link code say of the record that follows: a part of the same, information, anything else.
_PART, _LINKED, _NOTHING = "10", "01", "00"
_END = "9 "  # stands for the record after the last one

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
        statements = [from_utf8(statement) for statement in statements]
    pieces = [data] if len(statements) == 1 else cut(data)
    if len(pieces) == len(statements):
        statements = [
            replace(statement, raw=piece) for statement, piece in zip(statements, pieces, strict=True)
        ]
    return File(tuple(statements), text.encoding, text.line_end, data, text.notes)


class _Reader:
    """Goes through the records once."""

    def __init__(self, records: list[str]) -> None:
        self.records = records
        self.count = len(records)
        self.index = 0
        #: Of the current statement: indexes of records whose next and link codes do not say what follows,
        #: and of parts that bear another number than the record they follow.
        self.wrong_codes: list[int] = []
        self.stray_parts: list[int] = []
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
        self.wrong_codes, self.stray_parts = [], []
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
            wrong_codes=tuple(at + 1 for at in self.wrong_codes),
            stray_parts=tuple(at + 1 for at in self.stray_parts),
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
                closing = parse_account(account.structure, line[4:41])
                values["new_account"] = None if closing == account else closing
                values["new_paper_number"] = self.numbers[line[1:4]]
                values["new_balance_thousandths"] = self.signed(42, 43, 57)
                values["new_balance_date"] = self.dates[line[57:63]]
                self.check_link(line)
            elif kind == "4":
                self.check_link(line)
                free.append(
                    FreeCommunication(
                        record=self.index + 1,
                        sequence_number=self.numbers[line[2:6]],
                        detail_number=self.numbers[line[6:10]],
                        text=line[32:112].rstrip(),
                    )
                )
            elif kind == "9":
                if len(line.rstrip()) < 52 and self.index == self.count - 1:
                    self.fail("truncated", len(line.rstrip()) + 1, "totals up to position 52", "end of file")
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

    def check_link(self, line: str) -> None:
        """The link code of a record 8 or 4: 1 before a record 4."""
        following = self.records[self.index + 1] if self.index + 1 < self.count else _END
        if line[127] != ("1" if following[0] == "4" else "0"):
            self.wrong_codes.append(self.index)

    def movements(self, version: str, *, is_extract: bool) -> tuple[list[Movement], list[Movement]]:
        """The movements up to record 8, 4 or 9, each with its details below it; details without one."""
        records = self.records
        count = len(records)
        found: list[Movement] = []
        orphans: list[Movement] = []
        details: list[Movement] = []
        while self.index < count and records[self.index][0] not in _ENDS_MOVEMENTS:
            line = records[self.index]
            if line[0] != "2" or line[1] != "1":
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
        """One record 2.1 with the parts and the information that follow it.

        This and :meth:`information` are where the time of reading goes: zones are cut by compiled getters
        and values made by position, which takes a third of the time.
        """
        records = self.records
        first = index = self.index
        line = records[first]
        (
            numbers,
            bank_reference,
            sign,
            amount,
            value_date,
            transaction_code,
            structured,
            communication,
            entry_date,
            paper_number,
            globalisation_code,
            codes,
        ) = _ZONES_21(line)
        if (
            sign not in "01"
            or not (numbers.isdecimal() and amount.isdecimal())
            or not (line.isascii() or (numbers + amount).isascii())
        ):
            self.digits(3, 10)
            self.signed(32, 33, 47)
        reference = bic = r_transaction = r_reason = category_purpose = purpose = ""
        account = name = address = city = currency = ""
        original: int | None = None
        following = records[index + 1] if index + 1 < self.count else _END
        if following[0] == "2" and following[1] == "2":
            if codes != _PART:
                self.wrong_codes.append(index)
            index += 1
            if version == "2":
                same, more, reference, bic, rest, codes = _ZONES_22(following)
                bic = bic.rstrip()
                if not rest.isspace():
                    r_transaction = rest[0].strip()
                    r_reason = rest[1:5].strip()
                    category_purpose = rest[5:9].strip()
                    purpose = rest[9:13].strip()
            else:
                same, more, reference, currency, digits = _ZONES_22_V1(following)
                currency = currency.strip()
                original = int(digits) if currency and digits.isdecimal() and digits.isascii() else None
            communication += more
            reference = reference.strip()
            if same != numbers:
                self.stray_parts.append(index)
            following = records[index + 1] if index + 1 < self.count else _END
        if following[0] == "2" and following[1] == "3":
            if codes != _PART:
                self.wrong_codes.append(index)
            index += 1
            if version == "2":
                same, account, name, more, codes = _ZONES_23(following)
                communication += more
            else:
                same, account, name, address, city = _ZONES_23_V1(following)
                address = address.rstrip()
                city = city.rstrip()
            account = account.rstrip()
            name = name.rstrip()
            if same != numbers:
                self.stray_parts.append(index)
            following = records[index + 1] if index + 1 < self.count else _END
        information: tuple[Information, ...] = ()
        self.index = index + 1
        if following[0] == "3":
            if codes != _LINKED:
                self.wrong_codes.append(index)
            information = self.information()
        elif codes != _NOTHING:
            self.wrong_codes.append(index)
        sequence_number, detail_number = divmod(int(numbers), 10000)
        return Movement(
            first + 1,
            sequence_number,
            detail_number,
            int(amount) if sign == "0" else -int(amount),
            transaction_code,
            self.dates[value_date],
            self.dates[entry_date],
            bank_reference.rstrip(),
            structured == "1",
            communication.rstrip(),
            self.numbers[paper_number],
            globalisation_code,
            reference,
            bic,
            r_transaction,
            r_reason,
            category_purpose,
            purpose,
            account,
            name,
            address,
            city,
            currency,
            original,
            information,
        )

    def information(self) -> tuple[Information, ...]:
        """The records 3.1, each with its 3.2 and 3.3, from the current one on."""
        records = self.records
        found: list[Information] = []
        line = records[self.index]
        while line[0] == "3":
            if line[1] != "1":
                self.unexpected("31 (information)")
            first = index = self.index
            numbers, bank_reference, transaction_code, structured, communication, codes = _ZONES_31(line)
            if not (numbers.isdecimal() and numbers.isascii()):
                self.digits(3, 10)
            line = records[index + 1] if index + 1 < self.count else _END
            for mark, zones in (("2", _ZONES_32), ("3", _ZONES_33)):
                if line[0] == "3" and line[1] == mark:
                    if codes != _PART:
                        self.wrong_codes.append(index)
                    index += 1
                    same, more, codes = zones(line)
                    communication += more
                    if same != numbers:
                        self.stray_parts.append(index)
                    line = records[index + 1] if index + 1 < self.count else _END
            if codes != (_LINKED if line[0] == "3" else _NOTHING):
                self.wrong_codes.append(index)
            sequence_number, detail_number = divmod(int(numbers), 10000)
            found.append(
                Information(
                    first + 1,
                    sequence_number,
                    detail_number,
                    transaction_code,
                    bank_reference.rstrip(),
                    structured == "1",
                    communication.rstrip(),
                )
            )
            self.index = index + 1
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
