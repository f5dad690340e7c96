"""Statements and movements of plain values, for samples and for banks without CODA.

The example stands in :mod:`exports.coda.writer`.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from exports.coda.accounts import Account, account_zone, infer_structure
from exports.coda.model import FreeCommunication, Information, Movement, Statement
from exports.coda.structured import ogm as ogm_digits
from exports.errors import UnwritableError


def statement_of(
    *,
    account: Account,
    holder: str,
    old_balance: Decimal,
    old_balance_date: date,
    date: date,
    movements: Iterable[Movement] = (),
    coda_sequence: int = 0,
    paper_number: int | None = None,
    description: str = "",
    bic: str = "",
    bank_id: str = "000",
    company_number: str | None = None,
    free_text: Iterable[str] = (),
) -> Statement:
    """A statement of plain values; the closing balance follows from the movements.

    Args:
        account: The holder's account.
        holder: Its holder.
        old_balance: In the account's currency, at most three decimals.
        old_balance_date: Date of the statement before it.
        date: The banking day: creation and new balance date.
        movements: Made with :func:`movement_of`.
        coda_sequence: 1 for the first of the year, one more each time.
        paper_number: Of the paper statement; the CODA number when not given.
        description: Of the account.
        bic: Of the bank.
        bank_id: Protocol number of the bank.
        company_number: The holder's enterprise number, ten digits.
        free_text: Lines of free communications, at most 80 characters each.

    Raises:
        UnwritableError: ``bad_value`` for an amount with more than three decimals.
    """
    kept = tuple(movements)
    old = to_thousandths(old_balance)
    number = coda_sequence if paper_number is None else paper_number
    lines = tuple(
        FreeCommunication(sequence_number=1, detail_number=at, text=text) for at, text in enumerate(free_text)
    )
    return Statement(
        account=account,
        holder=holder,
        addressee=holder,
        description=description,
        bic=bic,
        bank_id=bank_id,
        company_number=company_number,
        old_balance_thousandths=old,
        old_balance_date=old_balance_date,
        creation_date=date,
        new_balance_thousandths=old + sum(movement.amount_thousandths for movement in kept),
        new_balance_date=date if kept else old_balance_date,
        coda_sequence=coda_sequence,
        paper_number=number,
        new_paper_number=number,
        movements=kept,
        free_communications=lines,
    )


def movement_of(
    amount: Decimal,
    date: date,
    *,
    name: str = "",
    account: str = "",
    currency: str = "EUR",
    bic: str = "",
    text: str = "",
    ogm: str | None = None,
    reference: str = "",
    bank_reference: str = "",
    transaction_code: str | None = None,
    value_date: date | None = None,
    details: Iterable[Movement] = (),
) -> Movement:
    """A movement of plain values.

    Args:
        amount: Credit positive, debit negative, at most three decimals.
        date: Booking date.
        name: Counterparty.
        account: Its IBAN or other number, blanks allowed.
        currency: Of the counterparty's account.
        bic: Of the counterparty's bank.
        text: Free communication; what does not fit in 149 characters goes to information records.
        ogm: Twelve digits of a structured communication, instead of the text.
        reference: End-to-end reference.
        bank_reference: The bank's own.
        transaction_code: Eight digits; a transfer in the direction of the amount when not given.
        value_date: The booking date when not given.
        details: Movements below it, with transaction codes of types 5 to 9.

    Raises:
        UnwritableError: ``bad_value`` for an amount with more than three decimals or a wrong OGM.
    """
    thousandths = to_thousandths(amount)
    code = transaction_code or ("00150000" if thousandths >= 0 else "00101000")
    communication = text
    information: list[Information] = []
    if ogm is not None:
        communication = f"101{ogm}"
        if ogm_digits(communication) is None:
            raise UnwritableError("bad_value", params={"field": "ogm", "found": ogm})
    else:
        for start in range(149, len(text), 268):
            part = Information(
                transaction_code=code,
                bank_reference=bank_reference,
                communication=text[start : start + 268].rstrip(),
            )
            information.append(part)
        communication = text[:149].rstrip()
    zone = ""
    number = account.replace(" ", "")
    if number:
        structure = infer_structure(number.ljust(37))
        country = "BE" if structure == "0" else ""
        zone = account_zone(
            Account(number, currency, "", structure, country, "0" if country else "")
        ).rstrip()
    return Movement(
        amount_thousandths=thousandths,
        transaction_code=code,
        value_date=value_date or date,
        entry_date=date,
        bank_reference=bank_reference,
        is_structured=ogm is not None,
        communication=communication,
        customer_reference=reference,
        counterparty_bic=bic,
        counterparty_zone=zone,
        counterparty_name=name,
        information=tuple(information),
        details=tuple(details),
    )


def to_thousandths(amount: Decimal) -> int:
    """An amount as whole thousandths.

    Raises:
        UnwritableError: ``bad_value`` for an amount with more than three decimals, or none at all.
    """
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 12 or amount != round(amount, 3):
        raise UnwritableError("bad_value", params={"field": "amount", "found": str(amount)})
    return int(amount.scaleb(3))
