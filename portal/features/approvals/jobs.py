"""Jobs, listeners and sweeps of approvals: reminders, notices, hand-overs."""

from portal.db.session import WriteSession
from portal.features.approvals.domain import ClientSaid, ClientTookBack, HandedOver
from portal.features.approvals.service import handovers, notices, reminders
from portal.features.approvals.service.notices import TellOffice
from portal.features.approvals.service.reminders import RemindApprover
from portal.features.documents.domain.documents import DocumentChanged
from portal.features.dossiers.domain.dossiers import AccessEnded
from portal.features.intake.domain.events import FileAnswered
from portal.features.retention.domain import PaperMoved
from portal.jobs.contract import Tools, handles, on_event, sweeps
from portal.kernel.actor import Actor


@on_event(HandedOver, "approvals.handed_over", as_system=True)
async def handed_over(session: WriteSession, actor: Actor, event: HandedOver, _tools: Tools) -> None:
    """The dossier shows it, and its file manager gets a mail."""
    await handovers.tell_accountant(session, actor, event)


@on_event(ClientSaid, "approvals.client_said", as_system=True)
async def client_said(session: WriteSession, actor: Actor, event: ClientSaid, _tools: Tools) -> None:
    """A rejection or an answer stands on the work list."""
    await notices.client_said(session, actor, event)


@on_event(PaperMoved, "approvals.put_aside", as_system=True)
async def put_aside(session: WriteSession, actor: Actor, event: PaperMoved, _tools: Tools) -> None:
    """So does what a client put aside, or brought back."""
    await notices.paper_moved(session, actor, event)


@on_event(FileAnswered, "approvals.file_answered", as_system=True)
async def file_answered(session: WriteSession, actor: Actor, event: FileAnswered, _tools: Tools) -> None:
    """So does what a client answered to a question of quick entry."""
    await notices.file_answered(session, actor, event)


@on_event(ClientTookBack, "approvals.took_back", as_system=True)
async def took_back(session: WriteSession, actor: Actor, event: ClientTookBack, _tools: Tools) -> None:
    """Nobody need handle it any more."""
    await notices.withdraw_notices(session, actor, event.document_id)


@on_event(DocumentChanged, "approvals.document_changed", as_system=True)
async def document_changed(
    session: WriteSession, actor: Actor, event: DocumentChanged, _tools: Tools
) -> None:
    """What was said was said of another version."""
    await notices.withdraw_notices(session, actor, event.document_id)


@on_event(AccessEnded, "approvals.access_ended", as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """What the company's people wrote goes."""
    await notices.access_ended(session, event.dossier_id)


@handles(TellOffice, as_system=True)
async def tell_office(session: WriteSession, actor: Actor, job: TellOffice, _tools: Tools) -> None:
    """One mail about all of it."""
    await notices.tell_office(session, actor, job.dossier_id)


@sweeps("approvals.remind_approvers", every=300)
async def remind_approvers(session: WriteSession, _tools: Tools) -> None:
    """From eight in the morning, Brussels time: whoever can approve is told what waits."""
    await reminders.remind_all(session)


@handles(RemindApprover, as_system=True)
async def remind(session: WriteSession, actor: Actor, job: RemindApprover, _tools: Tools) -> None:
    """One person, one firm, one day."""
    await reminders.remind(session, actor, job)
