"""What portal, launcher and children say to each other. Never pickles: a child may be in bad hands."""

import datetime as dt
import enum
import struct
from typing import Any

import msgspec

from portal.sandbox.contract import Limits

FRAME = struct.Struct(">I")
"""Each value in a child's output is preceded by its length in bytes."""


class Order(msgspec.Struct, tag=True):
    """Read one file. Three handles come along: input, output, and a pipe for the exit status."""

    job: int
    reader: str
    params: dict[str, Any]
    limits: Limits


class Kill(msgspec.Struct, tag=True):
    """End the child of this job, if it still runs."""

    job: int


class Failure(enum.IntEnum):
    """Exit status of a child."""

    NONE = 0
    UNREADABLE = 10
    """The output is the reason code and its params."""
    MEMORY = 11
    OUTPUT = 12


def encode_message(message: Order | Kill) -> bytes:
    """A message of the portal as bytes for the launcher."""
    return msgspec.json.encode(message)


def decode_message(data: bytes) -> Order | Kill:
    """A message of the portal from the bytes that the launcher received."""
    return msgspec.json.decode(data, type=Order | Kill)


_DATE, _DATETIME, _TIME = 1, 2, 3


def cell(value: Any) -> Any:
    """A cell as it goes over the wire: dates as extensions, since a string would be taken for text."""
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, dt.datetime):
        return msgspec.msgpack.Ext(_DATETIME, value.isoformat().encode())
    if isinstance(value, dt.date):
        return msgspec.msgpack.Ext(_DATE, value.isoformat().encode())
    if isinstance(value, dt.time):
        return msgspec.msgpack.Ext(_TIME, value.isoformat().encode())
    return str(value)


def _extension(code: int, data: memoryview) -> Any:
    text = bytes(data).decode("ascii")
    if code == _DATE:
        return dt.date.fromisoformat(text)
    if code == _DATETIME:
        return dt.datetime.fromisoformat(text)  # a sheet knows no time zone
    if code == _TIME:
        return dt.time.fromisoformat(text)
    raise ValueError(f"unknown extension {code}")


def encode_value(value: Any) -> bytes:
    """A value of a reader."""
    return msgspec.msgpack.encode(value)


def decode_value(data: bytes) -> Any:
    """A value of a reader, as plain lists and dictionaries."""
    return msgspec.msgpack.decode(data, ext_hook=_extension)
