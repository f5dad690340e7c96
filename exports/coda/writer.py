"""Writing CODA: version 2 records of 128 positions from values.

:func:`write` writes what :func:`exports.coda.read` gives, and :func:`exports.coda.statement_of` makes a valid statement
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
from datetime import date

from exports.coda.accounts import Account, account_zone
from exports.coda.model import File, FreeCommunication, Information, Movement, Statement
from exports.coda.text import encode_charset
from exports.errors import UnwritableError

_MOST = 999_999_999_999_999  # thousandths in 12 + 3 positions
_LINE_ENDS = (b"\r\n", b"\n", b"\r", b"")
_YEARS = range(1980, 2080)  # as two digits are read
_REPLACED = {
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "ß": "ss",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
}


def write(file: File) -> bytes:
    """The file as bytes, in its encoding (cp1252 or CP850) and with its line ends.

    Statements of version 1 are written as version 2; what version 2 has no zone for (address and city of
    the counterparty, amount in another currency) goes to information records 001 and 105. Sequence and detail numbers, next and link codes,
    record count, totals and multiple file codes are computed. Letters the character set lacks are written
    as the nearest it has.

    Raises:
        UnwritableError: ``amount_too_large``, ``too_long`` (a text that may not be cut), ``bad_value`` (a zone
            with a wrong form, a date outside of 1980 to 2079, a line end that is none), ``orphan_details``, or ``closing_balance`` when it is missing.
    """
    encoding = "cp850" if file.encoding == "cp850" else "cp1252"
    if file.line_end not in _LINE_ENDS:
        raise UnwritableError("bad_value", params={"field": "line_end", "found": ascii(file.line_end)})
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
            raise UnwritableError(
                "bad_value", params={"field": name, "found": text, "expected": f"{width} digits"}
            )
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
            raise UnwritableError(
                "bad_value", params={"field": f"record {line[:2]}", "found": str(len(line))}
            )
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
            raise UnwritableError(
                "too_long", params={"field": "communication", "found": text, "expected": "149"}
            )
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
        for item in (*movement.information, *_of_version_1(movement)):
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
    if day is None:
        return "000000"
    if day.year not in _YEARS:  # two digits would be read as another century
        raise UnwritableError(
            "bad_value", params={"field": "date", "found": day.isoformat(), "expected": "1980 to 2079"}
        )
    return day.strftime("%d%m%y")


def _of_version_1(movement: Movement) -> list[Information]:
    """What only version 1 has in its movements, as structured information of version 2."""
    code, bank_reference = movement.transaction_code, movement.bank_reference
    texts: list[str] = []
    if movement.counterparty_address or movement.counterparty_city:
        name, street = movement.counterparty_name, movement.counterparty_address
        texts.append(f"001{name:<70}{street:<35}{movement.counterparty_city}")
    if movement.original_amount_thousandths is not None:
        amount, original = abs(movement.amount_thousandths), movement.original_amount_thousandths
        texts.append(
            f"105{amount:015d}{original:015d}{0:012d}{movement.original_currency:<3}{0:012d}  {0:015d}"
        )
    return [
        Information(
            transaction_code=code, bank_reference=bank_reference, is_structured=True, communication=text
        )
        for text in texts
    ]


def _closes_otherwise(statement: Statement) -> bool:
    """Whether an empty statement's closing balance says something that its opening one does not."""
    return (
        statement.new_balance_thousandths != statement.old_balance_thousandths
        or statement.new_balance_date != statement.old_balance_date
        or statement.new_paper_number != statement.paper_number
        or statement.new_account is not None
    )
