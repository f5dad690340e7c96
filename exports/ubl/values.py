"""Texts of UBL elements to values."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from exports import numbers
from exports.embedded import Embedded, decoded, is_base64
from exports.model import Attachment
from exports.ubl.tokens import LaidAside

_EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "text/csv": ".csv",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
_MIME_CODES = {extension: mime for mime, extension in reversed(_EXTENSIONS.items())}
_BEGINNINGS = {b"%PDF": "application/pdf", b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_SAYING_NOTHING = frozenset(
    {
        "application/octet-stream",
        "binary/octet-stream",
        "application/binary",
        "application/download",
        "application/x-download",
    }
    | {"application/force-download", "application/unknown", "unknown/unknown", "*/*"}
)
#: Where an order has no number of the buyer's, only the seller's (Peppol BIS Billing 3.0, 6.1).
NO_ORDER = "NA"
#: What VAT is called as a tax scheme; only ``VAT`` is right.
VAT_NAMES = frozenset({"VAT", "BTW", "TVA", "MWST", "UST", "IVA", "GST"})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


class ValueFault(ValueError):
    """A value has not the form its element asks for.

    Attributes:
        reason: Reason of the :class:`~exports.ubl.Unreadable` it becomes.
        value: The value, or the name of the element that is missing.
    """

    def __init__(self, reason: str, value: str) -> None:
        self.reason = reason
        self.value = value
        super().__init__(reason, value)


def amount(text: str) -> Decimal:
    """The value of an xsd:decimal, signs kept."""
    value = numbers.to_decimal(text)
    if value is None:
        raise ValueFault("not_an_amount", text)
    return value


def are_amounts(texts: list[str]) -> bool:
    """Whether texts that :class:`Decimal` took are all ones that :func:`amount` takes.

    Decimal takes more: exponents, NaN, underscores, the digits of other scripts, any length. Asking once about all
    amounts of a document is much quicker than asking about each.
    """
    return not texts or (
        len(max(texts, key=len)) <= LONGEST and not "".join(texts).encode().translate(None, b"0123456789.+-")
    )


#: Digits, point and sign; what is longer :func:`amount` looks at.
LONGEST = 18


@lru_cache(maxsize=1024)
def day(text: str) -> date:
    """An xsd:date; a time zone or a time behind it says nothing about a legal date and is dropped."""
    try:
        if text[4:5] == "-" and text[7:8] == "-" and text[10:11] in "Zz+-T":
            return date.fromisoformat(text[:10])
    except ValueError as error:
        raise ValueFault("not_a_date", text) from error
    raise ValueFault("not_a_date", text)


def truth(text: str) -> bool:
    """An xsd:boolean; anything else is false."""
    return text in {"true", "1", "TRUE", "True"}


def is_vat(tax: str) -> bool:
    """Whether a tax scheme is VAT: by its names, or because it is no word for a tax at all."""
    return tax.upper() in VAT_NAMES or not tax.isalpha()


def content(text: str) -> Embedded | bytes:
    """The file of a base64 text; white space inside and padding forgotten at the end are accepted.

    So is what makes it a ``data:`` URI. It is decoded when it is asked for; only an odd text is at once, to know
    whether it is one.
    """
    if isinstance(text, LaidAside):
        return text.embedded
    if is_base64(text):
        return Embedded(text)
    given = text
    if text.startswith("data:"):
        text = text.partition(";base64,")[2]
    try:
        data = decoded(text)
    except ValueError as error:
        raise ValueFault("not_base64", given[:40]) from error
    if not data:
        raise ValueFault("not_base64", given[:40])
    return data


def attachment(own: dict[str, Any]) -> Attachment:
    """A supporting document; an embedded one without a name or type gets one, see :func:`named`."""
    own.setdefault("id", own.get("filename") or own.get("description") or "attachment")
    result = Attachment(**own)
    if not result.is_embedded:
        return result
    filename, mime_code = named(result.id, result.filename, result.mime_code, result.first_bytes(4))
    return replace(result, filename=filename, mime_code=mime_code)


def named(
    id_: str, filename: str | None, mime_code: str | None, begin: bytes, *, written: bool = False
) -> tuple[str, str]:
    """File name and media type of embedded content, made from its id, each other and its first four bytes.

    Args:
        written: For a document of our own: its type is what the bytes are, whatever was declared. One that is read keeps what it
            declares, so that a wrong one can be told, unless that says nothing.
    """
    found = next((mime for magic, mime in _BEGINNINGS.items() if begin.startswith(magic)), None)
    silent = not mime_code or mime_code.lower().strip() in _SAYING_NOTHING
    if found and (silent or written):
        mime_code = found
    if not filename:
        stem = _UNSAFE.sub("_", id_).strip("._") or "attachment"
        extension = _EXTENSIONS.get(found or (mime_code or "").lower(), ".bin")
        filename = stem if stem.lower().endswith(extension) else stem + extension
    if not mime_code or (silent and not found):
        extension = "." + filename.rpartition(".")[2].lower()
        mime_code = _MIME_CODES.get(extension, "application/octet-stream")
    return filename, mime_code
