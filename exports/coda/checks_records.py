"""Checks on the records as they are written: numbering, parts, next and link codes, references, dates."""

from collections.abc import Iterable, Iterator

from exports.coda.findings import Findings
from exports.coda.model import Information, Movement, Statement


def check_records(statement: Statement, findings: Findings) -> None:
    """Numbering (R4), parts, next and link codes, references and dates of one statement's records."""
    movements: Iterable[Movement] = statement.movements
    if statement.orphan_details:
        movements = sorted((*statement.movements, *statement.orphan_details), key=lambda found: found.record)
    _check_numbers(movements, findings, counts_information=statement.version == "2")
    for record in statement.stray_parts:
        line = statement.records[record - statement.record]
        findings.add(
            "PART",
            "fatal",
            record,
            f"This part has number {line[2:10]}, the record before it another. A record may be lost.",
            position=3,
            found=line[2:10],
        )
    if statement.version == "2":
        _check_codes(statement, findings)
    _check_dates(statement, movements, findings)


def _check_numbers(movements: Iterable[Movement], findings: Findings, *, counts_information: bool) -> None:
    """R4 and REFERENCE: sequence numbers go on from movement to movement, detail numbers below it."""
    sequence = detail = 0
    strange: list[Information] = []
    for movement in movements:
        expected = (sequence + 1) % 10000
        if movement.sequence_number != expected or movement.detail_number:
            _number_finding(findings, movement, expected, 0)
        sequence = movement.sequence_number
        detail = 0
        for item in _below(movement) if movement.details else movement.information:
            is_detail = isinstance(item, Movement)
            if is_detail or counts_information:
                detail = (detail + 1) % 10000
                if item.detail_number != detail or item.sequence_number != sequence:
                    _number_finding(findings, item, sequence, detail)
                    detail = item.detail_number
            elif item.sequence_number != sequence:
                _number_finding(findings, item, sequence, item.detail_number)
        if movement.information:
            reference = movement.bank_reference
            strange += [item for item in movement.information if item.bank_reference != reference]
        if movement.details:
            strange.extend(_strange_references(movement.details))
    if strange:
        findings.add(
            "REFERENCE",
            "warning",
            strange[0].record,
            f"The bank reference of {len(strange)} information records is not that of their movement.",
            position=11,
            count=str(len(strange)),
        )


def _below(movement: Movement) -> Iterator[Movement | Information]:
    """Information and details below a movement, in the order of their records."""
    yield from movement.information
    for detail in movement.details:
        yield detail
        yield from _below(detail)


def _strange_references(details: Iterable[Movement]) -> Iterator[Information]:
    for detail in details:
        yield from (item for item in detail.information if item.bank_reference != detail.bank_reference)
        yield from _strange_references(detail.details)


def _number_finding(findings: Findings, item: Movement | Information, sequence: int, detail: int) -> None:
    expected, found = f"{sequence:04d}{detail:04d}", f"{item.sequence_number:04d}{item.detail_number:04d}"
    findings.add(
        "R4",
        "warning",
        item.record,
        f"Number {found} where {expected} belongs.",
        position=3,
        expected=expected,
        found=found,
    )


def _check_codes(statement: Statement, findings: Findings) -> None:
    """NEXT-LINK and FREE."""
    wrong = statement.wrong_codes
    if wrong:
        findings.add(
            "NEXT-LINK",
            "warning",
            wrong[0],
            f"The next and link codes of {len(wrong)} records do not say what follows.",
            position=126,
            count=str(len(wrong)),
        )
    if statement.free_communications:
        first = statement.free_communications[0].record
        if any(line[0] == "8" for line in statement.records[first - statement.record :]):
            findings.add("FREE", "warning", first, "A free communication stands before record 8.")


def _check_dates(statement: Statement, movements: Iterable[Movement], findings: Findings) -> None:
    """DATE: zones that hold no date; entry dates more than a year from the creation date."""
    records, first = statement.records, statement.record
    created = statement.creation_date
    if created is None:
        _date_finding(findings, first, 6, records[0][5:11])
    closing = next((at for at, line in enumerate(records) if line[0] == "8"), None)
    undated = statement.new_balance_date is None
    if statement.old_balance_date is None:
        _date_finding(findings, first + 1, 59, records[1][58:64], fatal=undated and closing is None)
    if undated and closing is not None:
        found = records[closing][57:63]
        # an extract has no balances, and so no day of one
        extract = statement.separate_application != "00000" and not found.strip("0 ")
        _date_finding(findings, first + closing, 58, found, fatal=not extract)
    near: set[object] = set()  # entry dates that are right
    for movement in movements:
        if movement.value_date is not None and movement.entry_date in near and not movement.details:
            continue
        for item in (movement, *(found for found in _below(movement) if isinstance(found, Movement))):
            line = records[item.record - first]
            if item.value_date is None and line[47:53] != "000000":
                _date_finding(findings, item.record, 48, line[47:53])
            day = item.entry_date
            if day is None:
                _date_finding(findings, item.record, 116, line[115:121])
            elif created and abs((day - created).days) > 366:
                findings.add(
                    "DATE",
                    "warning",
                    item.record,
                    f"Booked on {day.isoformat()}, more than a year from the creation date.",
                    position=116,
                    expected=created.isoformat(),
                    found=day.isoformat(),
                )
            else:
                near.add(day)


def _date_finding(findings: Findings, record: int, position: int, found: str, *, fatal: bool = False) -> None:
    findings.add(
        "DATE",
        "fatal" if fatal else "warning",
        record,
        f"{found!r} is no date.",
        position=position,
        expected="DDMMYY",
        found=found,
    )
