"""Checks on the records as they are written: numbering, next and link codes, references, dates.

One pass over the records of a statement; this is where the time of checking goes.
"""

from collections.abc import Callable
from operator import itemgetter

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

_PARTS = frozenset(("22", "23", "32", "33"))
_NUMBERS = itemgetter(slice(2, 10))
_NEXT_AND_LINK = itemgetter(slice(125, 128, 2))
_DATES: Callable[[str], tuple[str, str]] = itemgetter(slice(47, 53), slice(115, 121))  # value, entry


def check_records(statement: Statement, findings: Findings) -> None:
    """Numbering (R4), parts, next and link codes, references and dates of one statement's records."""
    kinds = [line[:2] for line in statement.records]
    _check_numbers(statement, kinds, findings)
    if statement.version == "2":
        _check_codes(statement, kinds, findings)
    _check_dates(statement, kinds, findings)


def _check_numbers(statement: Statement, kinds: list[str], findings: Findings) -> None:
    """R4, PART and REFERENCE: sequence and detail numbers of records 2 and 3."""
    records = statement.records
    counts_information = statement.version == "2"
    latest = 0  # sequence and detail number of the last record that took one, as one number of eight digits
    numbers = reference = ""  # of the movement or information whose parts may follow
    strange_references = strange_at = 0
    for at, (kind, zone) in enumerate(zip(kinds, map(_NUMBERS, records), strict=True)):
        if kind == "21":
            numbers = zone
            reference = records[at][10:31]
            found = int(zone)
            if found != latest - latest % 10000 + 10000 and (found != latest + 1 or found % 10000 == 0):
                is_detail = found % 10000 != 0 or (
                    records[at][53] in "56789" and found // 10000 == latest // 10000
                )
                expected = _next_detail(latest) if is_detail else (latest // 10000 + 1) % 10000 * 10000
                if found != expected:
                    _number_finding(findings, statement.record + at, f"{expected:08d}", zone)
            latest = found
        elif kind == "31":
            numbers = zone
            found = int(zone)
            if counts_information:
                if found != latest + 1 or found % 10000 == 0:
                    expected = _next_detail(latest)
                    if found != expected:
                        _number_finding(findings, statement.record + at, f"{expected:08d}", zone)
                latest = found
            elif found // 10000 != latest // 10000:
                _number_finding(findings, statement.record + at, f"{latest // 10000:04d}", zone)
            if records[at][10:31] != reference:
                strange_references += 1
                strange_at = strange_at or at
        elif zone != numbers and kind in _PARTS:
            findings.add(
                "PART",
                "fatal",
                statement.record + at,
                f"This part has number {zone}; it follows record {numbers}. A record may be lost.",
                position=3,
                expected=numbers,
                found=zone,
            )
    if strange_references:
        findings.add(
            "REFERENCE",
            "warning",
            statement.record + strange_at,
            f"The bank reference of {strange_references} information records is not that of their movement.",
            position=11,
            count=str(strange_references),
        )


def _next_detail(latest: int) -> int:
    return latest - latest % 10000 + (latest % 10000 + 1) % 10000


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


def _check_codes(statement: Statement, kinds: list[str], findings: Findings) -> None:
    """NEXT-LINK and FREE."""
    codes = list(map(_NEXT_AND_LINK, statement.records))
    following = [*kinds[1:], "  "]
    # There are few different combinations, however many records: look at each once.
    wrong = {
        combination
        for combination in set(zip(kinds, codes, following, strict=True))
        if not _codes_right(*combination)
    }
    if wrong:
        places = [at for at, what in enumerate(zip(kinds, codes, following, strict=True)) if what in wrong]
        findings.add(
            "NEXT-LINK",
            "warning",
            statement.record + places[0],
            f"The next and link codes of {len(places)} records do not say what follows.",
            position=126,
            count=str(len(places)),
        )
    free = next((at for at, kind in enumerate(kinds) if kind[0] == "4"), None)
    if free is not None and any(kind[0] == "8" for kind in kinds[free:]):
        findings.add(
            "FREE", "warning", statement.record + free, "A free communication stands before record 8."
        )


def _codes_right(kind: str, codes: str, following: str) -> bool:
    if kind[0] in "23":
        return codes == _CODES.get((kind, following), "00")
    if kind[0] in "48":
        return codes[1] == ("1" if following[0] == "4" else "0")
    return True


def _check_dates(statement: Statement, kinds: list[str], findings: Findings) -> None:
    """DATE: zones that hold no date; entry dates more than a year from the creation date."""
    first = statement.record
    created = statement.creation_date
    if created is None:
        _date_finding(findings, first, 6, statement.records[0][5:11])
    sound: set[tuple[str, str]] = set()
    for at, (kind, dates) in enumerate(zip(kinds, map(_DATES, statement.records), strict=True)):
        if kind == "21":
            if dates in sound:
                continue
            value, entry = dates
            day = short_date(entry)
            if value != "000000" and short_date(value) is None:
                _date_finding(findings, first + at, 48, value)
            elif day is None:
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
                sound.add(dates)
        elif kind[0] in "18":
            line = statement.records[at]
            zone, position = (line[58:64], 59) if kind[0] == "1" else (line[57:63], 58)
            if short_date(zone) is None:
                _date_finding(findings, first + at, position, zone)


def _date_finding(findings: Findings, record: int, position: int, found: str) -> None:
    findings.add(
        "DATE", "warning", record, f"{found!r} is no date.", position=position, expected="DDMMYY", found=found
    )
