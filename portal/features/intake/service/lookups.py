"""Looking at what was handed in, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from portal.db.paging import Page
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.models import BankAccount, Statement
from portal.features.banking.service import statements as banking
from portal.features.documents.models import Document
from portal.features.documents.service import lookups, remarks
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.service import dossiers
from portal.features.intake.domain.files import IntakeQuery, IntakeState
from portal.features.intake.domain.reasons import AMOUNTS, reason_text
from portal.features.intake.models import IntakeFile
from portal.features.intake.repository import files as files_repository
from portal.features.intake.repository import walks
from portal.features.retention.domain import ArchivesWith
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.language import current_language
from themes.filters import money


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file and what became of it."""

    file: IntakeFile
    document: Document | None
    statements: Sequence[tuple[Statement, BankAccount]]
    why: str
    remarks: Sequence[str] = ()
    members: "list[Outcome]" = field(default_factory=list["Outcome"])

    @property
    def settled(self) -> bool:
        """Whether somebody or something has looked at it (and at all it held)."""
        return self.file.state is not IntakeState.RECEIVED and all(one.settled for one in self.members)


@dataclass(frozen=True, slots=True)
class Upload:
    """What was handed in together."""

    id: UUID
    outcomes: Sequence[Outcome]
    total: int
    done: int

    @property
    def settled(self) -> bool:
        """Whether all of it was looked at."""
        return self.done == self.total


async def upload(session: ReadSession, actor: Actor, company_id: UUID, upload_id: UUID) -> Upload:
    """An upload with what became of each file.

    Raises:
        NotFound: unknown, another company's, or not this contributor's.
    """
    rows = [
        row for row in await walks.of_upload(session, IntakeFile, upload_id) if row.company_id == company_id
    ]
    own = lookups.own_uploads_only(actor)
    if own is not None:
        rows = [row for row in rows if row.received_by == own]
    if not rows:
        raise NotFound
    by_id = {one.file.id: one for one in await _outcomes(session, rows)}
    top: list[Outcome] = []
    for one in by_id.values():
        parent = by_id.get(one.file.parent_id) if one.file.parent_id else None
        (parent.members if parent else top).append(one)
    leaves = [row for row in rows if row.state is not IntakeState.SPLIT]
    done = sum(1 for row in leaves if row.state is not IntakeState.RECEIVED)
    return Upload(upload_id, top, len(leaves), done)


async def _outcomes(session: ReadSession, rows: Sequence[IntakeFile]) -> list[Outcome]:
    papers = await lookups.by_ids(session, [row.document_id for row in rows if row.document_id])
    wanted = {row.id: [UUID(one) for one in row.statement_ids.get("ids", [])] for row in rows}
    statements = await banking.by_ids(session, [one for ids in wanted.values() for one in ids])
    made: list[Outcome] = []
    for row in rows:
        paper = papers.get(row.document_id) if row.document_id else None
        if paper is not None and paper.erased_at is not None:
            paper = None
        told = [
            statements[one]
            for one in wanted[row.id]
            if one in statements and statements[one][0].erased_at is None
        ]
        made.append(
            Outcome(
                row,
                paper,
                told,
                why_of(row.reason, row.reason_params),
                remarks.remarks(paper) if paper else (),
            )
        )
    return made


def why_of(reason: str | None, given: Mapping[str, Any]) -> str:
    """A reason in the reader's language, its amounts as they write them."""
    params = dict(given)
    if reason in AMOUNTS:
        currency = params.get("currency") or "EUR"
        for name in ("expected", "found"):
            params[name] = money(Decimal(params[name]), currency, current_language())
    return reason_text(reason, params)


async def listed(session: ReadSession, actor: Actor, company_id: UUID, query: IntakeQuery) -> Page[Outcome]:
    """One page of handed-in files, each with what became of it."""
    mine = msgspec.structs.replace(query, received_by=lookups.own_uploads_only(actor))
    page = await files_repository.page(session, company_id, mine)
    return Page(await _outcomes(session, page.rows), page.next, page.previous)


async def counts(
    session: ReadSession, actor: Actor, company_id: UUID, query: IntakeQuery
) -> dict[IntakeState, int]:
    """How many files are in each state."""
    mine = msgspec.structs.replace(query, received_by=lookups.own_uploads_only(actor))
    return await files_repository.counts(session, company_id, mine)


async def file(session: ReadSession, actor: Actor, company_id: UUID, file_id: UUID) -> IntakeFile:
    """One handed-in file of a company.

    Raises:
        NotFound: unknown, another company's, or not this contributor's.
    """
    found = await files_repository.one(session, file_id, lookups.own_uploads_only(actor))
    if found is None or found.company_id != company_id:
        raise NotFound
    return found


async def outcome(session: ReadSession, row: IntakeFile) -> Outcome:
    """What became of one file."""
    return (await _outcomes(session, [row]))[0]


async def next_waiting(
    session: ReadSession, actor: Actor, company_id: UUID, dossier_id: UUID | None, exclude: UUID
) -> UUID | None:
    """The next file of quick entry."""
    own = lookups.own_uploads_only(actor)
    return await files_repository.next_waiting(session, company_id, dossier_id, own, exclude)


async def recount(session: WriteSession, dossier_id: UUID, company_id: UUID) -> None:
    """Set the counters of quick entry of a firm's dossiers on a company when access opens or ends; in the system scope."""
    rows = await dossiers.lock_of_firm(session, dossier_id, company_id)
    if not rows:
        return
    waiting = await files_repository.waiting_by_dossier(session, rows[0].firm_id, company_id)
    await dossiers.set_quick_entry_counts(
        session, {row.id: waiting.get(row.id, 0) if row.access in OPEN_ACCESS else 0 for row in rows}
    )


async def archives_with(session: ReadSession, question: ArchivesWith) -> int:
    """In how many archives a document or statement was handed in."""
    return await files_repository.archives_with(session, question)
