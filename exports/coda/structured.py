"""Structured communications decoded into named fields, and shown to people."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct

from exports.coda.zones import ZONES

Value = str | Decimal | date | None

_DECIMALS: Mapping[str, int] = {"n0": 0, "n2": 2, "n3": 3, "n4": 4, "n6": 6, "n8": 8}


# 13 to 19 digits of a network (MasterCard from 22, Visa 4, Amex 37, Maestro and Bancontact 5 and 6), alone or in the
# groups that stand on cards; neither part of a longer number nor of an IBAN.
_CARD = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][ .-])(?:"
    r"(?:2[2-7]|[3-6][0-9])[0-9]{2}([ .-])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    r"|3[47][0-9]{2}([ .-])[0-9]{6}\2[0-9]{5}"
    r"|(?:2[2-7]|[3-6][0-9])[0-9]{11,17}"
    r")(?![ .-]?[0-9])(?![A-Za-z])"
)


class StructuredCommunication(Struct, frozen=True):
    """A structured communication in named fields.

    Attributes:
        type: Three digits.
        values: Its zones by name (:data:`exports.coda.zones.ZONES`): texts without blanks around them,
            amounts and rates as Decimal, dates as date; ``None`` for a number or date that is blank, zero as
            a date, or cannot be read. A type the standard does not have, has only ``text``.
        is_known: Whether the standard has this type.
    """

    type: str
    values: Mapping[str, Value]
    is_known: bool = True

    def text_of(self, name: str) -> str:
        """A text zone of it, empty when there is none of that name."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


def short_date(digits: str) -> date | None:
    """DDMMYY as a date, or ``None`` when it is none; years from 80 on are of the last century."""
    if len(digits) != 6 or not (digits.isdecimal() and digits.isascii()):
        return None
    year = int(digits[4:])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None


def _long_date(digits: str) -> date | None:
    if len(digits) != 8 or not (digits.isdecimal() and digits.isascii()):
        return None
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None


def _value(form: str, zone: str) -> Value:
    if form in _DECIMALS:
        digits = zone.strip()
        if not (digits.isdecimal() and digits.isascii()):
            return None
        return Decimal(int(digits)).scaleb(-_DECIMALS[form])
    if form == "d6":
        return short_date(zone)
    if form == "d8":
        return _long_date(zone)
    return zone.strip()


def decode(communication: str) -> StructuredCommunication:
    """The named fields of a communication that begins with the three digits of its type."""
    kind, text = communication[:3], communication[3:]
    zones = ZONES.get(kind)
    if zones is None:
        return StructuredCommunication(kind, MappingProxyType({"text": text.strip()}), is_known=False)
    text = text.ljust(265)
    if kind == "127" and text[141] not in " 0123456789":
        # Before version 2.3 the communication had 65 positions and nothing stood behind it.
        text = text[:79] + text[79:144].ljust(67)
        zones = (*zones[:6], ("communication", 65, "t"))
    values: dict[str, Value] = {}
    start = 0
    for name, length, form in zones:
        zone = text[start : start + length]
        start += length
        if form == "sign":
            amount = values.get("amount")
            if zone == "1" and isinstance(amount, Decimal):
                values["amount"] = -amount
        elif form != "skip":
            values[name] = _value(form, zone)
    return StructuredCommunication(kind, MappingProxyType(values))


def ogm(communication: str) -> str | None:
    """The twelve digits of an OGM/VCS (types 101 and 102), or ``None`` when they are none.

    The last two are the first ten modulo 97, with 97 for 0.
    """
    digits = communication[3:15]
    if communication[:3] not in ("101", "102") or not (digits.isdecimal() and digits.isascii()):
        return None
    return digits if len(digits) == 12 and int(digits[10:]) == (int(digits[:10]) % 97 or 97) else None


def creditor_reference_right(reference: str) -> bool:
    """Whether an ISO 11649 reference (``RF`` …, type 100) has the right check digits."""
    compact = reference.replace(" ", "").upper()
    if not (compact[:2] == "RF" and 5 <= len(compact) <= 25 and compact.isascii() and compact.isalnum()):
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def mask_card_number(number: str) -> str:
    """A card number for people: first six and last four digits (CODA 2.6, section 7.9)."""
    compact = number.replace(" ", "").lstrip("0")
    if len(compact) < 13:
        return "*" * max(len(compact) - 4, 0) + compact[-4:]
    return f"{compact[:6]}{'*' * (len(compact) - 10)}{compact[-4:]}"


def mask_card_numbers(text: str) -> str:
    """Free text for people: card numbers in it keep their first six and last four digits.

    A number in the groups of a card is taken for one; one without groups only when its check digit is right
    (ISO/IEC 7812), for references are as long.
    """
    return _CARD.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    count = sum(sign.isdecimal() for sign in found)
    if count == len(found) and not _check_digit_right(found):
        return found
    seen, masked = 0, ""
    for sign in found:
        seen += sign.isdecimal()
        masked += "*" if sign.isdecimal() and 6 < seen <= count - 4 else sign
    return masked


def _check_digit_right(digits: str) -> bool:
    doubled = (int(sign) * (1 + at % 2) for at, sign in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def mask_communication(communication: str, *, is_structured: bool) -> str:
    """A communication as written, every zone in its place, but for card numbers."""
    if not is_structured:
        return mask_card_numbers(communication)
    start = 3
    for _, length, form in ZONES.get(communication[:3], ()):
        if form == "pan":
            zone = communication[start : start + length]
            masked = mask_card_number(zone)
            masked = masked.rjust(len(zone), "0") if zone.startswith("0") else masked.ljust(len(zone))
            communication = communication[:start] + masked + communication[start + length :]
        start += length
    return communication


def display(communication: StructuredCommunication) -> str:
    """A structured communication in one line for people, in no language; card numbers are masked."""
    kind = communication.type
    text = communication.text_of
    if kind in ("101", "102"):
        digits = text("number")
        if ogm(kind + digits):
            return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
        return digits
    if kind == "100":
        reference = text("reference")
        return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))
    if kind == "127":
        parts = [text("communication"), text("mandate_reference"), text("creditor_id")]
        return _line(parts)
    if kind == "105":
        return _line([_structured_zone(communication), _money(communication, "original")])
    if kind == "006":
        return _line([text("description"), _money(communication, "")])
    if kind == "106":
        percent, base = communication.values.get("percent"), communication.values.get("base_amount")
        if isinstance(percent, Decimal) and isinstance(base, Decimal):
            return f"{percent.normalize():f} % × {_places(base)}"
    names = _SHOWN.get(kind) or communication.values
    parts = [_shown(kind, name, communication.values.get(name)) for name in names]
    return _line([*parts, _money(communication, "original") if kind == "113" else ""])


#: Of card communications, what says something to a person; of all others every zone is shown.
_SHOWN: Mapping[str, tuple[str, ...]] = {
    "111": ("terminal_name", "terminal_town", "first_date", "last_date"),
    "113": ("terminal_name", "terminal_town", "date", "time", "card_number"),
    "114": ("terminal_name", "terminal_town", "date", "time", "reference"),
    "115": ("terminal_name", "terminal_town", "payment_date", "time", "card_number", "message"),
    "124": ("card_number", "identification", "invoice_number", "date"),
}


def _structured_zone(communication: StructuredCommunication) -> str:
    digits = communication.text_of("structured_communication").strip("0")
    if not digits:
        return ""
    whole = communication.text_of("structured_communication")
    return display(decode("101" + whole)) if ogm("101" + whole) else whole


def _money(communication: StructuredCommunication, prefix: str) -> str:
    amount = communication.values.get(f"{prefix}_amount".lstrip("_"))
    currency = communication.text_of(f"{prefix}_currency".lstrip("_")) or communication.text_of("currency")
    if not isinstance(amount, Decimal) or not amount:
        return ""
    return f"{_places(amount)} {currency}".strip()


def _places(amount: Decimal) -> Decimal:
    """An amount with two decimals, or three where the third is not zero."""
    places = amount.quantize(Decimal("0.01"))
    return places if places == amount else amount


def _shown(kind: str, name: str, value: Value) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else ""
    if not value or not value.strip("0 "):
        return ""
    if name == "time" and len(value) == 4:
        return f"{value[:2]}:{value[2:]}"
    is_card = any(zone == name and form == "pan" for zone, _, form in ZONES.get(kind, ()))
    return mask_card_number(value) if is_card else value


def _line(parts: list[str]) -> str:
    return " · ".join(" ".join(part.split()) for part in parts if part.strip())
