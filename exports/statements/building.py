"""From what other forms say of an entry to a movement of the CODA model.

What CODA has a structured communication for becomes one: a Belgian OGM (type 101), a creditor reference (100), the mandate of a direct
debit (127), the amount in another currency (105). Texts longer than a movement's 149 characters go on in information records. Nothing is
cut off here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from exports.coda.accounts import Account, account_zone, infer_structure
from exports.coda.model import Information, Movement
from exports.coda.structured import creditor_reference_right, ogm

_PRINTED = re.compile(r"[+*]{3}\s*(\d{3})\s*/\s*(\d{4})\s*/\s*(\d{5})\s*[+*]{3}", re.ASCII)
_FIRST = 149  # characters of free communication in records 2.1 to 2.3
_INFORMATION = 268  # and in records 3.1 to 3.3
_MOST_WRITTEN = 10**12

DEBIT, CREDIT = "03039000", "03089000"
"""*Undefined* of the family *miscellaneous*: what is written where no code of CODA is surely the bank's."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """What an entry, or a transaction within one, says. Amounts are signed: credit positive.

    Attributes:
        amount: In thousandths of the account's currency.
        code: Family and transaction (four digits) where CODA has one that is surely meant; else empty.
        category: Three digits.
        remittance: What the payer wrote, part by part.
        reference: A structured reference: OGM or RF, or anything else.
        bank_text: What the bank adds.
        original: Amount and currency in which it was ordered, where that is another one, with the rate if it is told.
    """

    amount: int
    booked: date
    value: date | None = None
    code: str = ""
    category: str = "000"
    bank_reference: str = ""
    end_to_end: str = ""
    name: str = ""
    account: str = ""
    currency: str = ""
    bic: str = ""
    remittance: Sequence[str] = ()
    reference: str = ""
    bank_text: str = ""
    mandate: str = ""
    creditor_id: str = ""
    purpose: str = ""
    category_purpose: str = ""
    reversal: bool = False
    returned: str = ""
    ultimate: str = ""
    original: tuple[Decimal, str, Decimal | None] | None = None
    parts: list["Entry"] = field(default_factory=list)


def movement_of(entry: Entry) -> Movement:
    """An entry as a movement, with the transactions it sums up as details where they add up to it; else they are told as text."""
    if len(entry.parts) == 1:
        return _movement(_joined(entry, entry.parts[0]), "0")
    if not entry.parts:
        return _movement(entry, "0")
    if sum(one.amount for one in entry.parts) == entry.amount and all(one.amount for one in entry.parts):
        return _movement(entry, "1", tuple(_movement(_within(entry, one), "5") for one in entry.parts))
    return _movement(entry, "0", lines=[line for one in entry.parts if (line := _line(one))])


def _within(entry: Entry, part: Entry) -> Entry:
    """A transaction of a batch: days, code and mark of the entry where it has none of its own."""
    part.booked = entry.booked
    part.value = part.value or entry.value
    part.code = part.code or entry.code
    part.reversal = part.reversal or entry.reversal
    return part


def _joined(entry: Entry, part: Entry) -> Entry:
    """The one transaction of an entry speaks for it; the amount is the entry's, and what only the entry says stays."""
    part.amount = entry.amount
    _within(entry, part)
    part.bank_reference = part.bank_reference or entry.bank_reference
    part.end_to_end = part.end_to_end or entry.end_to_end
    part.original = part.original or entry.original
    part.category = entry.category if part.category == "000" else part.category
    if entry.bank_text and entry.bank_text not in part.bank_text:
        part.bank_text = " ".join(filter(None, (part.bank_text, entry.bank_text)))
    return part


def _line(part: Entry) -> str:
    amount = f"{Decimal(part.amount).scaleb(-3):+.2f}" if part.amount else ""
    texts = (amount, part.name, part.account, part.reference, *part.remittance, part.end_to_end)
    return " · ".join(text for text in texts if text)


def _movement(
    entry: Entry, kind: str, details: tuple[Movement, ...] = (), lines: Sequence[str] = ()
) -> Movement:
    code = f"{kind}{entry.code or (CREDIT if entry.amount >= 0 else DEBIT)[1:5]}{entry.category}"
    text, structured, more = _communication(entry)
    information = [
        Information(transaction_code=code, bank_reference=_fit(entry.bank_reference, 21), communication=part)
        for line in (*more, *lines)
        for part in _pieces(line, _INFORMATION)
    ]
    if (exchange := _exchange(entry)) is not None:
        information.append(
            Information(
                transaction_code=code,
                bank_reference=_fit(entry.bank_reference, 21),
                is_structured=True,
                communication=exchange,
            )
        )
    return Movement(
        amount_thousandths=entry.amount,
        transaction_code=code,
        value_date=entry.value,
        entry_date=entry.booked,
        bank_reference=_fit(entry.bank_reference, 21),
        is_structured=structured,
        communication=text,
        globalisation_code="1" if details else "0",
        customer_reference=_fit(entry.end_to_end, 35),
        counterparty_bic=_fit(entry.bic, 11),
        r_transaction="2" if entry.returned else "4" if entry.reversal else "",
        r_reason=_fit(entry.returned, 4),
        category_purpose=_fit(entry.category_purpose, 4),
        purpose=_fit(entry.purpose, 4),
        counterparty_zone=_zone(entry.account, entry.currency),
        counterparty_name=entry.name,
        information=tuple(information),
        details=details,
    )


def _communication(entry: Entry) -> tuple[str, bool, list[str]]:
    """The communication, whether it is structured, and what goes to information records."""
    written = " ".join(filter(None, entry.remittance))
    more: list[str] = []
    if len(entry.name) > 35:  # positions of the name in record 2.3
        more.append(entry.name)
    if entry.ultimate and entry.ultimate != entry.name:
        more.append(entry.ultimate)
    if entry.bank_text and entry.bank_text != written:
        more.append(entry.bank_text)
    more += [text for text, room in ((entry.bank_reference, 21), (entry.end_to_end, 35)) if len(text) > room]
    digits = belgian_reference(entry.reference) or belgian_reference(written)
    if digits:
        if belgian_reference(written) != digits and written:
            more.insert(0, written)
        return f"101{digits}", True, more
    compact = entry.reference.replace(" ", "").upper()
    if creditor_reference_right(compact):
        if written and written.replace(" ", "").upper() != compact:
            more.insert(0, written)
        return f"100{compact}", True, more
    told = " ".join(filter(None, (entry.reference if entry.reference not in written else "", written)))
    if entry.mandate and len(told) <= 62 and len(entry.mandate) <= 35 and len(entry.creditor_id) <= 35:
        day = entry.value or entry.booked
        head = f"127{day:%d%m%y}000{entry.creditor_id:<35}{entry.mandate:<35}"
        return (head + told).rstrip(), True, more
    more = [text for text in (entry.mandate, entry.creditor_id) if text] + more
    if not told and more:
        told = more.pop(0)
    first, *rest = _pieces(told, _FIRST) or [""]
    if rest:
        more.insert(0, told[len(first) :].lstrip())
    return first, False, more


def belgian_reference(text: str) -> str:
    """The twelve digits of an OGM with right check digits, however it is printed; empty when the whole text is none."""
    text = text.strip()
    match = _PRINTED.fullmatch(text)
    digits = "".join(match.groups()) if match else text
    return ogm(f"101{digits}") or "" if len(digits) == 12 else ""


def _exchange(entry: Entry) -> str | None:
    """The amount in another currency as structured communication 105."""
    if entry.original is None:
        return None
    amount, currency, rate = entry.original
    thousandths = abs(amount).scaleb(3)
    rated = Decimal(0) if rate is None else abs(rate).scaleb(8)
    if thousandths != int(thousandths) or thousandths >= 10**15 or rated >= _MOST_WRITTEN:
        return None
    gross = abs(entry.amount)
    return f"105{gross:015d}{int(thousandths):015d}{int(rated):012d}{currency:<3}{0:012d}  {0:015d}"


def _zone(account: str, currency: str) -> str:
    number = account.replace(" ", "")
    if not number or len(number) > 34:
        return ""
    structure = infer_structure(number.ljust(37))
    country = "BE" if structure == "0" else ""
    known = currency if len(currency) == 3 else ""
    return account_zone(Account(number, known, "", structure, country, "0" if country else "")).rstrip()


def _fit(text: str, width: int) -> str:
    """A text that has room only whole; what has none stands among the texts."""
    return text if len(text) <= width else ""


def _pieces(text: str, width: int) -> list[str]:
    """A text in pieces of at most so many characters, cut between words where there are any."""
    pieces: list[str] = []
    text = text.strip()
    while len(text) > width:
        at = text.rfind(" ", width // 2, width + 1)
        at = at if at > 0 else width
        pieces.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*pieces, text] if text else pieces
