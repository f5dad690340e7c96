"""Documents for programs with a key: find them, look at one, correct it, annotate it, delete it.

A locked document answers 409 `locked`. Lists come in pages: `next` is what to give as `after`, null at the end.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from portal.db.figures import figures
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain.annotation import Annotation
from portal.features.documents.domain.documents import DocumentQuery, PaymentState
from portal.features.documents.domain.entry_json import EntryBody, read_json
from portal.features.documents.domain.identity import own_key
from portal.features.documents.domain.patch import document_patch
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, changes, lookups, remarks
from portal.features.dossiers.domain import queries
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.places import Place
from portal.features.items.service import deletion
from portal.features.records.service import details
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.web.security import key_with

READS, WRITES = key_with(Right.DOCUMENTS_SEE), key_with(Right.UPLOAD)
DOSSIERS = "/api/v1/dossiers"
PATH = "/api/v1/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}"


class DocumentView(msgspec.Struct, kw_only=True):
    """A document as programs see it.

    Amounts are decimal texts with the issuer's signs; `findings` is what does not agree, in words; `put_aside` why it is put aside.
    Of one with `erased_at` nothing is left but its id, its hash and why it was put aside; `…/erasure` says who erased it and why.
    `reexported`: it left once more in a bundle after it had left: the bookkeeping may have booked it twice.
    """

    id: UUID
    version: int
    kind: str
    origin: str
    state: str
    number: str
    issue_date: date | None
    due_date: date | None
    currency: str
    net: str
    tax: str
    gross: str
    payable: str
    counterparty_name: str
    counterparty_number: str | None
    counterparty_country: str | None
    structured_communication: str | None
    locked: bool
    reexported: bool
    put_aside: str | None
    erased_at: datetime | None
    tags: list[str]
    note: str
    payment_state: str
    findings: list[str]
    original_sha256: str
    ubl_sha256: str | None
    pdf_sha256: str | None


class DocumentList(msgspec.Struct, kw_only=True):
    """One page of a dossier's documents, newest first."""

    documents: list[DocumentView]
    next: str | None


class DossierView(msgspec.Struct, kw_only=True):
    """A dossier as programs see it. `activity` tells two on one company apart. `access` says whether its documents can be read: *managed* or *granted*."""

    id: UUID
    code: str | None
    name: str
    activity: str | None
    company_number: str | None
    country: str
    access: str


class DossierList(msgspec.Struct, kw_only=True):
    """One page of the firm's dossiers, by name."""

    dossiers: list[DossierView]
    next: str | None


class DocumentPatch(EntryBody, kw_only=True, forbid_unknown_fields=True):
    """What may be changed; what is left out stays. `version` guards against overwriting somebody's newer change.

    Accounting fields belong to documents that people typed; tags, note and payment_state may always change. Amounts replace all of
    them: the total with its rate, `{"total": "121.00", "vat": "21"}` (vat: a rate, or `none` for a till receipt without VAT deduction), or
    per rate, `{"net_21": "100.00", "tax_21": "21.00"}`, against the total if it is given too. An amount is a text or a number; what can be
    read in two ways (`"1.234"`) is refused.
    """

    version: int | None = None
    tags: list[str] | None = None
    note: str | None = None
    payment_state: PaymentState | None = None


async def _amounts(
    request: Request[Any, Any, Any], data: DocumentPatch
) -> Mapping[str, str | int | Decimal] | None:
    """The amounts with their numbers as the body writes them, because a float would round what nobody sees."""
    if data.amounts is None:
        return None
    texts: dict[str, str | int | Decimal] = {
        name: value for name, value in data.amounts.items() if not isinstance(value, float)
    }
    if len(texts) == len(data.amounts):
        return texts
    return json.loads(await request.body(), parse_float=Decimal)["amounts"]


async def _view(session: ReadSession, document: Document) -> DocumentView:
    detail, _found = await details.detail(session, document, None, partial(figures, session))
    again = any(trail.reexports for trail in detail.trails)
    return _shown(document, locked=bool(detail.locks), reexported=again)


def _shown(document: Document, *, locked: bool, reexported: bool) -> DocumentView:
    return DocumentView(
        id=document.id,
        version=document.version,
        kind=document.kind.value,
        origin=document.origin.value,
        state=document.state.value,
        number=document.number,
        issue_date=None if document.erased_at else document.issue_date,
        due_date=document.due_date,
        currency=document.currency,
        net=str(document.net),
        tax=str(document.tax),
        gross=str(document.gross),
        payable=str(document.payable),
        counterparty_name=document.counterparty_name,
        counterparty_number=document.counterparty_number,
        counterparty_country=document.counterparty_country,
        structured_communication=document.structured_communication,
        locked=locked,
        reexported=reexported,
        put_aside=document.aside_reason,
        erased_at=document.erased_at,
        tags=document.tags,
        note=document.note,
        payment_state=document.payment_state.value,
        findings=[*remarks.remarks(document), *remarks.formalities(document)],
        original_sha256=document.original_sha256,
        ubl_sha256=document.ubl_sha256,
        pdf_sha256=document.pdf_sha256,
    )


@get(DOSSIERS, guards=[READS], summary="The dossiers of the firm")
async def list_dossiers(
    session: NamedDependency[ReadSession], actor: NamedDependency[Actor], after: FromQuery[str] = ""
) -> DossierList:
    """Every dossier of the firm, a page at a time."""
    page = await dossiers.listed(session, actor, queries.DossierQuery(cursor=after or None))
    rows = [
        DossierView(
            id=one.id,
            code=one.code,
            name=one.name,
            activity=one.activity,
            company_number=one.number,
            country=one.country,
            access=one.access.value,
        )
        for one in page.rows
    ]
    return DossierList(dossiers=rows, next=page.next)


@get(f"{DOSSIERS}/{{dossier_id:uuid}}/documents", guards=[READS], summary="The documents of a dossier")
async def list_documents(
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    after: FromQuery[str] = "",
) -> DocumentList:
    """A dossier's documents, a page at a time."""
    query = DocumentQuery(dossier_id=place.dossier_id, cursor=after or None)
    page = await details.listed(session, actor, place.company_id, query)
    shown = [_shown(one.document, locked=one.locked, reexported=one.reexports > 0) for one in page.rows]
    return DocumentList(documents=shown, next=page.next)


@get(PATH, guards=[READS], summary="One document")
async def get_document(
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> DocumentView:
    """A document of a dossier that the firm has open access to."""
    return await _view(
        session, await lookups.document(session, actor, place.company_id, document_id, erased=True)
    )


@patch(PATH, guards=[WRITES], summary="Correct or annotate a document")
async def patch_document(
    request: Request[Any, Any, Any],
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
    data: JSONBody[DocumentPatch],
) -> DocumentView:
    """Accounting fields make a new version, which whoever approved is asked about again; 409 when the document is locked."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    if data.version is not None and data.version != document.version:
        raise Conflict(code="changed")
    if data.says_something:
        await changes.check_amendable(session, actor, document)
        said, faults = read_json(data, await _amounts(request, data), document_patch(document))
        if said is None:
            raise Invalid(fields=faults)
        us = own_key(await arrivals.identity_of(session, document.company_id))
        document = await changes.amend(session, actor, document, said, us=us, dossier_id=place.dossier_id)
    document = await changes.annotate(
        session,
        actor,
        document,
        Annotation(tags=data.tags, note=data.note, payment_state=data.payment_state),
    )
    return await _view(session, document)


@delete(PATH, guards=[WRITES], summary="Delete a document", status_code=204)
async def delete_document(
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> None:
    """Delete a draft, or an original whose years are over; 409 when it is locked, was exported or must be kept."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    await deletion.delete(session, actor, document, dossier_id=place.dossier_id)


ROUTES: list[Any] = [list_dossiers, list_documents, get_document, patch_document, delete_document]
