"""Mail to the office about a bundle's archive: one for each time it was found damaged, when it is known what became of it."""

import enum
from contextlib import suppress

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.bundles.models import Export
from portal.features.dossiers.service import dossiers
from portal.features.mail.service import delivery
from portal.features.parties import service as parties
from portal.kernel.actor import RIGHTS, Actor, Right
from portal.kernel.errors import Invalid

_SETTLED = ("bundles.archive_lost", "bundles.archive_mended")


class Outcome(enum.StrEnum):
    """What became of an archive that was found missing or damaged."""

    OFFERED = "offered"  # to the agents again
    TO_DOWNLOAD = "to_download"  # whole, and for no agent
    WHOLE = "whole"  # nothing is to be delivered: it had arrived before, or somebody put the file back
    STAYS = "stays"  # whole, but lost too often to be offered again by itself
    LOST = "lost"


async def known_as_lost(session: ReadSession, export: Export) -> bool:
    """Whether the office was told already that this archive cannot be made again, and nothing has changed since."""
    settled = [one.action for one in await audit.history_of(session, export.id) if one.action in _SETTLED]
    return bool(settled) and settled[-1] == "bundles.archive_lost"


async def tell_office(
    session: WriteSession, actor: Actor, export: Export, outcome: Outcome, *, part: str = ""
) -> None:
    """Write to those who look after agents, else to the office; each in their own language."""
    dossier = await dossiers.look_up(session, actor, export.dossier_id)
    firm = await parties.firm(session, export.firm_id)
    readers = [
        (person.email, person.name, person.language)
        for member, person in await people.staff(session, firm.id)
        if person.disabled_at is None and Right.AGENTS in RIGHTS[member.role]
    ]
    for email, name, language in readers or [(firm.email, firm.name, firm.language)]:
        with suppress(Invalid):  # no address: it stands on the pages all the same
            await delivery.send(
                session,
                actor,
                firm.id,
                message="archive_damaged",
                to_email=email,
                to_name=name,
                language=language,
                context={
                    "client": dossier.title,
                    "code": dossier.code or "",
                    "bundle": str(export.number),
                    "outcome": outcome.value,
                    "part": part,
                    "path": f"/dossiers/{dossier.id}/export/{export.id}",
                },
                dossier_id=dossier.id,
            )
