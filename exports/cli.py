"""The command line: check and show UBL and bank statements, split CODA, verify bundles.

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
from collections.abc import Callable, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from exports.cli_answers import CLEAN, UNREADABLE, Answer, Value
from exports.cli_answers import found as _found
from exports.cli_answers import shown as _shown
from exports.cli_answers import values as _values
from exports.cli_statements import check_coda, show_coda, show_statements, split_coda
from exports.errors import ExportsError, UnreadableError


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
    areas = parser.add_subparsers(required=True, metavar="ubl|coda|statement|bundle")
    ubl = areas.add_parser("ubl", help="invoices and credit notes")
    ubl = ubl.add_subparsers(required=True, metavar="check|show")
    check = _command(ubl, "check", "hold against the official rules", _ubl_check, prefixed=True)
    check.add_argument("--profile", choices=("peppol-bis-3", "en16931", "ubl-be"), default="peppol-bis-3")
    _command(ubl, "show", "print what the invoice says", _ubl_show)
    coda = areas.add_parser("coda", help="bank statements as CODA")
    coda = coda.add_subparsers(required=True, metavar="check|show|split")
    _command(coda, "check", "recompute balances, totals and order", check_coda, prefixed=True)
    _command(coda, "show", "print statements and movements", show_coda)
    split = _command(coda, "split", "write one file per account and currency", split_coda)
    split.add_argument("--into", type=Path, help="the folder to write to; else beside the file")
    statement = areas.add_parser("statement", help="bank statements: CODA, CAMT.053, MT940")
    statement = statement.add_subparsers(required=True, metavar="show")
    _command(statement, "show", "print statements and movements, whatever their form", show_statements)
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


def _ubl_check(stream: BinaryIO, options: argparse.Namespace, _name: str) -> Answer:
    from exports import invoices
    from exports.ubl.check import basis

    answer = _found(invoices.check(stream.read(), profile=options.profile))
    judged = basis(options.profile)
    said = {
        "rules": [{"name": name, "release": release} for name, release in judged.releases],
        "not_evaluated": judged.not_evaluated,
    }
    return Answer(answer.code, [*answer.lines, str(judged)], {**answer.values, **said})


def _ubl_show(stream: BinaryIO, _options: argparse.Namespace, _name: str) -> Answer:
    from exports import invoices
    from exports.ubl.show import lines

    taken = invoices.read(stream.read())
    said = [*lines(taken.document)]
    if header := taken.header:
        said.insert(
            1, f"envelope {header.instance or '?'} from {header.sender or '?'} to {header.receiver or '?'}"
        )
    return Answer(CLEAN, [_shown(line) for line in said], {"document": _values(taken.document)})


def _bundle_verify(stream: BinaryIO, options: argparse.Namespace, _name: str) -> Answer:
    from exports import bundle

    return _found(bundle.verify(stream, previous_sha256=options.previous))
