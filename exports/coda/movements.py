"""Movements with their details and information, out of the records 2 and 3.

This is where the time of reading goes: zones are cut by compiled getters and values made by position, which
takes a third of the time; numbering and next and link codes are looked at in passing.
"""

from collections.abc import Sequence
from operator import itemgetter

from msgspec import structs

from exports.coda.cursor import END, Cursor
from exports.coda.model import Information, Movement

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

_ENDS_MOVEMENTS = ("0", "1", "4", "8", "9")


class MovementReader(Cursor):
    """Reads from the first record 2 up to what closes the statement."""

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
        """One record 2.1 with the parts and the information that follow it."""
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
        following = records[index + 1] if index + 1 < self.count else END
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
            following = records[index + 1] if index + 1 < self.count else END
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
            following = records[index + 1] if index + 1 < self.count else END
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
            line = records[index + 1] if index + 1 < self.count else END
            for mark, zones in (("2", _ZONES_32), ("3", _ZONES_33)):
                if line[0] == "3" and line[1] == mark:
                    if codes != _PART:
                        self.wrong_codes.append(index)
                    index += 1
                    same, more, codes = zones(line)
                    communication += more
                    if same != numbers:
                        self.stray_parts.append(index)
                    line = records[index + 1] if index + 1 < self.count else END
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
