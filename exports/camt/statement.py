"""One ``Stmt`` as it is gathered: its entries as they come, account and balances when it ends."""

import re
from collections.abc import Callable
from datetime import date

from exports.camt.entries import Holder
from exports.camt.values import Node, child, children, day, first_text, is_credit, text, thousandths
from exports.coda.accounts import Account, infer_structure
from exports.coda.model import Movement, Statement
from exports.numbers import enterprise_number
from exports.statements.building import Entry, movement_of
from exports.statements.checks import check
from exports.statements.errors import UnreadableError
from exports.statements.model import ForeignStatement, Pending

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
#: Opening and closing balances in the order in which they are believed; PRCD is the closing one of the day before.
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_INTERIM = "ITBD"
_LAST = 999_999_999


class Making:
    """A statement under way."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.movements: list[Movement] = []
        self.pending: list[Pending] = []
        self._holder: Holder | None = None

    def account(self, so_far: Callable[[], Node]) -> Holder:
        """The statement's account, for its entries: it stands before them.

        Args:
            so_far: gives the statement as far as it was read.
        """
        if self._holder is None:
            self._holder = _holder(_account(so_far()))
        return self._holder

    def add(self, entry: Entry | Pending) -> None:
        """One more entry, booked or not."""
        if isinstance(entry, Pending):
            self.pending.append(entry)
        else:
            self.movements.append(movement_of(entry))

    def done(self, element: Node) -> ForeignStatement:
        """The statement, now that its end was read.

        Raises:
            UnreadableError: Account or a balance is missing or wrong.
        """
        account = _account(element)
        opening, closing = _balances(element, account.currency)
        copy = text(element, "CpyDplctInd")
        summary = child(element, "TxsSummry", "TtlNtries", "NbOfNtries")
        count = text(summary) if summary is not None else ""
        owner = child(element, "Acct", "Ownr")
        given = text(owner, "Id", "OrgId", "Othr", "Id") if owner is not None else ""
        number = _number(first_text(element, ("LglSeqNb",), ("ElctrncSeqNb",)))
        values = Statement(
            account=account,
            old_balance_thousandths=opening[0],
            old_balance_date=opening[1],
            new_balance_thousandths=closing[0],
            new_balance_date=closing[1],
            movements=tuple(self.movements),
            paper_number=number,
            new_paper_number=number,
            holder=text(owner, "Nm") if owner is not None else "",
            description=text(element, "Acct", "Nm"),
            creation_date=day(element, "CreDtTm"),
            bic=first_text(
                element, ("Acct", "Svcr", "FinInstnId", "BICFI"), ("Acct", "Svcr", "FinInstnId", "BIC")
            ),
            company_number=enterprise_number(given) if given else None,
            transaction_reference=text(element, "Id"),
            is_duplicate=copy in ("DUPL", "CODU"),
        )
        findings = check(
            values,
            "CAMT",
            count=int(count) if _DIGITS.fullmatch(count) else None,
            pending=len(self.pending),
        )
        return ForeignStatement(
            form="camt",
            version=self.version,
            reference=text(element, "Id"),
            number=number,
            page=_number(text(element, "StmtPgntn", "PgNb")),
            values=values,
            pending=tuple(self.pending),
            findings=findings,
            is_copy=copy in ("DUPL", "CODU", "COPY"),
        )


def _holder(account: Account) -> Holder:
    return Holder(account.iban or account.number, account.currency)


def _account(element: Node) -> Account:
    """The account, with the currency of its balances where the bank leaves it out of the account itself.

    Raises:
        UnreadableError: ``missing``.
    """
    found = child(element, "Acct")
    number = first_text(found, ("Id", "IBAN"), ("Id", "Othr", "Id"), ("Id", "BBAN")).replace(" ", "")
    if not number:
        raise UnreadableError("missing", element.sourceline, {"element": "Acct/Id"})
    currency = text(found, "Ccy")
    if not currency:
        amounts = [child(one, "Amt") for one in children(element, "Bal")]
        currency = next((one.currency for one in amounts if one is not None and one.currency), "")
    if not currency:
        raise UnreadableError("missing", element.sourceline, {"element": "Acct/Ccy"})
    if len(number) > 34 or len(currency) != 3:
        raise UnreadableError(
            "missing", element.sourceline, {"element": "Acct/Id", "found": f"{number[:40]} {currency[:10]}"}
        )
    return Account(number, currency, "", infer_structure(number.ljust(37)))


def _balances(element: Node, currency: str) -> tuple[tuple[int, date | None], tuple[int, date | None]]:
    """Opening and closing booked balance, with their days.

    A statement of several pages has interim balances (ITBD, or a sub-type INTM) where others have those of the day: the first opens
    the page, the last closes it.

    Raises:
        UnreadableError: ``missing``: without both, nobody can say whether the entries are whole.
    """
    by_code: dict[str, list[tuple[int, date | None]]] = {}
    for one in children(element, "Bal"):
        code = first_text(one, ("Tp", "CdOrPrtry", "Cd"), ("Tp", "CdOrPrtry", "Prtry"))
        if code not in (*_OPENING, *_CLOSING, _INTERIM):
            continue
        amount = child(one, "Amt")
        if amount is None:
            raise UnreadableError("missing", one.sourceline, {"element": "Bal/Amt"})
        if (amount.currency or currency) != currency:
            raise UnreadableError(
                "currency", amount.sourceline, {"expected": currency, "found": amount.currency[:10]}
            )
        signed = thousandths(amount) * (1 if is_credit(one) else -1)
        by_code.setdefault(code, []).append((signed, day(one, "Dt")))
    interim = by_code.get(_INTERIM, [])
    opening = next((by_code[code][0] for code in _OPENING if code in by_code), None)
    closing = next((by_code[code][-1] for code in _CLOSING if code in by_code), None)
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening = interim[0]
    if closing is None and interim:
        closing = interim[-1]
    if opening is None or closing is None:
        which = "Bal OPBD" if opening is None else "Bal CLBD"
        raise UnreadableError("missing", element.sourceline, {"element": which})
    if closing[1] is None:
        raise UnreadableError("missing", element.sourceline, {"element": "Bal CLBD/Dt"})
    return opening, closing


def _number(written: str) -> int:
    return int(written) % (_LAST + 1) if _DIGITS.fullmatch(written) else 0
