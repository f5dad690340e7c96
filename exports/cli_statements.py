"""Commands about bank statements: ``coda check|show|split`` and ``statement show``.

What ``show --json`` prints is for programs and stays as it is; new names may come. For each statement:

- ``form`` (``coda``, ``camt``, ``mt940``) and ``version``;
- ``account`` with ``number``, ``iban`` (or null), ``currency``, ``extension``, ``formatted``;
- ``holder``, ``number`` (as the bank counts), ``old_balance``, ``new_balance``, ``total_debit``, ``total_credit``: decimal texts with
  a point, three decimals as CODA has, negative for a debit balance; ``old_balance_date``, ``new_balance_date`` as ``2026-11-02``;
- ``movements``: ``amount`` (credit positive), ``entry_date``, ``value_date``, ``kind`` (in English words, empty when unknown),
  ``counterparty_name``, ``counterparty_account`` (like ``account``, or null), ``text`` (card numbers masked), ``structured_communication``
  (twelve digits of an OGM with right check digits, or null), ``creditor_reference`` (ISO 11649, or null), ``information_text``,
  ``structured`` (the named fields of a structured communication, or null), ``information``, and ``details``, which are movements
  themselves and explain the amount above them;
- ``pending`` for CAMT: what is announced and not booked.

Beside them stand the fields of the library's own values (``amount_thousandths``, ``communication`` and so on), for CODA all of them.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exports.cli_answers import CLEAN, UNREADABLE, Answer, Value, found, shown, values
from exports.errors import ExportsError

if TYPE_CHECKING:
    from exports import coda
    from exports.coda.structured import StructuredCommunication
    from exports.statements import ForeignStatement


def check_coda(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    """The findings of a CODA file."""
    from exports import coda

    return found(coda.check(coda.read(stream.read())))


def show_coda(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    """The statements of a CODA file."""
    return _coda(stream.read())


def show_statements(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    """The statements of a file of any form, told apart by what stands in it."""
    from exports import camt, statements

    data = stream.read()
    form = statements.form_of(data)
    if form is None:
        return _coda(data)
    file = camt.read(data) if form == "other_camt" else statements.read(data)
    lines: list[str] = []
    for one in file.statements:
        lines += _lines(one.values, f"{one.version} {one.number or one.reference}")
        lines += [
            f"  {one.amount:>+16}  {one.day or '?'} not booked ({one.status}) {one.text}"
            for one in one.pending
        ]
    return Answer(
        CLEAN, [shown(line) for line in lines], _file(file, [_foreign(one) for one in file.statements])
    )


def _coda(data: bytes) -> Answer:
    from exports import coda

    file = coda.read(data)
    lines: list[str] = []
    for statement in file.statements:
        lines += _lines(statement, f"statement {statement.coda_sequence:03d}")
    told = [{"form": "coda", **_statement(one), "number": one.coda_sequence} for one in file.statements]
    return Answer(CLEAN, [shown(line) for line in lines], _file(file, told))


def _file(file: Any, told: list[Value]) -> Value:
    return {**values(file), "statements": told}


def _lines(statement: "coda.Statement", number: str) -> list[str]:
    """A statement for people."""
    account = statement.account
    day = statement.new_balance_date or statement.creation_date or "?"
    heading = (f"{account.formatted} {account.currency}", f"{number} of {day}", statement.holder)
    lines = [" · ".join(part for part in heading if part)]
    lines.append(f"  {statement.old_balance:>16}  balance before, {statement.old_balance_date or '?'}")
    for movement in statement.movements:
        lines.append(f"  {movement.amount:>+16}  {movement.entry_date or '?'} {_about(movement)}".rstrip())
        lines += _below(movement, 1)
    after = "?" if statement.new_balance is None else statement.new_balance
    lines.append(f"  {after:>16}  balance after, {statement.new_balance_date or '?'}")
    return [*lines, *(f"  {text.text}" for text in statement.free_communications)]


def _below(movement: "coda.Movement", level: int) -> list[str]:
    indent = f"  {'':16}{'  ' * (level + 1)}"
    lines = [f"{indent}{line}" for line in movement.information_text.split("\n") if line]
    lines += [f"{indent}{one.text}" for one in movement.information if one.is_structured and one.text]
    for detail in movement.details:
        lines.append(f"{indent}{detail.amount:+} {_about(detail)}".rstrip())
        lines += _below(detail, level + 1)
    return lines


def _about(movement: "coda.Movement") -> str:
    account = movement.counterparty_account
    parts = (movement.counterparty_name, account.formatted if account else "", movement.text, movement.kind)
    return " · ".join(part for part in parts if part)


def _foreign(one: "ForeignStatement") -> Value:
    told = _statement(one.values)
    for name in (
        "coda_sequence",
        "paper_number",
        "new_paper_number",
        "version",
        "application_code",
        "bank_id",
    ):
        told.pop(name, None)  # CODA's own, which this is not
    return {
        "form": one.form,
        "version": one.version,
        "reference": one.reference,
        **told,
        "number": one.number,
        "pending": [values(each) for each in one.pending],
        "findings": [values(each) for each in one.findings],
    }


def _statement(statement: "coda.Statement") -> Value:
    return {
        **values(statement),
        "account": _account(statement.account),
        "old_balance": values(statement.old_balance),
        "new_balance": values(statement.new_balance),
        "total_debit": values(statement.total_debit),
        "total_credit": values(statement.total_credit),
        "movements": [_movement(one) for one in statement.movements],
    }


def _account(account: "coda.Account | None") -> Value | None:
    if account is None:
        return None
    return {**values(account), "iban": account.iban, "formatted": account.formatted}


def _movement(movement: "coda.Movement") -> Value:
    reference = movement.structured
    return {
        **values(movement),
        "amount": values(movement.amount),
        "kind": movement.kind,
        "category_kind": movement.category_kind,
        "counterparty_account": _account(movement.counterparty_account),
        "text": movement.text,
        "structured_communication": movement.structured_communication,
        "creditor_reference": _creditor_reference(reference),
        "structured": _named(reference),
        "information_text": movement.information_text,
        "information": [
            {**values(one), "text": one.text, "structured": _named(one.structured)}
            for one in movement.information
        ],
        "details": [_movement(one) for one in movement.details],
    }


def _creditor_reference(communication: "StructuredCommunication | None") -> str | None:
    from exports.coda.structured import creditor_reference_right

    if communication is None or communication.type != "100":
        return None
    reference = communication.text_of("reference")
    return reference if creditor_reference_right(reference) else None


def _named(communication: "StructuredCommunication | None") -> Value | None:
    """A structured communication by the names of its fields, card numbers masked."""
    from exports.coda.structured import mask_card_number
    from exports.coda.zones import ZONES

    if communication is None:
        return None
    cards = {name for name, _, form in ZONES.get(communication.type, ()) if form == "pan"}
    fields = {
        name: mask_card_number(value) if name in cards and isinstance(value, str) else values(value)
        for name, value in communication.values.items()
    }
    return {"type": communication.type, **fields}


def split_coda(stream: BinaryIO, options: argparse.Namespace, name: str) -> Answer:
    """One file for each account and currency of a CODA file."""
    from exports import coda
    from exports.bundle.names import sanitise

    if name == "-" and options.into is None:
        raise ExportsError("no_folder", None, {"option": "--into"})
    parts = coda.split(stream.read())
    origin = Path("statements.cod" if name == "-" else name)
    folder: Path = origin.parent if options.into is None else options.into
    written: list[Value] = []
    for number, part in enumerate(parts, start=1):
        account = coda.read(part).statements[0].account
        label = sanitise(f"{account.key[0]}-{account.key[1]}", 60)
        target = folder / f"{origin.stem}_{number:02d}_{label}{origin.suffix or '.cod'}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (target.exists() and target.read_bytes() == part):
                with target.open("xb") as out:  # another file of that name is never overwritten
                    out.write(part)
        except OSError as fault:
            text = fault.strerror or str(fault)
            error = {"reason": "cannot_write", "path": str(target), "text": text}
            return Answer(
                UNREADABLE, [f"{shown(str(target))} could not be written: {text}"], {"error": error}
            )
        written.append(
            {"path": str(target), "account": account.key[0], "currency": account.key[1], "size": len(part)}
        )
    return Answer(CLEAN, [shown(entry["path"]) for entry in written], {"parts": written})
