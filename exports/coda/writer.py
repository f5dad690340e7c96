"""Writing CODA: version 2 records of 128 positions from values.

:func:`write` writes what :func:`exports.coda.read` gives, and :func:`statement_of` makes a valid statement
of plain values: numbers, totals, codes and the closing balance follow from the movements.

>>> from datetime import date
>>> from decimal import Decimal
>>> from exports import coda
>>> day = date(2026, 11, 2)
>>> statement = coda.statement_of(
...     account=coda.Account("BE68539007547034"),
...     holder="Bakkerij Peeters BV",
...     bic="GKCCBEBB",
...     company_number="0403019261",
...     old_balance=Decimal("1000.00"),
...     old_balance_date=date(2026, 10, 30),
...     date=day,
...     coda_sequence=211,
...     movements=[
...         coda.movement_of(
...             Decimal("121.00"), day, name="Jansen NV", account="BE71096123456769", ogm="090933755493"
...         ),
...         coda.movement_of(Decimal("-60.50"), day, name="Energie NV", text="Invoice 2026/118", reference="E2E-1"),
...     ],
... )
>>> data = coda.write(coda.File((statement,)))
>>> coda.check(coda.read(data))
[]
>>> statement.new_balance
Decimal('1060.500')
"""

import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal


from exports.coda.accounts import Account, account_zone, infer_structure
from exports.coda.model import File, FreeCommunication, Information, Movement, Statement
from exports.coda.structured import ogm as ogm_digits
from exports.coda.text import encode_charset
from exports.errors import UnwritableError

_MOST = 999_999_999_999_999  # thousandths in 12 + 3 positions
_REPLACED = {"€": "EUR", "œ": "oe", "Œ": "OE", "ß": "ss", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}


def write(file: File) -> bytes:
    """The file as bytes, in its encoding (cp1252 or CP850) and with its line ends.

    Statements of version 1 are written as version 2. Sequence and detail numbers, next and link codes,
    record count, totals and multiple file codes are computed. Letters the character set lacks are written
    as the nearest it has.

    Raises:
        UnwritableError: ``amount_too_large``, ``too_long`` (a text that may not be cut), ``bad_value`` (a zone
            with a wrong form), ``orphan_details``, or ``closing_balance`` when it is missing.
    """
    encoding = "cp850" if file.encoding == "cp850" else "cp1252"
    end = file.line_end.decode("ascii")
    lines: list[str] = []
    for number, statement in enumerate(file.statements, start=1):
        _Writer(encoding, lines).statement(statement, is_last=number == len(file.statements))
    if not lines:
        raise UnwritableError("bad_value", params={"field": "statements", "found": "none"})
    return encode_charset(end.join(lines) + end, encoding)


class _Writer:
    """Appends the records of a statement to the lines of a file."""

    def __init__(self, encoding: str, lines: list[str]) -> None:
        self.encoding = encoding
        self.lines = lines
        self.first = len(lines)

    # -- zones ------------------------------------------------------------------------------------------

    def fit(self, text: str, width: int) -> str:
        """A text in so many positions, cut where it is longer."""
        return self.plain(text)[:width].ljust(width)

    def whole(self, text: str, width: int, name: str) -> str:
        """A text in so many positions; refused where it is longer."""
        plain = self.plain(text)
        if len(plain) > width:
            raise UnwritableError("too_long", params={"field": name, "found": text, "expected": str(width)})
        return plain.ljust(width)

    def plain(self, text: str, *, same_length: bool = False) -> str:
        """A text in characters the character set has; control characters become blanks.

        Args:
            text: The text.
            same_length: Whether every character must stay one, so that zones keep their places.
        """
        if text.isascii() and text.isprintable():
            return text
        kept: list[str] = []
        for sign in text:
            shown = self._sign(sign)
            kept.append((shown or "?")[0] if same_length else shown)
        return "".join(kept)

    def _sign(self, sign: str) -> str:
        if not sign.isprintable() and not "\x80" <= sign <= "\x9f":
            return " "
        try:
            encode_charset(sign, self.encoding)
        except UnicodeEncodeError:
            bare = _REPLACED.get(sign) or unicodedata.normalize("NFKD", sign)
            shown = "".join(part for part in bare if part.isascii() and part.isprintable())
            return shown or ("" if unicodedata.combining(sign) else "?")
        return sign

    def digits(self, text: str, width: int, name: str) -> str:
        if not (text.isdecimal() and text.isascii() and len(text) <= width):
            raise UnwritableError("bad_value", params={"field": name, "found": text, "expected": f"{width} digits"})
        return text.rjust(width, "0")

    def number(self, value: int, width: int, name: str) -> str:
        if not 0 <= value < 10**width:
            raise UnwritableError(
                "bad_value", params={"field": name, "found": str(value), "expected": f"{width} digits"}
            )
        return f"{value:0{width}d}"

    def amount(self, thousandths: int) -> str:
        """Sign and amount in 1 + 15 positions."""
        return f"{'1' if thousandths < 0 else '0'}{self.unsigned(abs(thousandths))}"

    def unsigned(self, thousandths: int) -> str:
        if thousandths > _MOST:
            raise UnwritableError("amount_too_large", params={"found": str(thousandths)})
        return f"{thousandths:015d}"

    def account(self, account: Account) -> str:
        zone = account_zone(account)
        if len(zone) != 37 or not (zone.isascii() and zone.isprintable()):
            raise UnwritableError("bad_value", params={"field": "account", "found": account.number})
        return zone

    def add(self, *zones: str) -> None:
        line = "".join(zones)
        # A zone of a wrong width would shift all behind it, so it is caught here, whatever it was.
        if len(line) != 128:
            raise UnwritableError("bad_value", params={"field": f"record {line[:2]}", "found": str(len(line))})
        self.lines.append(line)

    def change(self, position: int, code: str) -> None:
        """Put a code in a position of the last record."""
        line = self.lines[-1]
        self.lines[-1] = f"{line[: position - 1]}{code}{line[position:]}"

    # -- records ----------------------------------------------------------------------------------------

    def statement(self, statement: Statement, *, is_last: bool) -> None:
        if statement.orphan_details:
            raise UnwritableError("orphan_details", params={"count": str(len(statement.orphan_details))})
        new_balance = statement.new_balance_thousandths
        if new_balance is None:
            raise UnwritableError("closing_balance", params={"account": statement.account.number})
        account = statement.account
        is_v1 = statement.version == "1"
        self.add(
            "00000",
            _ddmmyy(statement.creation_date),
            self.digits(statement.bank_id or "0", 3, "bank_id"),
            self.fit(statement.application_code, 2),
            "D" if statement.is_duplicate else " ",
            " " * 7,
            self.whole(statement.file_reference, 10, "file_reference"),
            self.fit(statement.addressee or statement.holder, 26),
            self.whole("" if is_v1 else statement.bic, 11, "bic"),
            self.digits(statement.company_number or "0", 11, "company_number"),
            " ",
            self.whole(statement.separate_application, 5, "separate_application"),
            self.whole(statement.transaction_reference, 16, "transaction_reference"),
            self.whole(statement.related_reference, 16, "related_reference"),
            " " * 7,
            "2",
        )
        self.add(
            "1",
            account.structure,
            self.number(statement.paper_number, 3, "paper_number"),
            self.account(account),
            self.amount(statement.old_balance_thousandths),
            _ddmmyy(statement.old_balance_date),
            self.fit(statement.holder, 26),
            self.fit(statement.description, 35),
            self.number(statement.coda_sequence, 3, "coda_sequence"),
        )
        for number, movement in enumerate(statement.movements, start=1):
            self.movement(movement, number % 10000, [0])
        if not statement.is_empty or statement.free_communications or _closes_otherwise(statement):
            self.add(
                "8",
                self.number(statement.new_paper_number, 3, "new_paper_number"),
                self.account(statement.new_account or account),
                self.amount(new_balance),
                _ddmmyy(statement.new_balance_date),
                " " * 64,
                "1" if statement.free_communications else "0",
            )
        for line in statement.free_communications:
            self.free(line, is_last=line is statement.free_communications[-1])
        count = sum(line[0] not in "049" for line in self.lines[self.first :])
        self.add(
            "9",
            " " * 15,
            self.number(count, 6, "record_count"),
            self.unsigned(statement.total_debit_thousandths),
            self.unsigned(statement.total_credit_thousandths),
            " " * 75,
            "2" if is_last else "1",
        )

    def movement(self, movement: Movement, sequence: int, detail: list[int]) -> None:
        """Records 2.1 to 2.3 of a movement or detail, then its information, then its details.

        Args:
            movement: The movement or detail.
            sequence: Sequence number of the movement.
            detail: Its detail number, counted on as records are written.
        """
        head = f"{sequence:04d}{detail[0] % 10000:04d}"
        text = movement.communication
        plain = self.plain(text, same_length=movement.is_structured)
        if len(plain) > 149:
            raise UnwritableError("too_long", params={"field": "communication", "found": text, "expected": "149"})
        first, second, third = plain[:53], plain[53:106], plain[106:]
        bank = (
            self.whole(movement.customer_reference, 35, "customer_reference")
            + self.whole(movement.counterparty_bic, 11, "counterparty_bic")
            + "   "
            + self.whole(movement.r_transaction, 1, "r_transaction")
            + self.whole(movement.r_reason, 4, "r_reason")
            + self.whole(movement.category_purpose, 4, "category_purpose")
            + self.whole(movement.purpose, 4, "purpose")
        )
        party = (
            self.whole(movement.counterparty_zone, 37, "counterparty_account")
            + self.fit(movement.counterparty_name, 35)
            + third.ljust(43)
        )
        self.add(
            "21",
            head,
            self.whole(movement.bank_reference, 21, "bank_reference"),
            self.amount(movement.amount_thousandths),
            _ddmmyy(movement.value_date),
            self.whole(movement.transaction_code, 8, "transaction_code"),
            "1" if movement.is_structured else "0",
            first.ljust(53),
            _ddmmyy(movement.entry_date),
            self.number(movement.paper_number, 3, "paper_number"),
            self.whole(movement.globalisation_code, 1, "globalisation_code"),
            "0 0",
        )
        has_party = bool(party.strip())
        if second.strip() or bank.strip() or (third.strip() and not has_party):
            self.change(126, "1")
            self.add("22", head, second.ljust(53), bank, "0 0")
        if has_party:
            self.change(126, "1")
            self.add("23", head, party, "0 0")
        for item in movement.information:
            detail[0] += 1
            self.change(128, "1")
            self.information(item, f"{sequence:04d}{detail[0] % 10000:04d}")
        for below in movement.details:
            detail[0] += 1
            self.movement(below, sequence, detail)

    def information(self, item: Information, head: str) -> None:
        """Records 3.1 to 3.3."""
        plain = self.plain(item.communication, same_length=item.is_structured)
        if len(plain) > 268:
            raise UnwritableError(
                "too_long", params={"field": "information", "found": item.communication, "expected": "268"}
            )
        first, second, third = plain[:73], plain[73:178], plain[178:]
        self.add(
            "31",
            head,
            self.whole(item.bank_reference, 21, "bank_reference"),
            self.whole(item.transaction_code, 8, "transaction_code"),
            "1" if item.is_structured else "0",
            first.ljust(73),
            " " * 12,
            "0 0",
        )
        if second.strip() or third.strip():
            self.change(126, "1")
            self.add("32", head, second.ljust(105), " " * 10, "0 0")
        if third.strip():
            self.change(126, "1")
            self.add("33", head, third.ljust(90), " " * 25, "0 0")

    def free(self, line: FreeCommunication, *, is_last: bool) -> None:
        """Record 4."""
        self.add(
            "4 ",
            self.number(line.sequence_number, 4, "sequence_number"),
            self.number(line.detail_number, 4, "detail_number"),
            " " * 22,
            self.whole(line.text, 80, "free_communication"),
            " " * 15,
            "0" if is_last else "1",
        )


def _ddmmyy(day: date | None) -> str:
    return day.strftime("%d%m%y") if day else "000000"


def _closes_otherwise(statement: Statement) -> bool:
    """Whether an empty statement's closing balance says something that its opening one does not."""
    return (
        statement.new_balance_thousandths != statement.old_balance_thousandths
        or statement.new_balance_date != statement.old_balance_date
        or statement.new_paper_number != statement.paper_number
        or (statement.new_account is not None and statement.new_account != statement.account)
    )


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
    code = transaction_code or ("00150000" if amount >= 0 else "00101000")
    communication = text
    information: list[Information] = []
    if ogm is not None:
        communication = f"101{ogm}"
        if ogm_digits(communication) is None:
            raise UnwritableError("bad_value", params={"field": "ogm", "found": ogm})
    else:
        for start in range(149, len(text), 268):
            part = Information(
                transaction_code=code, bank_reference=bank_reference, communication=text[start : start + 268]
            )
            information.append(part)
        communication = text[:149].rstrip()
    zone = ""
    number = account.replace(" ", "")
    if number:
        structure = infer_structure(number.ljust(37))
        country = "BE" if structure == "0" else ""
        zone = account_zone(Account(number, currency, "", structure, country, "0" if country else "")).rstrip()
    return Movement(
        amount_thousandths=to_thousandths(amount),
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



