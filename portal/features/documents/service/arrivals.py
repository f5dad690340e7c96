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
from portal.features.documents.domain.documents import (
    DRAWN,
    DRAWN_PICTURES,
    DocumentArrived,
    DocumentState,
    Issuer,
    Origin,
    PaymentState,
    PdfOrigin,
    StoredFile,
    Unwrapped,
    drawing_pause,
)
from portal.features.documents.domain.findings import entry_findings, invoice_findings
from portal.features.documents.domain.identity import Identity, identity, invoice_columns, key_beside
from portal.features.documents.domain.judgement import NotBookable, judge
from portal.features.documents.domain.patch import EntryPatch, completed
from portal.features.documents.models import Document
from portal.features.documents.repository import documents as documents_repository
from portal.features.documents.service.duplicates import Differs, met, of_number
from portal.features.parties import service as parties
from portal.jobs.contract import Job, Priority, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.ids import new_id
from portal.kernel.kinds import SALES
from portal.kernel.language import N_
from portal.kernel.money import LARGEST

DRAWN_AFTER = timedelta(seconds=2)
"""What was handed in is looked at first; drawing takes a second or two a piece."""
TOO_LARGE = N_("An amount of this document is too large to be true.")


class DrawPdf(Job, frozen=True, kw_only=True):
    """Draw the PDF of a document that came as data only, or whose own cannot be opened."""

    name: ClassVar[str] = "documents.draw_pdf"
    priority: ClassVar[Priority] = Priority.DRAWING
    document_id: UUID


def drawing_key(document_id: UUID) -> str:
    """Of one document there is one DrawPdf at a time."""
    return f"{DrawPdf.name}:{document_id}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a paper: its document, and whether it is new or was there already."""

    document: Document
    new: bool


async def identity_of(session: ReadSession, company_id: UUID) -> Identity:
    """Everything by which a company is known on invoices."""
    company = await parties.company(session, company_id)
    others = await parties.other_numbers(session, company_id)
    return identity(company.country, company.number, company.vat_id, others)


async def known_bytes(session: ReadSession, company_id: UUID, sha256: str) -> Document | None:
    """The document of these very bytes, if the company has one."""
    return await documents_repository.with_bytes(session, company_id, sha256)


def too_large_amounts(columns: Mapping[str, object]) -> bool:
    """Whether an amount does not fit into the books."""
    amounts = (columns[name] for name in ("net", "tax", "gross", "payable"))
    return any(isinstance(amount, Decimal) and abs(amount) >= LARGEST for amount in amounts)


async def ingest_invoice(
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
    unwrapped: Unwrapped | None = None,
    dossier_id: UUID | None = None,
    beside: bool = False,
    is_new: bool = False,
) -> Taken:
    """A document from an invoice that came as data, whose bytes are stored; publishes DocumentArrived when it is new.

    Args:
        unwrapped: what it came in, where the file is no UBL itself.
        supplier_is_us: which party the company is (`domain.direction_of`, or a person's answer).
        pdf: the PDF for people, stored as well.
        dossier_id: where an office handed it in.
        beside: a person decided to keep it beside another one of its number.
        is_new: whoever calls has looked in this transaction, and neither its bytes nor its number were there. A rival of this moment
            is met all the same, at the unique indexes.

    Raises:
        NotBookable: values that cannot be booked.
        Differs: another document of this supplier and number says something else.
    """
    faults = judge(invoice, supplier_is_us=supplier_is_us)
    if faults:
        raise NotBookable(faults)
    columns = invoice_columns(invoice, supplier_is_us=supplier_is_us)
    now = clock_of(session).now()
    undrawn = pdf is None or pdf_origin is PdfOrigin.EMBEDDED  # what is inside may not open
    same = None if is_new else await _same(session, company_id, columns, file, beside=beside)
    if same is not None:
        return Taken(same, new=False)
    values: dict[str, Any] = {
        **columns,
        "duplicate_key": await _key(session, company_id, columns["duplicate_key"], file, beside=beside),
        "findings": invoice_findings(invoice),
        "judged": True,
        "origin": origin,
        "dossier_id": dossier_id,
        **_ubl_columns(file, unwrapped),
        "drawing_due_at": now + drawing_pause(0) if undrawn else None,
        **(_pdf_columns(pdf, pdf_origin) if pdf is not None else {}),
    }
    taken = await _insert(session, actor, company_id, values, file)
    if taken.new and undrawn:
        await _ask_to_draw(session, actor, taken.document)
    return taken


async def enter(
    session: WriteSession,
    actor: Actor,
    company_id: UUID,
    patch: EntryPatch,
    file: StoredFile,
    *,
    us: str,
    dossier_id: UUID | None = None,
    pdf: StoredFile | None = None,
    pdf_origin: PdfOrigin = PdfOrigin.RECEIVED,
    beside: bool = False,
) -> Taken:
    """A document that a person typed from a stored paper (PDF or photo); publishes DocumentArrived when it is new.

    Args:
        us: the company as a supplier, `BE:0999888767`: part of the duplicate key of its sales.
        dossier_id: where an office handed the paper in.
        pdf: the PDF for people where the file is none: a UBL whose values cannot be booked may carry one.
        beside: a person decided to keep it beside another one of its number.

    Raises:
        Invalid: something is not said or wrong, by its field; or an amount that does not fit.
    """
    entry = completed(patch)
    is_pdf = file.media_type == "application/pdf"
    columns = entry.columns(us)
    now = clock_of(session).now()
    # A UBL whose values were typed over has pages as well: its own, or drawn from what it says.
    undrawn = file.media_type in DRAWN_PICTURES or (
        file.media_type == "application/xml" and (pdf is None or pdf_origin is PdfOrigin.EMBEDDED)
    )
    values: dict[str, Any] = {
        **columns,
        "duplicate_key": await _key(session, company_id, columns["duplicate_key"], file, beside=beside),
        "findings": entry_findings(entry),
        "judged": True,
        "drawing_due_at": now + drawing_pause(0) if undrawn else None,
        "issuer": Issuer.US if entry.kind in SALES else Issuer.COUNTERPARTY,
        "origin": Origin.PDF if is_pdf else Origin.ENTERED,
        "dossier_id": dossier_id,
        **(_pdf_columns(file, PdfOrigin.RECEIVED) if is_pdf else {}),
        **(_pdf_columns(pdf, pdf_origin) if pdf is not None else {}),
    }
    taken = await _insert(session, actor, company_id, values, file)
    if taken.new and undrawn:
        await _ask_to_draw(session, actor, taken.document)
    return taken


async def _ask_to_draw(session: WriteSession, actor: Actor, document: Document) -> None:
    await enqueue(
        session,
        actor,
        DrawPdf(document_id=document.id),
        due_at=clock_of(session).now() + DRAWN_AFTER,
        unique_key=drawing_key(document.id),
    )


async def _same(
    session: ReadSession, company_id: UUID, columns: Mapping[str, Any], file: StoredFile, *, beside: bool
) -> Document | None:
    """The document that is this one already, by its bytes or by all it says.

    Raises:
        Differs: there are documents of its number, and none says the same.
    """
    there = await documents_repository.with_bytes(session, company_id, file.sha256)
    if there is not None or beside:
        return there
    found = met(await of_number(session, company_id, columns["duplicate_key"]), columns)
    if found is not None and found.differences:
        raise Differs(found)
    return found.document if found is not None else None


async def _key(
    session: ReadSession, company_id: UUID, key: object, file: StoredFile, *, beside: bool
) -> str | None:
    """The duplicate key: another one only where the document is kept beside one that has it."""
    plain = key if isinstance(key, str) else None
    if not beside or plain is None or await documents_repository.with_key(session, company_id, plain) is None:
        return plain
    return key_beside(plain, file.sha256)


def _ubl_columns(file: StoredFile, unwrapped: Unwrapped | None) -> dict[str, Any]:
    if unwrapped is None:
        return {"ubl_sha256": file.sha256}
    ubl = unwrapped.ubl
    return {
        "ubl_sha256": ubl.sha256 if ubl else None,
        "ubl_size": ubl.size if ubl else None,
        "ubl_origin": unwrapped.origin.value if ubl and unwrapped.origin else None,
        "envelope": unwrapped.envelope,
    }


def _pdf_columns(pdf: StoredFile, origin: PdfOrigin) -> dict[str, Any]:
    return {"pdf_sha256": pdf.sha256, "pdf_name": pdf.name, "pdf_size": pdf.size, "pdf_origin": origin.value}


async def attach_pdf(
    session: WriteSession, document: Document, pdf: StoredFile, origin: PdfOrigin = PdfOrigin.RECEIVED
) -> bool:
    """Lay a PDF beside a document that has none, or only one that we made; a locked document keeps what it left with.

    What we drew ourselves is no part of the books: it also finds its way to a locked document, which has none that opens.

    Returns:
        Whether it was attached.
    """
    if origin not in DRAWN and await documents_repository.locks(session, document.id):
        return False
    over: set[PdfOrigin] = set()
    if origin is PdfOrigin.RECEIVED:
        over = set(DRAWN)
    elif origin is PdfOrigin.REDRAWN:
        over = {PdfOrigin.EMBEDDED}
    return await documents_repository.set_pdf(
        session, document.id, sha256=pdf.sha256, name=pdf.name, size=pdf.size, origin=origin.value, over=over
    )


async def _insert(
    session: WriteSession, actor: Actor, company_id: UUID, values: dict[str, Any], file: StoredFile
) -> Taken:
    if too_large_amounts(values):
        raise Invalid(TOO_LARGE, code="amount_too_large")
    now = clock_of(session).now()
    made = await documents_repository.insert_new(
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
        there = await documents_repository.with_bytes(session, company_id, file.sha256)
        if there is None and (
            known := met(await of_number(session, company_id, values["duplicate_key"]), values)
        ):
            there = known.document if not known.differences else None
        if (
            there is None
        ):  # a rival of this moment says something else, or it was deleted between our two looks
            raise Conflict(code="busy")
        return Taken(there, new=False)
    await audit.record(
        session,
        actor,
        "documents.arrived",
        "document",
        made.id,
        what=audit.named(made.number, made.counterparty_name),
        kind=made.kind.value,
        origin=made.origin.value,
        number=made.number,
        sha256=file.sha256,
    )
    await publish(session, actor, DocumentArrived(company_id=company_id, document_id=made.id))
    return Taken(made, new=True)
