"""Items follow what happens below: papers that arrive and change, access that opens and ends. Across firms, in the system scope."""

from typing import ClassVar
from uuid import UUID

import msgspec

from portal.db.session import WriteSession
from portal.features.banking.domain import StatementArrived
from portal.features.documents.domain.documents import DocumentArrived, DocumentChanged, DocumentUnlocked
from portal.features.dossiers.domain.dossiers import AccessEnded, DossierOpened
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.service import moves, sync
from portal.features.onboarding.domain import CompanyActivated
from portal.features.policies.domain import PolicyChanged
from portal.jobs.contract import Job, Tools, handles, on_event, sweeps
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, policy_actor
from portal.kernel.ids import FirmId


@on_event(DocumentArrived, "items.document_arrived", as_system=True)
async def document_arrived(
    session: WriteSession, _actor: Actor, event: DocumentArrived, _tools: Tools
) -> None:
    """An item for every firm that sees the company, in one of its dossiers."""
    await sync.make_for_document(session, event.document_id)


@on_event(StatementArrived, "items.statement_arrived", as_system=True)
async def statement_arrived(
    session: WriteSession, _actor: Actor, event: StatementArrived, _tools: Tools
) -> None:
    """An item for every firm that sees the company, in one of its dossiers."""
    await sync.make_for_statement(session, event.statement_id)


@on_event(DocumentChanged, "items.document_changed", as_system=True)
async def document_changed(
    session: WriteSession, _actor: Actor, event: DocumentChanged, _tools: Tools
) -> None:
    """The items take the new values and start again."""
    await sync.follow_change(session, event.document_id)


class FillDossier(Job, frozen=True, kw_only=True):
    """A dossier was opened: items for the company's papers behind `after`, first the documents, then the statements."""

    name: ClassVar[str] = "items.fill_dossier"
    dossier_id: UUID
    company_id: UUID
    statements: bool = False
    after: UUID | None = None


@on_event(DossierOpened, "items.dossier_opened", as_system=True)
async def dossier_opened(session: WriteSession, actor: Actor, event: DossierOpened, _tools: Tools) -> None:
    """Items for what the company has already, batch by batch."""
    await enqueue(session, actor, FillDossier(dossier_id=event.dossier_id, company_id=event.company_id))


@handles(FillDossier, as_system=True)
async def fill_dossier(session: WriteSession, actor: Actor, job: FillDossier, _tools: Tools) -> None:
    """One batch; the job of the next one is written in the same transaction, so that a crash loses and doubles nothing."""
    fill = sync.fill_statements if job.statements else sync.fill_documents
    last = await fill(session, job.dossier_id, job.company_id, job.after)
    if last is not None:
        await enqueue(session, actor, msgspec.structs.replace(job, after=last))
    elif not job.statements:
        await enqueue(session, actor, msgspec.structs.replace(job, statements=True, after=None))


@on_event(AccessEnded, "items.access_ended", as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """The firm keeps its history and nothing of the company's."""
    await sync.end_access(session, event.dossier_id)


class Reassess(Job, frozen=True, kw_only=True):
    """The policy of a dossier changed: look at its open items again, those behind `after`."""

    name: ClassVar[str] = "items.reassess"
    firm_id: UUID
    dossier_id: UUID
    after: UUID | None = None


@on_event(PolicyChanged, "items.policy_changed", as_system=True)
async def policy_changed(session: WriteSession, actor: Actor, event: PolicyChanged, _tools: Tools) -> None:
    """A job for each dossier it may concern: small transactions, none of which holds up the others."""
    concerned = (
        [event.dossier_id]
        if event.dossier_id is not None
        else await sync.dossiers_to_reassess(session, event.firm_id)
    )
    for dossier_id in concerned:
        # no unique key: one that runs at this moment may have read the policy of before
        await enqueue(session, actor, Reassess(firm_id=event.firm_id, dossier_id=dossier_id))


@handles(Reassess, as_system=True)
async def reassess(session: WriteSession, actor: Actor, job: Reassess, _tools: Tools) -> None:
    """What is here waits, or does not wait any more, as the policy now says: one batch, and the job of the next one."""
    done = await sync.reassess(session, job.firm_id, job.dossier_id, job.after)
    if done.last is not None:
        await enqueue(session, actor, msgspec.structs.replace(job, after=done.last))


@on_event(CompanyActivated, "items.company_activated", as_system=True)
async def company_activated(
    session: WriteSession, actor: Actor, event: CompanyActivated, _tools: Tools
) -> None:
    """At once, and not with the next sweep: the owner looks at what waits for them just now."""
    for dossier in await dossiers.of_company(session, event.company_id):
        await enqueue(session, actor, Reassess(firm_id=dossier.firm_id, dossier_id=dossier.id))


@sweeps("items.approvers_changed", every=5)
async def approvers_changed(session: WriteSession, _tools: Tools) -> None:
    """Where somebody can approve now, or nobody any more: what is here waits, or goes on; what has left stays."""
    for firm_id, dossier_id in await approvers.pop_changed_approvers(session):
        actor = policy_actor(FirmId(firm_id), "system")
        await enqueue(session, actor, Reassess(firm_id=firm_id, dossier_id=dossier_id))


@on_event(DocumentUnlocked, "items.document_unlocked", as_system=True)
async def document_unlocked(
    session: WriteSession, _actor: Actor, event: DocumentUnlocked, _tools: Tools
) -> None:
    """A document was unlocked: its items are locked no more."""
    await moves.set_locked(session, event.item_ids, locked=False)
