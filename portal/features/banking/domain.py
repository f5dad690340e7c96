"""Bank accounts and the CODA statements on them."""

import enum
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from exports import coda
from exports.model import Finding
from exports.statements import StatementFile
from portal.kernel.events import Event
from portal.kernel.language import N_, capitalised, gettext
from portal.kernel.texts import plain


class StatementArrived(Event, frozen=True, kw_only=True):
    """A company has a new bank statement."""

    name: ClassVar[str] = "banking.statement_arrived"
    company_id: UUID
    statement_id: UUID


class StatementForm(enum.StrEnum):
    """In which form a statement came. Only the bank's CODA is CODA."""

    CODA = "coda"
    CAMT = "camt"
    MT940 = "mt940"


FORM_NAMES = {StatementForm.CODA: "CODA", StatementForm.CAMT: "CAMT.053", StatementForm.MT940: "MT940"}
"""As people write them, in every language."""

HAS_CODA = N_(
    "The bank delivers CODA for this account: that goes to the bookkeeping. A statement in another form is kept and shown, and does not leave."
)
LEFT_AS_DERIVED = N_(
    "Its days have left already, as CODA made here from statements in another form. Look whether they are the same; if the bookkeeping lacks"
    " this one, let it go on."
)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands between CODA and other forms.

    Attributes:
        has_coda: the bank delivers CODA for it: one is here, not put aside.
        derived: how many statements in other forms were written as CODA.
        derived_until: the last day that has left so.
    """

    has_coda: bool = False
    derived: int = 0
    derived_until: date | None = None


class MadeCoda(msgspec.Struct, frozen=True, kw_only=True):
    """The number of a CODA that was made here, in the own series of its account and year."""

    year: int
    number: int


def why_kept_back(form: StatementForm, day: date | None, standing: Standing) -> str | None:
    """Why a statement does not leave by itself, as a text to translate; None when it does.

    Never twice: with CODA for an account, statements in other forms stay; CODA of days that have left already waits for a person.
    """
    if form is not StatementForm.CODA:
        return HAS_CODA if standing.has_coda else None
    until = standing.derived_until
    return LEFT_AS_DERIVED if until is not None and day is not None and day <= until else None


UNNAMED = "EUR"
"""The currency of an account whose bank names none, once it is known to be in euro: somebody said so, or an earlier statement."""


class Coda(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a file of CODA, or of another form, that is ready to be taken: its own bytes are stored already.

    Attributes:
        currency_named: whether the bank says in which currency the account is. The standard (section 7.5) lets it leave that blank, and does
            not say what a blank means; `currency` is `UNNAMED` then, and nothing is taken with it unasked.
    """

    form: StatementForm = StatementForm.CODA
    account_number: str
    currency: str
    currency_named: bool = True
    extension: str
    iban: str | None
    bic: str
    holder: str
    description: str
    coda_number: int
    paper_number: int
    old_balance: Decimal
    old_date: date | None
    new_balance: Decimal
    new_date: date | None
    debit_total: Decimal
    credit_total: Decimal
    movement_count: int
    content_hash: str
    file_sha256: str
    file_size: int
    file_name: str
    derived: bool
    findings: tuple[Finding, ...]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a CODA file is not taken: which record, what should stand there, what does."""

    rule: str
    record: int | None
    position: int | None
    expected: str
    found: str


_LOCATION = re.compile(r"record (\d+)(?:, position (\d+))?", re.ASCII)


def fatal(findings: Sequence[Finding]) -> Refusal | None:
    """The first finding that must not go on to a bookkeeping package unseen."""
    for one in findings:
        if one.severity != "fatal":
            continue
        place = _LOCATION.match(one.location)
        return Refusal(
            rule=one.rule.removeprefix("CODA-"),
            record=int(place[1]) if place else None,
            position=int(place[2]) if place and place[2] else None,
            expected=one.params.get("expected", ""),
            found=one.params.get("found", ""),
        )
    return None


REMARKS: dict[str, str] = {
    "R4": N_("the movements are not numbered one after the other."),
    "R6": N_("the opening balance is not the closing balance of the statement before it."),
    "R7": N_("the number of the statement does not follow the one before it."),
    "R8": N_("the details of a movement do not add up to its amount."),
    "NEXT-LINK": N_("the line does not say rightly which lines follow it."),
    "MULTIPLE": N_("the file does not say rightly whether another statement follows."),
    "FREE": N_("a message of the bank stands in an unusual place."),
    "REFERENCE": N_("the bank's reference differs between the lines of one movement."),
    "STRUCTURE": N_("the kind of account is missing; it was derived from the number."),
    "DATE": N_("a date does not exist, or is far from the day of the statement."),
    "TYPE": N_("the kind of movement is not known."),
    "COMMUNICATION": N_("the kind of structured communication is not known."),
    "OGM": N_("the check digits of a structured communication are wrong."),
    "RF": N_("the check digits of an RF reference are wrong."),
    "IBAN": N_("the check digits of an account number are wrong."),
    "DUPLICATE": N_("the bank delivered this statement once more."),
    "SEPARATE": N_("this is an extract with some of the movements, without balances."),
    "APPLICATION": N_("the file is not marked as a statement of account."),
    "VERSION": N_("the file is in an old version of CODA."),
    "LENGTH": N_("a line is shorter or longer than 128 characters; it was read all the same."),
    "ENCODING": N_("the file is in an unusual character set; letters with accents may be wrong."),
    "DAMAGED": N_("some characters are damaged."),
    "JUNK": N_("there is something between the lines that does not belong there; it was left out."),
}
"""Rule of a finding that keeps nothing from being booked → what a person reads of it."""
OTHER_REMARKS: dict[str, str] = {
    "PENDING": N_("the bank announces entries that it has not booked yet; they were left out."),
}
"""The same of rules that only other forms have."""
UNUSUAL = N_("something here is unusual.")


def remarks(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is unusual about a statement's file, in the reader's language, with the record where it stands."""
    told: list[str] = []
    for one in findings:
        rule = one["rule"].partition("-")[2]
        text = gettext(REMARKS.get(rule) or OTHER_REMARKS.get(rule, UNUSUAL))
        place = _LOCATION.match(one["location"])
        told.append(
            gettext(N_("Record %(record)s: %(what)s")) % {"record": place[1], "what": text}
            if place
            else capitalised(text)
        )
    return told


def part_name(original: str, place: int, many: bool) -> str:
    """The name of one statement's own file: the original's when it is the whole, else with its place in it."""
    if not many:
        return original
    stem, dot, extension = original.rpartition(".")
    if not dot or len(extension) > 5:
        stem, extension = original, "cod"
    return f"{stem}-{place:03d}.{extension}"


def _storable(text: str) -> str:
    """As one line without what hides; CODA may carry any byte."""
    return plain(text).replace("\n", " ").strip()


def _storable_finding(one: Finding) -> Finding:
    return Finding(
        rule=one.rule,
        severity=one.severity,
        location=one.location,
        text=_storable(one.text),
        params={key: _storable(value) for key, value in one.params.items()},
    )


def codas(file: coda.File, parts: Sequence[tuple[str, int]], name: str) -> tuple[Coda, ...]:
    """The statements of a file that was read, checked and cut.

    Args:
        parts: SHA-256 and size of each statement's own bytes, in order: of the file itself when it holds one.
        name: the name the file came with.
    """
    findings = coda.check(file)
    starts = [statement.record for statement in file.statements] + [10**9]
    many = len(file.statements) > 1
    made: list[Coda] = []
    for place, (statement, (sha256, size)) in enumerate(zip(file.statements, parts, strict=True)):
        account = statement.account
        mine = [
            one
            for one in findings
            if (match := _LOCATION.match(one.location)) and starts[place] <= int(match[1]) < starts[place + 1]
        ]
        made.append(
            Coda(
                account_number=_storable(account.key[0]),
                currency=_storable(account.currency) or UNNAMED,
                currency_named=bool(_storable(account.currency)),
                extension=_storable(account.extension),
                iban=account.iban,
                bic=_storable(statement.bic),
                holder=_storable(statement.holder),
                description=_storable(statement.description),
                coda_number=statement.coda_sequence,
                paper_number=statement.paper_number,
                old_balance=statement.old_balance,
                old_date=statement.old_balance_date,
                new_balance=statement.new_balance
                if statement.new_balance is not None
                else statement.old_balance,
                new_date=statement.new_balance_date,
                debit_total=statement.total_debit,
                credit_total=statement.total_credit,
                movement_count=statement.movement_count,
                content_hash=statement.content_hash,
                file_sha256=sha256,
                file_size=size,
                file_name=part_name(name, place + 1, many),
                derived=many,
                findings=tuple(_storable_finding(one) for one in mine),
            )
        )
    return tuple(made)


def foreign(file: StatementFile, parts: Sequence[tuple[str, int]], name: str) -> tuple[Coda, ...]:
    """The statements of a file in another form that was read and adds up.

    Args:
        parts: SHA-256 and size of each statement's own bytes, in order.
        name: the name the file came with.
    """
    many = len(file.statements) > 1
    return tuple(
        Coda(
            form=StatementForm(one.form),
            account_number=_storable(one.values.account.key[0]),
            currency=_storable(one.values.account.currency),
            extension="",
            iban=one.values.account.iban,
            bic=_storable(one.values.bic)[:11],
            holder=_storable(one.values.holder),
            description=_storable(one.values.description),
            coda_number=0,
            paper_number=one.number,
            old_balance=one.values.old_balance,
            old_date=one.values.old_balance_date,
            new_balance=one.values.old_balance if one.values.new_balance is None else one.values.new_balance,
            new_date=one.values.new_balance_date,
            debit_total=one.values.total_debit,
            credit_total=one.values.total_credit,
            movement_count=one.values.movement_count,
            content_hash=one.content_hash,
            file_sha256=sha256,
            file_size=size,
            file_name=part_name(name, place, many),
            derived=many,
            findings=tuple(_storable_finding(finding) for finding in one.findings),
        )
        for place, (one, (sha256, size)) in enumerate(zip(file.statements, parts, strict=True), start=1)
    )


def derived_name(account: str, currency: str, year: int, number: int, form: StatementForm) -> str:
    """The name of a CODA that was made here: it says so, and of what."""
    made_of = "camt053" if form is StatementForm.CAMT else form.value
    bare = re.sub(r"[^A-Za-z0-9]", "", account)
    return f"{bare}-{currency}-{year}-{number:03d}-derived-from-{made_of}.cod"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What of a stored statement its place in the chain needs."""

    id: UUID
    form: StatementForm = StatementForm.CODA
    coda_number: int
    old_balance: Decimal
    old_date: date | None
    new_balance: Decimal
    new_date: date | None


def as_statement(known: "Link | Coda", name: str = "") -> coda.Statement:
    """A stored or new statement as the library's chain functions take it; `file_reference` carries `name`."""
    return coda.Statement(
        account=coda.Account("chain"),
        old_balance_thousandths=coda.to_thousandths(known.old_balance),
        new_balance_thousandths=coda.to_thousandths(known.new_balance),
        old_balance_date=known.old_date,
        new_balance_date=known.new_date,
        coda_sequence=known.coda_number,
        file_reference=name,
    )


def conflict_with(new: Coda, known: Sequence[Link]) -> UUID | None:
    """The stored statement of the same account that claims the number and the place of this one with other content."""
    ours = as_statement(new, "new")
    for other in known:
        if other.coda_number == new.coda_number and coda.conflicts([as_statement(other, "known"), ours]):
            return other.id
    return None


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """Statements are missing on an account, between `before` and `after` (ids of statements)."""

    before: UUID
    after: UUID
    expected: Decimal
    found: Decimal
    from_date: date | None
    to_date: date | None
    numbers: tuple[int, ...]


def breaks(chain: Sequence[Link]) -> tuple[Break, ...]:
    """The gaps in one account's chain: the balances decide, the numbers stand beside them.

    Where there is CODA, it is the chain: another form tells of the same days once more.
    """
    banks = [one for one in chain if one.form is StatementForm.CODA]
    chain = banks or chain
    gaps = coda.continuity([as_statement(one, str(one.id)) for one in chain])
    return tuple(
        Break(
            before=UUID(gap.before.file_reference),
            after=UUID(gap.after.file_reference),
            expected=gap.expected,
            found=gap.found,
            from_date=gap.from_date,
            to_date=gap.to_date,
            numbers=gap.missing_numbers[:10],
        )
        for gap in gaps
        if gap.kind == "balance"
    )


class StatementQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of statements shows; `sort` is date or received, `received_by` limits to one person's own uploads, `aside` shows what is put aside and nothing else; `since` and `until` are the first and the last day of the statements."""

    account_id: UUID | None = None
    received_by: UUID | None = None
    since: date | None = None
    until: date | None = None
    aside: bool = False
    sort: str = "date"
    descending: bool = True
    cursor: str | None = None
