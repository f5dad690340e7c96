"""Checking a CODA file: arithmetic, counts, numbering, accounts, codes and the chain of its statements.

Rules (``CODA-`` before each):

=============  ========  ==========================================================================
R1             fatal     old balance + movements = new balance
R2             fatal     totals of record 9 = sums of debits and credits
R3             fatal     number of records of record 9
R4             warning   sequence numbers from 0001 on, detail numbers counting 2.1 and 3.1
R5             fatal     account of record 8 = account of record 1
R6             warning   old balance = new balance of the statement before it, within the file
R7             warning   CODA numbers go up by one, within the file
R8             warning   details add up to their movement
PART           fatal     a record 2.2, 2.3, 3.2 or 3.3 belongs to another movement: one was lost
ORPHAN         fatal     details without their movement
TRAILER        fatal     record 9 missing
NEW-BALANCE    fatal     record 8 missing although there are movements
CURRENCY       fatal     currency of the account is no ISO code
NEXT-LINK      warning   next and link codes (positions 126 and 128)
MULTIPLE       warning   multiple file code (record 9, position 128)
FREE           warning   a free communication before record 8 (version 2)
REFERENCE      warning   bank reference of record 3.1 is not that of its movement
STRUCTURE      warning   account structure missing or unknown, inferred
DATE           fatal     the day of the closing balance is none: nothing else tells where the statement belongs
DATE           warning   another date that is none, or far from the creation date
TYPE           warning   transaction type or family unknown
COMMUNICATION  warning   structured communication of an unknown type
OGM, RF, IBAN  warning   check digits
DUPLICATE      warning   the bank delivered this statement again (D)
SEPARATE       warning   separate application: an extract, R1 and R6 do not apply
APPLICATION    warning   an application code other than 05: not a statement of account
VERSION        warning   version 1, not made by banks since 2007
LENGTH, ENCODING, DAMAGED, JUNK  warning   what reading had to put right or to guess
=============  ========  ==========================================================================

Source: Febelfin, CODA 2.6, sections 3.1, 5.4 to 6 and annex I; the severities are ours: fatal is what must
not go on to a bookkeeping package unseen.
"""

from collections.abc import Sequence

from exports.coda.checks_records import check_records
from exports.coda.checks_values import check_accounts, check_movements
from exports.coda.findings import Findings, money
from exports.coda.model import File, Statement
from exports.coda.reader import read
from exports.coda.writer import write
from exports.model import Finding


def check(file: File) -> list[Finding]:
    """All findings of a file, in the order of its records within each statement.

    A file that was made from values and not read is written first, so that it is checked as others will
    see it.

    Raises:
        UnwritableError: When a file that was made from values cannot be written.
    """
    if file.statements and not file.data:
        file = read(write(file))
    found = list(file.notes)
    for index, statement in enumerate(file.statements):
        last = index == len(file.statements) - 1
        found.extend(check_statement(statement, is_last=last))
    found.extend(_check_chain(file.statements))
    return found


def check_statement(statement: Statement, *, is_last: bool = True) -> list[Finding]:
    """The findings of one statement that was read.

    Args:
        statement: The statement.
        is_last: Whether it is the last one of its file, for the multiple file code.
    """
    findings = Findings()
    _check_header(statement, findings)
    check_accounts(statement, findings)
    check_records(statement, findings)
    check_movements(statement, findings)
    _check_sums(statement, findings)
    _check_trailer(statement, findings, is_last=is_last)
    return findings.done(statement.record)


def _check_header(statement: Statement, findings: Findings) -> None:
    record = statement.record
    if statement.version == "1":
        findings.add("VERSION", "warning", record, "Version 1 of the standard, not made by banks since 2007.")
    if statement.application_code != "05":
        findings.add(
            "APPLICATION",
            "warning",
            record,
            f"The application code is {statement.application_code!r} where '05' belongs.",
            position=15,
            expected="05",
            found=statement.application_code,
        )
    if statement.is_duplicate:
        findings.add("DUPLICATE", "warning", record, "The bank delivered this statement again.", position=17)
    if statement.is_extract:
        findings.add(
            "SEPARATE",
            "warning",
            record,
            f"Separate application {statement.separate_application}: only some movements, balances are zero.",
            position=84,
            code=statement.separate_application,
        )


def _check_sums(statement: Statement, findings: Findings) -> None:
    """R1."""
    new = statement.new_balance_thousandths
    if new is None:
        findings.add(
            "NEW-BALANCE",
            "fatal",
            statement.record,
            "Closing balance (record 8) missing although there are movements.",
        )
        return
    if statement.is_extract:
        return
    movements = statement.total_credit_thousandths - statement.total_debit_thousandths
    expected = statement.old_balance_thousandths + movements
    if expected != new:
        closing = next((at for at, line in enumerate(statement.records) if line[0] == "8"), 0)
        findings.add(
            "R1",
            "fatal",
            statement.record + closing,
            f"Old balance and movements give {money(expected)}; the new balance says {money(new)}.",
            position=42,
            expected=money(expected),
            found=money(new),
        )


def _check_trailer(statement: Statement, findings: Findings, *, is_last: bool) -> None:
    """R2 and R3."""
    trailer = statement.trailer
    if trailer is None:
        findings.add(
            "TRAILER",
            "fatal",
            statement.record + len(statement.records) - 1,
            "Trailer (record 9) missing: the file is not whole.",
        )
        return
    # An extract may hold details without their movement; the standard does not say whether they are summed.
    loose = statement.is_extract and any(movement.detail_number for movement in statement.movements)
    for label, position, expected, found in (
        ("debits", 23, statement.total_debit_thousandths, trailer.total_debit_thousandths),
        ("credits", 38, statement.total_credit_thousandths, trailer.total_credit_thousandths),
    ):
        if expected != found and not loose:
            findings.add(
                "R2",
                "fatal",
                trailer.record,
                f"The {label} add up to {money(expected)}; the trailer says {money(found)}.",
                position=position,
                expected=money(expected),
                found=money(found),
            )
    # Records 0 and 9 are not counted; version 1 counts the free communications, version 2 does not.
    count = len(statement.records) - 2
    if statement.version != "1":
        count -= len(statement.free_communications)
    if count != trailer.record_count:
        findings.add(
            "R3",
            "fatal",
            trailer.record,
            f"There are {count} records; the trailer says {trailer.record_count}.",
            position=17,
            expected=str(count),
            found=str(trailer.record_count),
        )
    code = "2" if is_last else "1"
    if trailer.multiple_file_code != code:
        findings.add(
            "MULTIPLE",
            "warning",
            trailer.record,
            f"The multiple file code is {trailer.multiple_file_code!r} where {code!r} belongs.",
            position=128,
            expected=code,
            found=trailer.multiple_file_code,
        )


def _check_chain(statements: Sequence[Statement]) -> list[Finding]:
    """R6 and R7 among the statements of a file, each account by itself, in the order of the file."""
    findings = Findings()
    latest: dict[tuple[str, str, str], Statement] = {}
    for statement in statements:
        if statement.is_extract:
            continue
        key = statement.account.key
        before = latest.get(key)
        latest[key] = statement
        if before is None or before.new_balance_thousandths is None:
            continue
        expected, found = before.new_balance_thousandths, statement.old_balance_thousandths
        if expected != found:
            findings.add(
                "R6",
                "warning",
                statement.record + 1,
                f"The statement before it ended on {money(expected)}; this one begins with {money(found)}.",
                position=43,
                expected=money(expected),
                found=money(found),
                account=key[0],
            )
        numbers = before.coda_sequence, statement.coda_sequence
        if all(numbers) and numbers[1] not in (numbers[0] + 1, 1):
            findings.add(
                "R7",
                "warning",
                statement.record + 1,
                f"CODA number {numbers[1]} follows {numbers[0]}.",
                position=126,
                expected=str(numbers[0] + 1),
                found=str(numbers[1]),
                account=key[0],
            )
    return findings.done(1)
