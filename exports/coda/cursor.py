"""A place among the records of a file: numbers read strictly, errors that say where."""

from datetime import date
from typing import NoReturn

from exports.coda.errors import UnreadableError
from exports.coda.structured import short_date

END = "9 "  # stands for the record after the last one


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


class Cursor:
    """The records, which one is current, and what was noticed on the way."""

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
        """Raise for the current record."""
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

    def unexpected(self, expected: str) -> NoReturn:
        """Raise because the current record does not belong here, or is none at all."""
        head = self.records[self.index][:2]
        known = head[0] in "01489" or head in ("21", "22", "23", "31", "32", "33")
        self.fail("order" if known else "unknown_record", 1, expected, head)

    def check_link(self, line: str) -> None:
        """The link code of a record 8 or 4: 1 before a record 4."""
        following = self.records[self.index + 1] if self.index + 1 < self.count else END
        if line[127] != ("1" if following[0] == "4" else "0"):
            self.wrong_codes.append(self.index)
