"""What commands answer with: an exit code, lines for people, values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from exports.model import Finding

CLEAN, FOUND, UNREADABLE = 0, 1, 2

Value = dict[str, Any]


class Answer(NamedTuple):
    """What one command has to say about one file: exit code, lines for people, values for ``--json``."""

    code: int
    lines: list[str]
    values: Value


def found(findings: Sequence[Finding]) -> Answer:
    """Findings as an answer."""
    lines = [
        f"{finding.severity} {shown(finding.rule)}"
        + (f" at {shown(finding.location)}" if finding.location else "")
        + f": {shown(finding.text)}"
        + "".join(f" [{shown(key)}: {shown(value)}]" for key, value in finding.params.items())
        for finding in findings
    ]
    told = {"findings": [values(finding) for finding in findings]}
    return Answer(FOUND, lines, told) if findings else Answer(CLEAN, ["nothing found"], told)


_BYTES_OF_THE_FILE = frozenset({"data", "raw", "records", "source", "notes"})


def values(value: Any) -> Any:
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
        case Decimal() | date():
            return f"{value:f}" if isinstance(value, Decimal) else value.isoformat()
        case bytes():
            return {"size": len(value), "sha256": sha256(value).hexdigest()}
        case Struct():
            names: Iterator[str] = iter(value.__struct_fields__)
            value = _masked(value)
        case dict():
            return {str(key): values(inner) for key, inner in value.items()}
        case tuple() | list():
            return [values(inner) for inner in value]
        case _ if is_dataclass(value):
            names = (field.name for field in fields(value))
        case _:
            return str(value)
    return {name: values(getattr(value, name)) for name in names if name not in _BYTES_OF_THE_FILE}


def _masked(value: Struct) -> Struct:
    """A movement or its information without the card numbers in its communication (CODA 2.6, section 7.9)."""
    from exports.coda.model import Information, Movement
    from exports.coda.structured import mask_communication

    if not isinstance(value, Movement | Information):
        return value
    text = mask_communication(value.communication, is_structured=value.is_structured)
    return replace(value, communication=text)


def shown(text: str) -> str:
    """The text on one line, without anything that moves a terminal."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
