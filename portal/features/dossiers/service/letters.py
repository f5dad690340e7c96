"""Mails to a firm about a dossier."""

from portal.db.session import WriteSession
from portal.features.accounts.service import people
from portal.features.dossiers.models import Dossier
from portal.features.mail.service import delivery
from portal.features.parties import service as parties
from portal.kernel.actor import Actor


async def tell_firm(
    session: WriteSession, actor: Actor, dossier: Dossier, *, message: str, context: dict[str, str]
) -> None:
    """Mail a firm about a dossier: its file manager, or the office when there is none. Runs in the system scope."""
    manager = await people.person(session, dossier.manager_id) if dossier.manager_id is not None else None
    firm = await parties.firm(session, dossier.firm_id)
    reader = manager if manager is not None and manager.disabled_at is None else firm
    await delivery.send(
        session,
        actor,
        dossier.firm_id,
        message=message,
        to_email=reader.email,
        to_name=reader.name,
        language=reader.language,
        context=context,
        dossier_id=dossier.id,
    )
