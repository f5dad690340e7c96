"""An entry (``Ntry``) with its transactions (``TxDtls``): what a movement is made from."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from exports.camt.codes import coda_code
from exports.camt.values import Node, child, children, day, decimal, first_text, is_credit, text, thousandths
from exports.statements.building import Entry
from exports.statements.errors import UnreadableError
from exports.statements.model import Pending

#: What one entry may sum up, and what one transaction may say: the standard has no bound, a reader has.
MAX_PARTS = 20_000
MAX_TEXTS = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """The statement's account, as entries need it: its number, without blanks, and currency."""

    number: str
    currency: str


def entry_of(element: Node, holder: Holder) -> Entry | Pending:
    """What an entry says.

    ``CdtDbtInd`` is the direction in which the balance went, also of a reversal (``RvslInd``): a debit taken back is a credit.

    Raises:
        UnreadableError: Amount, direction or day is missing or wrong, or it is in another currency than the account.
    """
    money = child(element, "Amt")
    if money is None:
        raise UnreadableError("missing", element.sourceline, {"element": "Amt"})
    currency = money.currency or holder.currency
    amount = thousandths(money) * (1 if is_credit(element) else -1)
    status = first_text(element, ("Sts", "Cd"), ("Sts", "Prtry"), ("Sts",)) or "BOOK"
    booked, value = day(element, "BookgDt"), day(element, "ValDt")
    if status != "BOOK":
        told = first_text(
            element,
            ("AddtlNtryInf",),
            ("NtryDtls", "TxDtls", "RmtInf", "Ustrd"),
            ("NtryDtls", "TxDtls", "AddtlTxInf"),
        )
        return Pending(status[:20], Decimal(amount).scaleb(-3), booked or value, told[:500])
    if currency != holder.currency:
        raise UnreadableError(
            "currency", money.sourceline, {"expected": holder.currency, "found": currency[:10]}
        )
    when = booked or value
    if when is None:
        raise UnreadableError("missing", element.sourceline, {"element": "BookgDt"})
    code, category = _code(element, amount)
    entry = Entry(
        amount=amount,
        booked=when,
        value=value,
        code=code,
        category=category,
        bank_reference=first_text(element, ("AcctSvcrRef",), ("NtryRef",)),
        bank_text=text(element, "AddtlNtryInf"),
        reversal=text(element, "RvslInd") in ("true", "1"),
        original=_original(child(element, "AmtDtls"), holder),
    )
    for details in children(element, "NtryDtls"):
        batch = child(details, "Btch")
        if batch is not None and not entry.end_to_end:
            entry.end_to_end = first_text(batch, ("PmtInfId",), ("MsgId",))
        for one in children(details, "TxDtls"):
            entry.parts.append(_part(one, entry, holder, when))
            if len(entry.parts) > MAX_PARTS:
                raise UnreadableError("too_many", one.sourceline, {"element": "TxDtls"})
    return entry


def _part(element: Node, entry: Entry, holder: Holder, booked: date) -> Entry:
    own = child(element, "CdtDbtInd")
    credit = is_credit(element) if own is not None else entry.amount >= 0
    amount = _own_amount(element, holder)
    code, category = _code(element, 1 if credit else -1)
    refs = child(element, "Refs")
    returned = first_text(element, ("RtrInf", "Rsn", "Cd"), ("RtrInf", "Rsn", "Prtry"))
    name, account, bic, ultimate = _counterparty(element, holder, credit=credit)
    remittance, reference = _remittance(child(element, "RmtInf"))
    mandate = text(refs, "MndtId") if refs is not None else ""
    return Entry(
        amount=amount if credit else -amount,
        booked=booked,
        value=day(element, "RltdDts", "IntrBkSttlmDt") if entry.value is None else None,
        code=code,
        category=category,
        bank_reference=first_text(refs, ("AcctSvcrRef",), ("TxId",), ("ClrSysRef",))
        if refs is not None
        else "",
        end_to_end=_told(first_text(refs, ("EndToEndId",), ("InstrId",))) if refs is not None else "",
        name=name,
        account=account,
        bic=bic,
        ultimate=ultimate,
        remittance=remittance,
        reference=reference,
        bank_text=text(element, "AddtlTxInf"),
        mandate=_told(mandate),
        creditor_id=first_text(
            element,
            ("RltdPties", "Cdtr", "Id", "PrvtId", "Othr", "Id"),
            ("RltdPties", "Cdtr", "Pty", "Id", "PrvtId", "Othr", "Id"),
        )
        if mandate
        else "",
        purpose=text(element, "Purp", "Cd"),
        category_purpose=text(element, "PmtTpInf", "CtgyPurp", "Cd"),
        returned=returned,
        original=_original(child(element, "AmtDtls"), holder),
    )


def _told(reference: str) -> str:
    return "" if reference.upper() in ("NOTPROVIDED", "NONREF") else reference


def _own_amount(element: Node, holder: Holder) -> int:
    """A transaction's amount in the account's currency, unsigned; 0 when none is told in it."""
    for found in (child(element, "Amt"), child(element, "AmtDtls", "TxAmt", "Amt")):
        if found is not None and (found.currency or holder.currency) == holder.currency:
            return thousandths(found)
    return 0


def _original(details: Node | None, holder: Holder) -> tuple[Decimal, str, Decimal | None] | None:
    """The amount in which it was ordered, where that is in another currency, and the rate."""
    if details is None:
        return None
    for kind in ("InstdAmt", "CntrValAmt", "TxAmt"):
        found = child(details, kind, "Amt")
        currency = found.currency[:3] if found is not None else ""
        amount = decimal(found)
        if amount is not None and len(currency) == 3 and currency != holder.currency:
            rates = (child(details, each, "CcyXchg", "XchgRate") for each in ("TxAmt", "InstdAmt", kind))
            return amount, currency, next((rate for one in rates if (rate := decimal(one)) is not None), None)
    return None


def _code(element: Node, amount: int) -> tuple[str, str]:
    domain = child(element, "BkTxCd", "Domn")
    if domain is None:
        return "", "000"
    family = child(domain, "Fmly")
    return coda_code(
        text(domain, "Cd"),
        text(family, "Cd") if family is not None else "",
        text(family, "SubFmlyCd") if family is not None else "",
        credit=amount >= 0,
    )


def _counterparty(element: Node, holder: Holder, *, credit: bool) -> tuple[str, str, str, str]:
    """Name, account, BIC and ultimate party of the other side: who pays a credit, who gets a debit.

    What is taken back keeps the parties of the payment it takes back, so whoever has the statement's account is not the other side.
    """
    parties = child(element, "RltdPties")
    if parties is None:
        return "", "", _bic(element, "DbtrAgt" if credit else "CdtrAgt"), ""
    sides = ("Dbtr", "Cdtr") if credit else ("Cdtr", "Dbtr")
    others = [
        side for side in sides if _account(child(parties, f"{side}Acct")).replace(" ", "") != holder.number
    ]
    for side in (*others, sides[0]):
        account = _account(child(parties, f"{side}Acct"))
        name = first_text(parties, (side, "Nm"), (side, "Pty", "Nm"), (side, "Agt", "FinInstnId", "Nm"))
        if name or account:
            ultimate = first_text(parties, (f"Ultmt{side}", "Nm"), (f"Ultmt{side}", "Pty", "Nm"))
            return name, account, _bic(element, f"{side}Agt"), ultimate
    return "", "", "", ""


def _account(element: Node | None) -> str:
    if element is None:
        return ""
    return first_text(element, ("Id", "IBAN"), ("Id", "Othr", "Id"), ("Id", "BBAN"))


def _bic(element: Node, agent: str) -> str:
    found = child(element, "RltdAgts", agent, "FinInstnId")
    return first_text(found, ("BICFI",), ("BIC",)) if found is not None else ""


def _remittance(element: Node | None) -> tuple[list[str], str]:
    """The texts of the payer and the structured reference."""
    if element is None:
        return [], ""
    texts: list[str] = []
    reference = ""
    for one in element.children[:MAX_TEXTS]:
        if one.name == "Ustrd":
            texts.append(text(one))
            continue
        given = text(one, "CdtrRefInf", "Ref")
        if given and not reference:
            reference = given
        elif given:
            texts.append(given)
        texts += [number for each in children(one, "RfrdDocInf") if (number := text(each, "Nb"))]
        texts += [more for each in children(one, "AddtlRmtInf") if (more := text(each))]
    return texts, reference
