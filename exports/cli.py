"""The command line: check and show UBL and CODA files, split CODA, verify bundles.

Exit codes: 0 nothing found, 1 findings, 2 unreadable, not to be written, or wrong use; over several files the highest.
``--json`` prints one array with an object per file. ``-`` is the standard input. What a file says is
printed without its control characters, so that no file can talk to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from exports.errors import ExportsError, UnreadableError
from exports.model import Finding

CLEAN, FOUND, UNREADABLE = 0, 1, 2

Value = dict[str, Any]


class Answer(NamedTuple):
    """What one command has to say about one file: exit code, lines for people, values for ``--json``."""

    code: int
    lines: list[str]
    values: Value


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; ``arguments`` are those of the process when not given."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    code = CLEAN
    values: list[Value] = []
    try:
        for name in options.files:
            answer = _answer(name, options)
            code = max(code, answer.code)
            if options.json:
                values.append({"file": name, **answer.values})
            else:
                _print(answer, f"{_shown(name)}: " if options.prefixed or answer.code == UNREADABLE else "")
        if options.json:
            print(json.dumps(values, ensure_ascii=False, indent=2))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has read enough (head, less). Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _print(answer: Answer, prefix: str) -> None:
    for line in answer.lines:
        print(prefix + line, file=sys.stderr if answer.code == UNREADABLE else sys.stdout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m exports",
        description="Check, show and split bookkeeping files. Exit codes: 0 clean, 1 findings, 2 unreadable.",
    )
    areas = parser.add_subparsers(required=True, metavar="ubl|coda|bundle")
    ubl = areas.add_parser("ubl", help="invoices and credit notes")
    ubl = ubl.add_subparsers(required=True, metavar="check|show")
    check = _command(ubl, "check", "hold against the official rules", _ubl_check, prefixed=True)
    check.add_argument("--profile", choices=("peppol-bis-3", "en16931", "ubl-be"), default="peppol-bis-3")
    _command(ubl, "show", "print what the invoice says", _ubl_show)
    coda = areas.add_parser("coda", help="bank statements")
    coda = coda.add_subparsers(required=True, metavar="check|show|split")
    _command(coda, "check", "recompute balances, totals and order", _coda_check, prefixed=True)
    _command(coda, "show", "print statements and movements", _coda_show)
    split = _command(coda, "split", "write one file per account and currency", _coda_split)
    split.add_argument("--into", type=Path, help="the folder to write to; else beside the file")
    bundle = areas.add_parser("bundle", help="bundles").add_subparsers(required=True, metavar="verify")
    verify = _command(bundle, "verify", "compare a bundle with its manifest", _bundle_verify, prefixed=True)
    verify.add_argument(
        "--previous", metavar="SHA256", type=_sha256, help="the manifest hash that it must follow"
    )
    return parser


def _sha256(text: str) -> str:
    """A hash as manifests write it; argparse turns the fault into a word on wrong use."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("a manifest hash has 64 hexadecimal digits")
    return text.lower()


def _command(
    area: Any,  # argparse has no public name for what add_subparsers gives
    name: str,
    text: str,
    work: Callable[[BinaryIO, argparse.Namespace, str], Answer],
    *,
    prefixed: bool = False,
) -> argparse.ArgumentParser:
    parser = area.add_parser(name, help=text, description=text.capitalize() + ".")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for the standard input")
    parser.add_argument("--json", action="store_true", help="print values for programs")
    parser.set_defaults(work=work, prefixed=prefixed)
    return parser


def _answer(name: str, options: argparse.Namespace) -> Answer:
    """The command's answer for one file; every way in which it cannot be read is an answer too."""
    try:
        with _opened(name) as stream:
            return options.work(stream, options, name)
    except OSError as fault:
        text = fault.strerror or str(fault)
        return Answer(UNREADABLE, [f"unreadable: {text}"], {"error": {"reason": "cannot_read", "text": text}})
    except ExportsError as fault:
        error: Value = {
            "reason": fault.reason,
            "line": fault.line,
            "params": dict(fault.params),
            "text": str(fault),
        }
        word = "unreadable" if isinstance(fault, UnreadableError) else "failed"
        return Answer(UNREADABLE, [f"{word}: {_shown(str(fault))}"], {"error": error})


def _opened(name: str) -> BinaryIO:
    """The file, or all of the standard input, which cannot be read twice."""
    return BytesIO(sys.stdin.buffer.read()) if name == "-" else Path(name).open("rb")


def _found(findings: Sequence[Finding]) -> Answer:
    lines = [
        f"{finding.severity} {_shown(finding.rule)}"
        + (f" at {_shown(finding.location)}" if finding.location else "")
        + f": {_shown(finding.text)}"
        + "".join(f" [{_shown(key)}: {_shown(value)}]" for key, value in finding.params.items())
        for finding in findings
    ]
    values = {"findings": [_values(finding) for finding in findings]}
    return Answer(FOUND, lines, values) if findings else Answer(CLEAN, ["nothing found"], values)


def _ubl_check(stream: BinaryIO, options: argparse.Namespace, _name: str) -> Answer:
    from exports import invoices

    return _found(invoices.check(stream.read(), profile=options.profile))


def _ubl_show(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    from exports import invoices

    taken = invoices.read(stream.read())
    document = taken.document
    kind = "self-billing " if document.is_self_billing else ""
    due = f", due {document.due_date}" if document.due_date else ""
    kind += document.kind.replace("_", " ")
    lines = [f"{kind} {document.number} ({document.type_code}) of {document.issue_date}{due}"]
    for role, party in (("from", document.supplier), ("to", document.customer)):
        numbers = ", ".join(filter(None, (party.vat_id, party.legal_id)))
        lines.append(f"{role:5} {party.display_name or '?'}" + (f" ({numbers})" if numbers else ""))
    if header := taken.header:
        lines.append(
            f"envelope {header.instance or '?'} from {header.sender or '?'} to {header.receiver or '?'}"
        )
    for line in document.lines:
        quantity = f"{line.quantity or ''} {line.unit_code or ''}".strip()
        percent = "" if line.tax_percent is None else f"{line.tax_percent}%"
        name = line.name or line.description or ""
        row = f"  {line.id:>4} {name:40.40} {quantity:>12} {line.net_amount:>14}"
        lines.append(f"{row} {line.tax_category or ''} {percent}".rstrip())
    for subtotal in document.tax_subtotals:
        percent = "" if subtotal.percent is None else f" {subtotal.percent}%"
        lines.append(
            f"VAT {subtotal.category or ''}{percent}: {subtotal.taxable_amount} → {subtotal.tax_amount}"
        )
    lines.append(
        f"net {document.tax_exclusive}, VAT {document.tax_total}, gross {document.tax_inclusive},"
        f" to pay {document.payable} {document.currency}"
    )
    if ogm := document.structured_communication:
        lines.append(f"structured communication +++{ogm[:3]}/{ogm[3:7]}/{ogm[7:]}+++")
    lines += [
        f"attachment {one.filename or one.id} ({one.mime_code or '?'}, {len(one.decoded() or b'')} bytes)"
        for one in document.attachments
    ]
    return Answer(CLEAN, [_shown(line) for line in lines], {"document": _values(document)})


def _coda_check(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    from exports import coda

    return _found(coda.check(coda.read(stream.read())))


def _coda_show(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    from exports import coda

    file = coda.read(stream.read())
    lines: list[str] = []
    for statement in file.statements:
        account = statement.account
        lines.append(
            f"{account.formatted} {account.currency} · statement {statement.coda_sequence:03d}"
            f" of {statement.new_balance_date or statement.creation_date or '?'} · {statement.holder}"
        )
        lines.append(f"  {statement.old_balance:>16}  balance before, {statement.old_balance_date or '?'}")
        for movement in statement.movements:
            about = " · ".join(filter(None, (movement.counterparty_name, movement.text)))
            lines.append(f"  {movement.amount:>+16}  {movement.entry_date or '?'} {about}")
            lines += [f"  {'':16}    {detail.amount:+} {detail.text}" for detail in movement.details]
        after = "?" if statement.new_balance is None else statement.new_balance
        lines.append(f"  {after:>16}  balance after, {statement.new_balance_date or '?'}")
        lines += [f"  {text.text}" for text in statement.free_communications]
    return Answer(CLEAN, [_shown(line) for line in lines], _values(file))


def _coda_split(stream: BinaryIO, options: argparse.Namespace, name: str) -> Answer:
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
                UNREADABLE, [f"{_shown(str(target))} could not be written: {text}"], {"error": error}
            )
        written.append(
            {"path": str(target), "account": account.key[0], "currency": account.key[1], "size": len(part)}
        )
    return Answer(CLEAN, [_shown(entry["path"]) for entry in written], {"parts": written})


def _bundle_verify(stream: BinaryIO, options: argparse.Namespace, _name: str) -> Answer:
    from exports import bundle

    return _found(bundle.verify(stream, previous_sha256=options.previous))


_BYTES_OF_THE_FILE = frozenset({"data", "raw", "records", "source", "notes"})


def _values(value: Any) -> Any:
    """A value of the library as plain JSON: amounts as strings, bytes as size and hash."""
    from dataclasses import fields, is_dataclass
    from datetime import date
    from decimal import Decimal
    from hashlib import sha256

    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value.encode("utf-8", "replace").decode()
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case bytes():
            return {"size": len(value), "sha256": sha256(value).hexdigest()}
        case Struct():
            names: Iterator[str] = iter(value.__struct_fields__)
            value = _masked(value)
        case dict():
            return {str(key): _values(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_values(inner) for inner in value]
        case _ if is_dataclass(value):
            names = (field.name for field in fields(value))
        case _:
            return str(value)
    return {name: _values(getattr(value, name)) for name in names if name not in _BYTES_OF_THE_FILE}


def _masked(value: Struct) -> Struct:
    """A movement or its information without the card numbers in its communication (CODA 2.6, section 7.9)."""
    from exports.coda.model import Information, Movement
    from exports.coda.structured import mask_communication

    if not isinstance(value, Movement | Information):
        return value
    text = mask_communication(value.communication, is_structured=value.is_structured)
    return replace(value, communication=text)


def _shown(text: str) -> str:
    """The text on one line, without anything that moves a terminal."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
