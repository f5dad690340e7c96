"""How documents come in: from a UBL, or typed from a paper. Nothing is ever doubled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from exports.model import Document as Invoice
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents import repository
from portal.features.documents.domain import (
    DocumentArrived,
    DocumentState,
    Entry,
    Identity,
    Issuer,
    Kind,
    Origin,
    PaymentState,
    PdfOrigin,
    StoredFile,
    identity,
    invoice_columns,
)
from portal.features.documents.models import Document
from portal.features.parties import service as parties
from portal.jobs.contract import Job, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.ids import new_id
from portal.kernel.language import N_

DRAWN_AFTER = timedelta(seconds=2)
"""What was handed in is looked at first; drawing takes a second or two a piece."""
LARGEST = Decimal(10) ** 12
"""Amounts from here on do not fit (numeric(14, 2)); no invoice is that large, but a broken file may say so."""
TOO_LARGE = N_("An amount of this document is too large to be true.")
_SALES_BY_COUNTERPARTY = frozenset({Kind.SALES_INVOICE, Kind.SALES_CREDIT_NOTE})


class DrawPdf(Job, frozen=True, kw_only=True):
    """Draw the PDF of a document that came as data only."""

    name: ClassVar[str] = "documents.draw_pdf"
    document_id: UUID


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a paper: its document, and whether it is new or was there already."""

    document: Document
    new: bool


async def identity_of(session: ReadSession, company_id: UUID) -> Identity:
    """Everything by which a company is known on invoices."""
    company = await parties.company(session, company_id)
    return identity(company.country, company.number, company.vat_id, company.other_numbers)


async def known_bytes(session: ReadSession, company_id: UUID, sha256: str) -> Document | None:
    """The document of these very bytes, if the company has one."""
    return await repository.with_bytes(session, company_id, sha256)


async def known_entry(session: ReadSession, company_id: UUID, entry: Entry, *, us: str) -> Document | None:
    """The document with the supplier, number, date and type of an entry, if the company has one."""
    key = entry.columns(us)["duplicate_key"]
    return await repository.with_key(session, company_id, key) if isinstance(key, str) else None


def too_large_amounts(columns: Mapping[str, object]) -> bool:
    """Whether an amount does not fit into the books."""
    amounts = (columns[name] for name in ("net", "tax", "gross", "payable"))
    return any(isinstance(amount, Decimal) and abs(amount) >= LARGEST for amount in amounts)


async def take_invoice(
    session: WriteSession,
    actor: Actor,
    company_id: UUID,
    invoice: Invoice,
    file: StoredFile,
    *,
    supplier_is_us: bool,
    pdf: StoredFile | None = None,
    pdf_origin: PdfOrigin = PdfOrigin.EMBEDDED,
    origin: Origin = Origin.UBL,
) -> Taken:
    """A document from a UBL whose bytes are stored; publishes DocumentArrived when it is new.

    Args:
        supplier_is_us: which party the company is (`domain.direction_of`, or a person's answer).
        pdf: the PDF for people, stored as well.

    Raises:
        Invalid: an amount that does not fit.
    """
    columns = invoice_columns(invoice, supplier_is_us=supplier_is_us)
    values: dict[str, Any] = {
        **columns,
        "origin": origin,
        "ubl_sha256": file.sha256,
        **(_pdf_columns(pdf, pdf_origin) if pdf is not None else {}),
    }
    taken = await _insert(session, actor, company_id, values, file)
    if taken.new and pdf is None:
        await enqueue(
            session,
            actor,
            DrawPdf(document_id=taken.document.id),
            due_at=clock_of(session).now() + DRAWN_AFTER,
            unique_key=f"documents.draw_pdf:{taken.document.id}",
        )
    return taken


async def enter(
    session: WriteSession, actor: Actor, company_id: UUID, entry: Entry, file: StoredFile, *, us: str
) -> Taken:
    """A document that a person typed from a stored paper (PDF or photo); publishes DocumentArrived when it is new.

    Args:
        us: the company as a supplier, `BE:0999888767`: part of the duplicate key of its sales.

    Raises:
        Invalid: an amount that does not fit.
    """
    is_pdf = file.media_type == "application/pdf"
    values: dict[str, Any] = {
        **entry.columns(us),
        "issuer": Issuer.US if entry.kind in _SALES_BY_COUNTERPARTY else Issuer.COUNTERPARTY,
        "origin": Origin.PDF if is_pdf else Origin.ENTERED,
        **(_pdf_columns(file, PdfOrigin.RECEIVED) if is_pdf else {}),
    }
    return await _insert(session, actor, company_id, values, file)


def _pdf_columns(pdf: StoredFile, origin: PdfOrigin) -> dict[str, Any]:
    return {"pdf_sha256": pdf.sha256, "pdf_name": pdf.name, "pdf_size": pdf.size, "pdf_origin": origin.value}


async def attach_pdf(
    session: WriteSession, document: Document, pdf: StoredFile, origin: PdfOrigin = PdfOrigin.RECEIVED
) -> bool:
    """Lay a PDF beside a document that has none, or only one that we made; a locked document keeps what it left with.

    Returns:
        Whether it was attached.
    """
    if await repository.locks(session, document.id):
        return False
    over = () if origin is PdfOrigin.DERIVED else (PdfOrigin.DERIVED.value,)
    return await repository.set_pdf(
        session, document.id, sha256=pdf.sha256, name=pdf.name, size=pdf.size, origin=origin.value, over=over
    )


async def _insert(
    session: WriteSession, actor: Actor, company_id: UUID, values: dict[str, Any], file: StoredFile
) -> Taken:
    if too_large_amounts(values):
        raise Invalid(TOO_LARGE, code="amount_too_large")
    now = clock_of(session).now()
    made = await repository.insert_new(
        session,
        {
            "id": new_id(),
            "company_id": company_id,
            "state": DocumentState.FINAL,
            "version": 1,
            "original_sha256": file.sha256,
            "original_name": file.name,
            "original_type": file.media_type,
            "original_size": file.size,
            "payment_state": PaymentState.OPEN,
            "received_at": now,
            "received_by": actor.person_id,
            "changed_at": now,
            **values,
        },
    )
    if made is None:
        key = values["duplicate_key"]
        there = await repository.with_bytes(session, company_id, file.sha256)
        if there is None and key is not None:
            there = await repository.with_key(session, company_id, key)
        if there is None:  # it was deleted between our two looks
            raise Conflict(code="busy")
        return Taken(there, new=False)
    await audit.record(
        session,
        actor,
        "documents.arrived",
        "document",
        made.id,
        kind=made.kind.value,
        origin=made.origin.value,
        number=made.number,
        sha256=file.sha256,
    )
    await publish(session, actor, DocumentArrived(company_id=company_id, document_id=made.id))
    return Taken(made, new=True)
