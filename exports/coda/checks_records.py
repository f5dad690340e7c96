"""Checks on the records as they are written: numbering, next and link codes, references, dates.

One pass over the records of a statement; this is where the time of checking goes.
"""

from exports.coda.findings import Findings
from exports.coda.model import Statement
from exports.coda.structured import short_date

#: Next code and link code (positions 126 and 128) by this record and the one after it; 0 and 0 otherwise.
#: Banks put the link code only on the last part of a record (section 5.6 as practised).
_CODES = {
    ("21", "22"): "10",
    ("21", "23"): "10",
    ("22", "23"): "10",
    ("21", "31"): "01",
    ("22", "31"): "01",
    ("23", "31"): "01",
    ("31", "32"): "10",
    ("31", "33"): "10",
    ("32", "33"): "10",
    ("31", "31"): "01",
    ("32", "31"): "01",
    ("33", "31"): "01",
}


def check_records(statement: Statement, findings: Findings) -> None:
    """Numbering (R4), parts, next and link codes, references and dates of one statement's records."""
    _check_numbers(statement, findings)
    if statement.version == "2":
        _check_codes(statement, findings)
    _check_dates(statement, findings)


def _check_numbers(statement: Statement, findings: Findings) -> None:
    """R4, PART and REFERENCE: sequence and detail numbers of records 2 and 3."""
    first = statement.record
    counts_information = statement.version == "2"
    sequence = detail = 0
    numbers = "00000000"  # of the movement or information whose parts may follow
    reference = ""
    strange_references = 0
    strange_record = 0
    for at, line in enumerate(statement.records):
        kind = line[:2]
        if kind == "21":
            numbers = line[2:10]
            reference = line[10:31]
            found_sequence, found_detail = int(numbers[:4]), int(numbers[4:])
            if found_detail == 0 and not (line[53] in "56789" and found_sequence == sequence):
                expected, expected_detail = (sequence + 1) % 10000, 0
            else:
                expected, expected_detail = sequence, (detail + 1) % 10000
            if (found_sequence, found_detail) != (expected, expected_detail):
                _number_finding(findings, first + at, f"{expected:04d}{expected_detail:04d}", numbers)
            sequence, detail = found_sequence, found_detail
        elif kind == "31":
            numbers = line[2:10]
            found_sequence, found_detail = int(numbers[:4]), int(numbers[4:])
            if counts_information:
                expected_detail = (detail + 1) % 10000
                if (found_sequence, found_detail) != (sequence, expected_detail):
                    _number_finding(findings, first + at, f"{sequence:04d}{expected_detail:04d}", numbers)
                detail = found_detail
            elif found_sequence != sequence:
                _number_finding(findings, first + at, f"{sequence:04d}", numbers)
            if line[10:31] != reference:
                strange_references += 1
                strange_record = strange_record or first + at
        elif line[0] in "23" and line[2:10] != numbers:
            findings.add(
                "PART",
                "fatal",
                first + at,
                f"This part has number {line[2:10]}; it follows record {numbers}. A record may be lost.",
                position=3,
                expected=numbers,
                found=line[2:10],
            )
    if strange_references:
        findings.add(
            "REFERENCE",
            "warning",
            strange_record,
            f"The bank reference of {strange_references} information records is not that of their movement.",
            position=11,
            count=str(strange_references),
        )


def _number_finding(findings: Findings, record: int, expected: str, found: str) -> None:
    findings.add(
        "R4",
        "warning",
        record,
        f"Number {found} where {expected} belongs.",
        position=3,
        expected=expected,
        found=found,
    )


def _check_codes(statement: Statement, findings: Findings) -> None:
    """NEXT-LINK and FREE."""
    records = statement.records
    wrong = wrong_record = 0
    kinds = [line[:2] for line in records]
    codes = _CODES
    following = iter(kinds)
    next(following)
    closed = False
    for at, (kind, after) in enumerate(zip(kinds, following, strict=False)):
        head = kind[0]
        if head in "23":
            if records[at][125:128:2] != codes.get((kind, after), "00"):
                wrong += 1
                wrong_record = wrong_record or statement.record + at
        elif head == "8":
            closed = True
            if records[at][127] != ("1" if after[0] == "4" else "0"):
                wrong += 1
                wrong_record = wrong_record or statement.record + at
        elif head == "4":
            if not closed:
                findings.add(
                    "FREE", "warning", statement.record + at, "A free communication stands before record 8."
                )
            if records[at][127] != ("1" if after[0] == "4" else "0"):
                wrong += 1
                wrong_record = wrong_record or statement.record + at
    if wrong:
        findings.add(
            "NEXT-LINK",
            "warning",
            wrong_record,
            f"The next and link codes of {wrong} records do not say what follows.",
            position=126,
            count=str(wrong),
        )


def _check_dates(statement: Statement, findings: Findings) -> None:
    """DATE: zones that hold no date; entry dates more than a year from the creation date."""
    first = statement.record
    created = statement.creation_date
    if created is None:
        _date_finding(findings, first, 6, statement.records[0][5:11])
    sound: set[str] = set()
    for at, line in enumerate(statement.records):
        head = line[0]
        if head == "2" and line[1] == "1":
            value, entry = line[47:53], line[115:121]
            if value not in sound and value != "000000":
                if short_date(value) is None:
                    _date_finding(findings, first + at, 48, value)
                else:
                    sound.add(value)
            if entry not in sound or entry == "000000":
                day = short_date(entry)
                if day is None:
                    _date_finding(findings, first + at, 116, entry)
                elif created and abs((day - created).days) > 366:
                    findings.add(
                        "DATE",
                        "warning",
                        first + at,
                        f"Booked on {day.isoformat()}, more than a year from the creation date.",
                        position=116,
                        found=day.isoformat(),
                        expected=created.isoformat(),
                    )
                else:
                    sound.add(entry)
        elif head in "18":
            zone, position = (line[58:64], 59) if head == "1" else (line[57:63], 58)
            if short_date(zone) is None:
                _date_finding(findings, first + at, position, zone)


def _date_finding(findings: Findings, record: int, position: int, found: str) -> None:
    findings.add(
        "DATE", "warning", record, f"{found!r} is no date.", position=position, expected="DDMMYY", found=found
    )
