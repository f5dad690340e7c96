"""Files in UTF-8 whose writer counted bytes: read one character a byte, then put right text by text."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from msgspec import structs

from exports.coda.model import FreeCommunication, Information, Movement, Statement


def from_utf8(statement: Statement) -> Statement:
    """A statement whose texts hold one character a byte, with those bytes read as the UTF-8 they are."""
    changes = {
        item.name: _text(getattr(statement, item.name))
        for item in fields(statement)
        if item.name != "records"
    }
    return replace(statement, **changes)


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")
    if isinstance(value, tuple):
        return tuple(_text(item) for item in value)
    if isinstance(value, (Movement, Information, FreeCommunication)):
        values: Mapping[str, Any] = structs.asdict(value)
        return structs.replace(value, **{name: _text(item) for name, item in values.items()})
    return value
