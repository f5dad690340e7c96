"""Reading CODA: from bytes to statements, movements, details, information and free communications.

What cannot be read safely raises; what can be read but is not right becomes a finding of
:func:`exports.coda.check`. No movement disappears in between.

Positions in comments and errors are those of the standard: from 1, inclusive.
Source: Febelfin, CODA 2.6 annex I; CODA 2.1 annex V for version 1.
"""

from dataclasses import replace
from typing import Any

from exports.coda.accounts import parse_account
from exports.coda.errors import UnreadableError
from exports.coda.model import File, FreeCommunication, Statement, Trailer
from exports.coda.movements import MovementReader
from exports.coda.parts import cut
from exports.coda.repair import from_utf8
from exports.coda.text import read_text

#: 100 MB is about 150,000 movements: no bank day of a company is that long.
MAX_BYTES = 100_000_000


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


class _Reader(MovementReader):
    """Goes through the records once."""

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        while self.index < len(self.records):
            if self.records[self.index][0] != "0":
                self.unexpected("0 (header)")
            found.append(self.statement())
        return found

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
        company_number = line[71:82].strip()[-10:]
        return {
            "version": version,
            "creation_date": self.dates[line[5:11]],
            "bank_id": line[11:14].strip().rjust(3, "0"),
            "application_code": line[14:16],
            "is_duplicate": line[16] == "D",
            "file_reference": line[24:34].strip(),
            "addressee": line[34:60].rstrip(),
            "bic": line[60:71].strip(),
            "company_number": company_number if company_number.strip("0") else None,
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
