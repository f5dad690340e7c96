"""What becomes of a file, decided from what it holds and what is known already. No input, no output."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from exports.numbers import enterprise_number
from portal.features.documents.domain.identity import Identity
from portal.features.intake.domain.contents import (
    ArchiveContent,
    CodaContent,
    Content,
    InvoiceContent,
    PaperContent,
)
from portal.features.intake.domain.files import NewFile
from portal.features.intake.domain.hints import SameNumber, hints_of
from portal.features.intake.domain.reasons import Reason

ERASED_BEFORE = "erased_before"


class ErasedBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What has the same content was erased here: when, and why. It is never taken again without asking."""

    day: date
    why: str


class StatementClash(msgspec.Struct, frozen=True, kw_only=True):
    """A statement whose place another one has already."""

    number: int
    account: str
    known: UUID


class KnownStatements(msgspec.Struct, frozen=True, kw_only=True):
    """What of a CODA file is known.

    Attributes:
        accounts_known: whether the company has all its accounts.
        unnamed: the first account whose currency nobody said, not the bank in this file, nor anybody before.
        clash: the first statement whose place is taken.
    """

    accounts_known: bool
    unnamed: str
    clash: StatementClash | None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the house knows of a file before it is settled.

    Attributes:
        erased: the same was erased here.
        same_number: the document of a UBL's number, compared.
        statements: of a CODA file.
        is_new: in the transaction in which this was asked, neither its bytes nor a document of its number were there.
    """

    erased: ErasedBefore | None = None
    same_number: SameNumber | None = None
    statements: KnownStatements | None = None
    is_new: bool = False


class Taken(msgspec.Struct, frozen=True):
    """It becomes a document or statements, unless it is there already."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """It waits in quick entry, unless its bytes are there already: without a reason because a person reads it, else with a question."""

    reason: Reason | None
    hints: dict[str, Any] = {}


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """An archive or a mail becomes the files in it; `said` is what the mail says of itself."""

    files: tuple[NewFile, ...]
    said: Reason | None = None


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The file is rejected, with its reason."""

    reason: Reason


Verdict = Taken | Asked | Unpacked | Rejected


def decide(content: Content, known: Known, us: Identity) -> Taken | Asked | Unpacked:
    """What becomes of a file that was read; `us` is everything by which the company is known."""
    match content:
        case ArchiveContent():
            return Unpacked(files=content.files, said=content.said)
        case InvoiceContent():
            return _of_invoice(content, known)
        case CodaContent():
            return _of_statements(content, known, us)
        case PaperContent():
            reason = Reason(code=ERASED_BEFORE, params=_erased(known)) if known.erased else content.remark
            return Asked(reason=reason, hints={"pages": content.pages})


def _of_invoice(content: InvoiceContent, known: Known) -> Taken | Asked:
    differs = known.same_number is not None and bool(known.same_number.differences)
    if content.faults:
        code = "ubl.values"
    elif content.sold is None:
        code = f"ubl.{content.direction.value}"
    elif known.erased is not None:
        code = ERASED_BEFORE
    elif differs:
        code = "ubl.differs"
    else:
        return Taken()
    hints = hints_of(
        content.invoice,
        content.pdf,
        content.pdf_origin,
        sold=content.sold,
        faults=content.faults,
        same_number=known.same_number if differs else None,
        unwrapped=content.unwrapped,
    )
    params = {
        "supplier": hints.supplier[:100] or "–",
        "customer": hints.customer[:100] or "–",
        **_erased(known),
    }
    return Asked(reason=Reason(code=code, params=params), hints=hints.stored())


def _of_statements(content: CodaContent, known: Known, us: Identity) -> Taken | Asked:
    """One question at a time; what is to be minded besides stands among the values of another question."""
    there = known.statements or KnownStatements(accounts_known=False, unnamed="", clash=None)
    params: dict[str, str] = {}
    strangers = {one for one in content.company_numbers if enterprise_number(one) == one}
    strangers -= {number for country, number in us.numbers if country == "BE"}
    if strangers and not there.accounts_known:
        number = min(strangers)
        code, params = "coda.other_company", {"number": f"{number[:4]}.{number[4:7]}.{number[7:]}"}
    elif there.clash is not None:
        clash = there.clash
        code = "coda.conflict"
        params = {"number": str(clash.number), "account": clash.account, "statement": str(clash.known)}
    elif there.unnamed:
        code = "coda.no_currency"
    elif known.erased is not None:
        code = ERASED_BEFORE
    else:
        return Taken()
    unnamed = {"unnamed": there.unnamed} if there.unnamed else {}
    return Asked(reason=Reason(code=code, params=params | unnamed | _erased(known)))


def _erased(known: Known) -> dict[str, str]:
    if known.erased is None:
        return {}
    return {"day": f"{known.erased.day:%d/%m/%Y}", "why": known.erased.why}
