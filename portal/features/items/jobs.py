"""Items follow what happens below: papers that arrive and change, access that opens and ends. Across firms, in the system scope."""

from typing import ClassVar
from uuid import UUID

import msgspec

from portal.db.session import WriteSession
from portal.features.banking.domain import StatementArrived
from portal.features.documents.domain import DocumentArrived, DocumentChanged, DocumentUnlocked
from portal.features.dossiers.domain import AccessEnded, DossierOpened
from portal.features.items import service
from portal.features.policies.domain import PolicyChanged
from portal.jobs.contract import Job, Tools, handles, hears
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor


@hears(DocumentArrived, as_system=True)
async def document_arrived(
    session: WriteSession, _actor: Actor, event: DocumentArrived, _tools: Tools
) -> None:
    """An item in every dossier on the company."""
    await service.make_for_document(session, event.document_id)


@hears(StatementArrived, as_system=True)
async def statement_arrived(
    session: WriteSession, _actor: Actor, event: StatementArrived, _tools: Tools
) -> None:
    """An item in every dossier on the company."""
    await service.make_for_statement(session, event.statement_id)


@hears(DocumentChanged, as_system=True)
async def document_changed(
    session: WriteSession, _actor: Actor, event: DocumentChanged, _tools: Tools
) -> None:
    """The items take the new values and start again."""
    await service.follow_change(session, event.document_id)


class FillDossier(Job, frozen=True, kw_only=True):
    """A dossier was opened: items for the company's papers behind `after`, first the documents, then the statements."""

    name: ClassVar[str] = "items.fill_dossier"
    dossier_id: UUID
    company_id: UUID
    statements: bool = False
    after: UUID | None = None


@hears(DossierOpened, as_system=True)
async def dossier_opened(session: WriteSession, actor: Actor, event: DossierOpened, _tools: Tools) -> None:
    """Items for what the company has already, batch by batch."""
    await enqueue(session, actor, FillDossier(dossier_id=event.dossier_id, company_id=event.company_id))


@handles(FillDossier, as_system=True)
async def fill_dossier(session: WriteSession, actor: Actor, job: FillDossier, _tools: Tools) -> None:
    """One batch; the job of the next one is written in the same transaction, so that a crash loses and doubles nothing."""
    fill = service.fill_statements if job.statements else service.fill_documents
    last = await fill(session, job.dossier_id, job.company_id, job.after)
    if last is not None:
        await enqueue(session, actor, msgspec.structs.replace(job, after=last))
    elif not job.statements:
        await enqueue(session, actor, msgspec.structs.replace(job, statements=True, after=None))


@hears(AccessEnded, as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """The firm keeps its history and nothing of the company's."""
    await service.end_access(session, event.dossier_id)


class Reassess(Job, frozen=True, kw_only=True):
    """The policy of a dossier changed: look at its open items again, those behind `after`."""

    name: ClassVar[str] = "items.reassess"
    firm_id: UUID
    dossier_id: UUID
    after: UUID | None = None


@hears(PolicyChanged, as_system=True)
async def policy_changed(session: WriteSession, actor: Actor, event: PolicyChanged, _tools: Tools) -> None:
    """A job for each dossier it may concern: small transactions, none of which holds up the others."""
    concerned = (
        [event.dossier_id]
        if event.dossier_id is not None
        else await service.dossiers_to_reassess(session, event.firm_id)
    )
    for dossier_id in concerned:
        # no unique key: one that runs at this moment may have read the policy of before
        await enqueue(session, actor, Reassess(firm_id=event.firm_id, dossier_id=dossier_id))


@handles(Reassess, as_system=True)
async def reassess(session: WriteSession, actor: Actor, job: Reassess, _tools: Tools) -> None:
    """What is here waits, or does not wait any more, as the policy now says: one batch, and the job of the next one."""
    done = await service.reassess(session, job.firm_id, job.dossier_id, job.after)
    if done.last is not None:
        await enqueue(session, actor, msgspec.structs.replace(job, after=done.last))


@hears(DocumentUnlocked, as_system=True)
async def document_unlocked(
    session: WriteSession, _actor: Actor, event: DocumentUnlocked, _tools: Tools
) -> None:
    """The items show it."""
    await service.set_locked(session, event.item_ids, locked=False)
