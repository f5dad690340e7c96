"""Jobs of the slice."""

from portal.db.session import WriteSession
from portal.features.approvals import service
from portal.features.approvals.domain import HandedOver
from portal.jobs.contract import Tools, hears
from portal.kernel.actor import Actor


@hears(HandedOver, as_system=True)
async def handed_over(session: WriteSession, actor: Actor, event: HandedOver, _tools: Tools) -> None:
    """The dossier shows it, and its file manager gets a mail."""
    await service.tell_accountant(session, actor, event)
