"""Tag 86, what the bank says of a line: the German fields (``?20``), the Dutch and Belgian words (``/REMI/``), or free text.

Lines end where the bank ran out of room, in the middle of a word, wherever fields have marks; in free text they end between words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_GERMAN = re.compile(r"\d{3}([?>~^@&])\d{2}", re.ASCII)
_WORDS = (
    "TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|ISDT|ORDP|BENM|CNTP|PREF|RTRN|PURP|ULTC|ULTD"
    "|EXCH|CHGS1|CHGS2|CHGS|OCMT|SVCL|KREF|ADDR|ACW|RREF|IREF|PAYT|ID"
)
_DUTCH = re.compile(rf"/({_WORDS})/")
_BEGINS_DUTCH = re.compile(rf"\s*/(?:{_WORDS})/")
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC)\+")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", re.ASCII)
MAX_TEXT = 10_000


@dataclass(slots=True, kw_only=True)
class Narrative:
    """What tag 86 says."""

    name: str = ""
    account: str = ""
    bic: str = ""
    remittance: list[str] = field(default_factory=list)
    reference: str = ""
    end_to_end: str = ""
    mandate: str = ""
    creditor_id: str = ""
    purpose: str = ""
    returned: str = ""
    ultimate: str = ""
    bank_text: str = ""


def narrative_of(lines: Iterable[str]) -> Narrative:
    """What the lines of a tag 86 say."""
    kept = [line for line in lines if line.strip()]
    joined = "".join(kept)[:MAX_TEXT]
    if match := _GERMAN.match(joined):
        return _german(joined, match[1])
    if _BEGINS_DUTCH.match(joined):
        return _dutch(joined)
    text = " ".join(" ".join(line.split()) for line in kept)[:MAX_TEXT]
    return Narrative(remittance=[text] if text else [])


def _german(text: str, mark: str) -> Narrative:
    """Fields of two digits behind a mark: 20 to 29 and 60 to 63 the remittance, 30 to 34 the other side."""
    fields: dict[str, str] = {}
    for part in text[3:].split(mark)[1:]:
        code = part[:2]
        if code.isdecimal():
            fields[code] = fields.get(code, "") + part[2:]
        elif fields:  # the mark itself, within a text
            last = next(reversed(fields))
            fields[last] += mark + part
    bank, account = fields.get("30", "").strip(), fields.get("31", "").replace(" ", "")
    told = Narrative(
        name=_one(fields.get("32", "") + fields.get("33", "")),
        account=account,
        bic="" if bank.isdecimal() else bank,
        bank_text=_one(fields.get("00", "")),
    )
    if account and bank.isdecimal() and not _IBAN.fullmatch(account):
        told.account = f"{bank}/{account}"
    codes = (*map(str, range(20, 30)), *map(str, range(60, 64)))
    _sepa_words("".join(fields.get(code, "") for code in codes), told)
    return told


_SEPA_PLACES = {
    "MREF": "mandate",
    "CRED": "creditor_id",
    "ABWA": "ultimate",
    "ABWE": "ultimate",
    "BIC": "bic",
}


def _sepa_words(remittance: str, told: Narrative) -> None:
    """The remittance of a SEPA payment, in which words with a plus stand before each part."""
    parts = _SEPA.split(remittance)
    free = [_one(parts[0])]
    for word, text in zip(parts[1::2], parts[2::2], strict=True):
        value = _one(text)
        if word == "SVWZ":
            free.append(value)
        elif word == "EREF":
            told.end_to_end = _given(value)
        elif word == "IBAN" and not told.account:
            told.account = value.replace(" ", "")
        elif (place := _SEPA_PLACES.get(word)) and not getattr(told, place):
            setattr(told, place, value)
        else:
            free.append(f"{word} {value}")
    told.remittance = [one for one in free if one]


#: Words whose value has a place of its own; the first one with a value counts.
_PLACES = {
    "IBAN": "account",
    "BIC": "bic",
    "NAME": "name",
    "MARF": "mandate",
    "CSID": "creditor_id",
    "EREF": "end_to_end",
    "PREF": "end_to_end",
}


def _dutch(text: str) -> Narrative:
    """Words between slashes, each with its value; a word without one is the heading of what follows."""
    told = Narrative()
    parts = _DUTCH.split(text)
    beside: list[str] = []
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        plain = _one(value.strip("/"))
        if not plain:
            continue
        place = _PLACES.get(word)
        if word == "REMI":
            _remittance(value, told)
        elif word == "CNTP":
            account, bic, name, *_rest = [*value.strip().split("/"), "", "", ""]
            told.account, told.bic, told.name = account.replace(" ", ""), bic.strip(), _one(name)
        elif word == "PURP":
            told.purpose = plain.removeprefix("CD/").strip("/")[:4]
        elif word in ("ULTC", "ULTD"):
            told.ultimate = plain.removeprefix("NAME/").strip("/")
        elif place and not getattr(told, place):
            setattr(told, place, _given(plain.replace(" ", "") if place == "account" else plain))
        else:
            if word == "RTRN":
                told.returned = plain[:4]
            beside.append(plain)
    told.bank_text = " ".join(beside)
    return told


def _given(reference: str) -> str:
    """A reference; nothing for the word that says that there is none."""
    return "" if reference.upper() == "NOTPROVIDED" else reference


def _remittance(value: str, told: Narrative) -> None:
    """``USTD//text``, ``STRD/CUR/reference``, or the text itself."""
    kind, slash, rest = value.partition("/")
    if slash and kind == "USTD":
        told.remittance.append(_one(rest.strip("/")))
    elif slash and kind == "STRD":
        told.reference = _one(rest.strip("/").rpartition("/")[2])
    elif value.strip("/ "):
        told.remittance.append(_one(value.strip("/")))


def _one(text: str) -> str:
    return " ".join(text.split())
