"""Looking at documents: lists, one of them, its pages and its files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.documents import repository
from portal.features.documents.domain import KIND_NAMES, RATES, DocumentQuery
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.repository import ListedDocument, Proof, Way
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.language import capitalised, gettext
from portal.sandbox import read_image, read_pdf_page

IMAGES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
SAFE_TYPES = frozenset({"application/pdf", "application/xml", "text/plain", *IMAGES})
"""Types a download keeps; all others leave as bytes without meaning."""
ITEM_ORDER = ("new", "waiting", "held", "ready", "reserved", "bundled", "delivered")
"""States of items from the beginning of their way to its end."""
SHOWN_PAGES = 20
"""So many pages are shown; the rest is in the file."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One document with everything its page shows."""

    document: Document
    locks: Sequence[DocumentLock]
    ways: Sequence[Way]
    proofs: Sequence[Proof]

    @property
    def way(self) -> Way | None:
        """The item that is furthest on its way: what the page shows."""
        return max(self.ways, key=lambda way: ITEM_ORDER.index(way.state), default=None)


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out."""

    name: str
    media_type: str
    data: bytes


def own_uploads_only(actor: Actor) -> UUID | None:
    """The person whose uploads alone an actor sees; None for everybody who sees all of a company."""
    return actor.person_id if actor.role is Role.CONTRIBUTOR else None


async def document(session: ReadSession, actor: Actor, company_id: UUID, document_id: UUID) -> Document:
    """One document of a company.

    Raises:
        NotFound: unknown, another company's, or not this contributor's.
    """
    found = await repository.one(session, document_id, own_uploads_only(actor))
    if found is None or found.company_id != company_id:
        raise NotFound
    return found


async def by_id(session: ReadSession, document_id: UUID) -> Document | None:
    """One document the session may see; for jobs."""
    return await repository.one(session, document_id)


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Document]:
    """Several documents at once, by id; unseen ones are left out."""
    return await repository.by_ids(session, ids)


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[Document]:
    """Final documents of a company in id order, behind `after`: for walking over all of them."""
    return await repository.batch_of_company(session, company_id, after, limit)


async def listed(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery
) -> Page[ListedDocument]:
    """One page of a company's documents, each with the state of its item."""
    return await repository.page(session, company_id, _for(actor, query))


async def state_counts(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery
) -> dict[str, int]:
    """How many documents are in each state, whatever states the list is filtered by."""
    return await repository.count_states(session, company_id, _for(actor, query, states=frozenset()))


def _for(actor: Actor, query: DocumentQuery, **changes: frozenset[str]) -> DocumentQuery:
    return msgspec.structs.replace(query, received_by=own_uploads_only(actor), **changes)


async def detail(session: ReadSession, document: Document, dossier_id: UUID | None) -> Detail:
    """A document with its locks and its way to the bookkeeping: in one dossier, or in all the session sees."""
    ways = await repository.ways(session, document.id, dossier_id)
    proofs = await repository.proofs(session, [way.item_id for way in ways]) if dossier_id else []
    return Detail(document, await repository.locks(session, document.id), ways, proofs)


def locked_here(detail: Detail) -> bool:
    """Whether an export of the items in sight has locked the document: those can be unlocked here."""
    mine = {way.item_id for way in detail.ways}
    return any(lock.item_id in mine and lock.reason == "exported" for lock in detail.locks)


# ── pages and files ──────────────────────────────────────────────────────────────────────────────────────────────


def shown_file(document: Document) -> tuple[str | None, str]:
    """The file whose pages stand for a document: its PDF, else its original where that is a picture; with its type."""
    if document.pdf_sha256 is not None:
        return document.pdf_sha256, "application/pdf"
    if document.original_type in IMAGES:
        return document.original_sha256, document.original_type
    return None, document.original_type


async def page_count(tools: Tools, company_id: UUID, sha256: str | None, media_type: str) -> int:
    """How many page images a stored paper has; 0 when it cannot be shown (no PDF or picture, or an unreadable one).

    Raises:
        BrokenFile: the bytes are gone or damaged.
    """
    if sha256 is None:
        return 0
    if media_type in IMAGES:
        return 1
    if media_type != "application/pdf":
        return 0
    data = await tools.store.get(company_id, sha256)
    try:
        return min((await read_pdf_page(data)).count, SHOWN_PAGES)
    except Invalid:
        return 0


async def original_page(tools: Tools, company_id: UUID, sha256: str, media_type: str, page: int) -> bytes:
    """One page (from 1) of a stored paper as a PNG, or JPEG for photos; read in the sandbox.

    The caller has found the row under row security.

    Raises:
        NotFound: there is no such page.
        BrokenFile: the bytes are gone or damaged.
    """
    if not 1 <= page <= SHOWN_PAGES:
        raise NotFound
    data = await tools.store.get(company_id, sha256)
    try:
        if media_type in IMAGES:
            if page != 1:
                raise NotFound
            return (await read_image(data, fit=1600)).data
        return (await read_pdf_page(data, page=page - 1, width=1000)).png
    except Invalid as error:
        raise NotFound from error


async def download(tools: Tools, document: Document, role: str) -> Download:
    """The original, the UBL or the PDF of a document, bytes verified.

    Raises:
        NotFound: the document has no such file.
        BrokenFile: the bytes are gone or damaged.
    """
    if role == "original":
        sha256, name, media_type = document.original_sha256, document.original_name, document.original_type
    elif role == "ubl":
        sha256, name, media_type = (
            document.ubl_sha256,
            f"{_stem(document.original_name)}.xml",
            "application/xml",
        )
    else:
        assert role == "pdf"
        sha256, name, media_type = (
            document.pdf_sha256,
            document.pdf_name or f"{_stem(document.original_name)}.pdf",
            "application/pdf",
        )
    if sha256 is None:
        raise NotFound
    data = await tools.store.get(document.company_id, sha256)
    return Download(name, media_type if media_type in SAFE_TYPES else "application/octet-stream", data)


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", name) or "document"


class _Answers(dict[str, str]):
    """Values by field; a field without one is empty, so that a template may ask for any."""

    def __missing__(self, key: str) -> str:
        return ""


COUNTRIES = ("BE", "NL", "FR", "DE", "LU")


def entry_context(values: Mapping[str, str], faults: Mapping[str, str]) -> dict[str, Any]:
    """What the form of an entry needs: values as typed, faults and choices in the reader's language."""
    return {
        "values": _Answers(values),
        "errors": _Answers({name: gettext(message) for name, message in faults.items()}),
        "kinds": [(kind.value, capitalised(gettext(name))) for kind, name in KIND_NAMES.items()],
        "rates": [str(rate) for rate in RATES],
        "countries": [
            (code, code) for code in dict.fromkeys((*COUNTRIES, values.get("counterparty_country") or "BE"))
        ],
    }
