"""Reading MT940: messages to statements. Intermediate pages (60M, 62M) are put together where they follow each other."""

import re
from collections.abc import Sequence
from dataclasses import replace

from exports.coda.accounts import Account, check_digits_right, infer_structure
from exports.coda.model import Movement, Statement
from exports.mt940.lines import Balance, Line, balance_of, line_of
from exports.mt940.narratives import Narrative, narrative_of
from exports.mt940.tokens import Message, Tag, looks_like, messages
from exports.statements.building import Entry, belgian_reference, movement_of
from exports.statements.checks import chain, check
from exports.statements.errors import UnreadableError
from exports.statements.model import ForeignStatement, StatementFile

MAX_BYTES = 64 * 1024 * 1024
MAX_STATEMENTS = 5_000
_NUMBER = re.compile(r"(\d{1,9})(?:\s*/\s*(\d{1,9}))?.*", re.ASCII | re.DOTALL)
_BELGIAN = re.compile(r"\d{3}-?\d{7}-?\d{2}", re.ASCII)

#: Type of tag 61 (without its first letter) and direction → family and transaction of CODA, where it is surely meant.
_CODES = {
    ("TRF", True): "0150",
    ("TRF", False): "0101",
    ("DDT", True): "0550",
    ("DDT", False): "0501",
    ("INT", True): "3550",
    ("INT", False): "3501",
}


def read(data: bytes, *, limit: int = MAX_BYTES) -> StatementFile:
    """The statements of an MT940 file.

    Args:
        data: The file as it was received.
        limit: Largest number of bytes to accept.

    Raises:
        UnreadableError: The bytes are no MT940, or something that is needed is missing or has a wrong form.
    """
    if not data.strip(b" \t\r\n\x00\x1a"):
        raise UnreadableError("empty")
    if len(data) > limit:
        raise UnreadableError("too_large", None, {"expected": str(limit), "found": str(len(data))})
    if not looks_like(data):
        raise UnreadableError("not_mt940", 1)
    found, encoding = messages(data)
    if len(found) > MAX_STATEMENTS:
        raise UnreadableError("too_many", None, {"element": ":20:"})
    groups = _together(found)
    made = [_statement(group, data, alone=len(groups) == 1) for group in groups]
    for place, finding in chain([one.values for one in made], "MT940"):
        made[place] = replace(made[place], findings=(*made[place].findings, finding))
    return StatementFile("mt940", tuple(made), encoding)


def _together(found: Sequence[Message]) -> list[list[Message]]:
    """The pages of each statement: one that does not end (62M) goes on with the next that does not begin (60M) on the same account."""
    groups: list[list[Message]] = []
    for message in found:
        opening = _needed(message, "60F", "60M")
        if opening.name == "60M":
            before = groups[-1][-1] if groups else None
            left = before.first("62M") if before is not None else None
            if before is None or left is None or _account_text(before) != _account_text(message):
                raise UnreadableError("page_missing", opening.line, {"found": _account_text(message)[:40]})
            if balance_of(left).amount != balance_of(opening).amount:
                raise UnreadableError(
                    "page_missing", opening.line, {"found": opening.text[:40], "expected": left.text[:40]}
                )
            groups[-1].append(message)
        else:
            groups.append([message])
    for group in groups:
        closing = _needed(group[-1], "62F", "62M")
        if closing.name == "62M":
            raise UnreadableError("page_missing", closing.line, {"found": closing.text[:40]})
    return groups


def _needed(message: Message, *names: str) -> Tag:
    tag = message.first(*names)
    if tag is None:
        line = message.tags[0].line
        raise UnreadableError("missing", line, {"element": f":{names[0]}:"})
    return tag


def _account_text(message: Message) -> str:
    return _needed(message, "25", "25P").lines[0].strip()


def _statement(group: Sequence[Message], data: bytes, *, alone: bool) -> ForeignStatement:
    first, last = group[0], group[-1]
    opening, closing = balance_of(_needed(first, "60F")), balance_of(_needed(last, "62F"))
    if opening.currency != closing.currency:
        raise UnreadableError(
            "currency", first.tags[0].line, {"expected": opening.currency, "found": closing.currency}
        )
    account = _account(_account_text(first), opening)
    number, page = _numbered(first.first("28C", "28"))
    movements = tuple(movement for message in group for movement in _movements(message))
    free = _free_text(last)
    values = Statement(
        account=account,
        old_balance_thousandths=opening.amount,
        old_balance_date=opening.day,
        new_balance_thousandths=closing.amount,
        new_balance_date=closing.day,
        movements=movements,
        paper_number=number,
        new_paper_number=number,
        description=free[:500],
        creation_date=closing.day,
        bic=_bic(_account_text(first)),
        transaction_reference=_needed(first, "20").lines[0].strip(),
    )
    return ForeignStatement(
        form="mt940",
        version="MT940",
        reference=values.transaction_reference,
        number=number,
        page=page if len(group) == 1 else 0,
        values=values,
        findings=check(values, "MT940"),
        raw=data if alone else data[first.start : last.end],
    )


def _movements(message: Message) -> list[Movement]:
    """Each line with the narrative behind it."""
    made: list[Movement] = []
    tags = message.tags
    for place, tag in enumerate(tags):
        if tag.name != "61":
            continue
        behind = tags[place + 1] if place + 1 < len(tags) else None
        told = narrative_of(behind.lines) if behind is not None and behind.name == "86" else Narrative()
        made.append(movement_of(_entry(line_of(tag), told)))
    return made


def _entry(line: Line, told: Narrative) -> Entry:
    remittance = list(told.remittance)
    reference = told.reference or belgian_reference(line.reference)
    bank_text = told.bank_text
    if line.supplement and line.supplement not in " ".join((*remittance, bank_text)):
        bank_text = " ".join(filter(None, (bank_text, line.supplement)))
    end_to_end = told.end_to_end or ("" if reference == line.reference else line.reference)
    return Entry(
        amount=line.amount,
        booked=line.booked,
        value=line.value,
        code="" if line.reversal else _CODES.get((line.kind[1:], line.amount >= 0), ""),
        category="006" if line.kind[1:] in ("CHG", "COM") else "000",
        bank_reference=line.bank_reference,
        end_to_end=end_to_end,
        name=told.name,
        account=told.account,
        bic=told.bic,
        remittance=remittance,
        reference=reference,
        bank_text=bank_text,
        mandate=told.mandate,
        creditor_id=told.creditor_id,
        purpose=told.purpose,
        reversal=line.reversal,
        returned=told.returned,
        ultimate=told.ultimate,
    )


def _free_text(message: Message) -> str:
    """The narrative of the statement as a whole: a tag 86 that follows no line."""
    tags = message.tags
    for place, tag in enumerate(tags):
        if tag.name == "86" and tags[place - 1].name != "61":
            return " ".join(" ".join(tag.lines).split())
    return ""


def _account(written: str, opening: Balance) -> Account:
    """The account of tag 25: an IBAN, a Belgian number, or as the bank writes it; the currency behind it, and the bank before it, are none of it.

    Raises:
        UnreadableError: ``missing``, or ``currency`` when it is written for another one than the balances.
    """
    compact = written.replace(" ", "").upper()
    bank, slash, number = compact.rpartition("/")
    if slash and re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", bank):
        compact = number
    if compact[-3:].isalpha() and compact[:-3] and not check_digits_right(compact):
        if compact[-3:] != opening.currency:
            raise UnreadableError("currency", None, {"expected": opening.currency, "found": compact[-3:]})
        compact = compact[:-3]
    if _BELGIAN.fullmatch(compact):
        digits = compact.replace("-", "")
        if int(digits[:10]) % 97 in (int(digits[10:]), int(digits[10:]) % 97):
            return Account(digits, opening.currency, "", "0", "BE", "0")
    if not compact or len(compact) > 34:
        raise UnreadableError("missing", None, {"element": ":25:", "found": written[:40]})
    structure = infer_structure(compact.ljust(37))
    return Account(compact, opening.currency, "", "1" if structure == "0" else structure)


def _bic(written: str) -> str:
    bank = written.replace(" ", "").upper().rpartition("/")[0]
    return bank if re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", bank) else ""


def _numbered(tag: Tag | None) -> tuple[int, int]:
    match = _NUMBER.fullmatch(tag.text.strip()) if tag is not None else None
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)
