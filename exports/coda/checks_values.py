"""Checks on values: details, accounts, transaction codes, structured communications, check digits."""

from exports.coda import structured
from exports.coda.accounts import Account, check_digits_right, looks_like_iban
from exports.coda.codes import FAMILIES, TYPES
from exports.coda.findings import Findings, money
from exports.coda.model import Movement, Statement
from exports.coda.zones import ZONES
from exports.currencies import is_currency


def check_accounts(statement: Statement, findings: Findings) -> None:
    """R5, STRUCTURE, CURRENCY and IBAN of the statement's own account."""
    account = statement.account
    record = statement.record + 1
    if statement.version == "2" and statement.structure_digit not in ("0", "1", "2", "3"):
        findings.add(
            "STRUCTURE",
            "warning",
            record,
            f"The account structure is {statement.structure_digit!r}; the number itself tells {account.structure}.",
            position=2,
            expected="0 to 3",
            found=statement.structure_digit,
        )
    if account.currency and not is_currency(account.currency):
        findings.add(
            "CURRENCY", "fatal", record, f"{account.currency!r} is no currency.", found=account.currency
        )
    if account.structure in "23" and not check_digits_right(account.iban or ""):
        _iban_finding(findings, record, account)
    closing = statement.new_account
    if closing is not None and closing.key != account.key:
        at = next((at for at, line in enumerate(statement.records) if line[0] == "8"), 0)
        findings.add(
            "R5",
            "fatal",
            statement.record + at,
            f"Record 8 is of account {_named(closing)}, record 1 of {_named(account)}.",
            position=5,
            expected=_named(account),
            found=_named(closing),
        )


def check_movements(statement: Statement, findings: Findings) -> None:
    """R8, ORPHAN, TYPE, COMMUNICATION and check digits of all movements and details."""
    sound: set[str] = set()  # counterparty zones seen and right: customers come back
    for movement in statement.movements:
        _check_movement(movement, findings, sound)
        if movement.details:
            _check_details(movement, findings, sound)
    for detail in statement.orphan_details:
        findings.add(
            "ORPHAN",
            "fatal",
            detail.record,
            f"Detail {detail.detail_number:04d} of {money(detail.amount_thousandths)} has no movement.",
            position=3,
            found=f"{detail.sequence_number:04d}{detail.detail_number:04d}",
        )
        _check_movement(detail, findings, sound)


def _check_details(movement: Movement, findings: Findings, sound: set[str]) -> None:
    total = 0
    for detail in movement.details:
        total += detail.amount_thousandths
        _check_movement(detail, findings, sound)
        if detail.details:
            _check_details(detail, findings, sound)
    if total != movement.amount_thousandths:
        findings.add(
            "R8",
            "warning",
            movement.record,
            f"The details add up to {money(total)}; the movement is {money(movement.amount_thousandths)}.",
            position=33,
            expected=money(movement.amount_thousandths),
            found=money(total),
        )


def _check_movement(movement: Movement, findings: Findings, sound: set[str]) -> None:
    code = movement.transaction_code
    if code[1:3] not in FAMILIES or code[0] not in TYPES or not code.isdecimal():
        findings.add(
            "TYPE", "warning", movement.record, f"Unknown transaction code {code}.", position=54, found=code
        )
    if movement.is_structured:
        _check_structured(movement.communication, movement.record, 66, findings)
    zone = movement.counterparty_zone
    if zone and zone not in sound:
        account = movement.counterparty_account
        if (
            account is not None
            and looks_like_iban(account.number)
            and not check_digits_right(account.iban or "")
        ):
            _iban_finding(findings, movement.record, account)
        else:
            sound.add(zone)
    for item in movement.information:
        if item.is_structured and item.communication[:3] not in ("001", "002"):
            _check_structured(item.communication, item.record, 44, findings)


def _check_structured(communication: str, record: int, position: int, findings: Findings) -> None:
    kind = communication[:3]
    if kind not in ZONES:
        findings.add(
            "COMMUNICATION",
            "warning",
            record,
            f"Unknown type of structured communication {kind!r}.",
            position=position - 3,
            found=kind,
        )
    elif kind in ("101", "102"):
        if structured.ogm(communication) is None:
            digits = communication[3:15]
            findings.add(
                "OGM",
                "warning",
                record,
                f"The check digits of the structured communication {digits} are wrong.",
                position=position,
                found=digits,
            )
    elif kind == "100" and not structured.creditor_reference_right(communication[3:28]):
        reference = communication[3:28].rstrip()
        findings.add(
            "RF",
            "warning",
            record,
            f"The check digits of the reference {reference} are wrong.",
            position=position,
            found=reference,
        )


def _iban_finding(findings: Findings, record: int, account: Account) -> None:
    findings.add(
        "IBAN",
        "warning",
        record,
        f"The check digits of {account.number} are wrong.",
        found=account.number,
    )


def _named(account: Account) -> str:
    number, currency, extension = account.key
    return " ".join(part for part in (number, currency, extension) if part)
