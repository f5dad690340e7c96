"""Whether somebody of a company can approve: approval is asked only where somebody answers."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers import repository
from portal.features.dossiers.domain import OPEN_ACCESS
from portal.features.dossiers.models import Dossier


async def hold_approvers(session: ReadSession, company_id: UUID) -> None:
    """Called before a dossier's `approvers` decide about new or changed items: whoever gets the right meanwhile waits.

    Their dossiers are marked behind this transaction, and the sweep then finds what it wrote.
    """
    await repository.hold_approvers(session, company_id)


async def take_changed_approvers(session: WriteSession) -> Sequence[tuple[UUID, UUID]]:
    """Firm and id of the dossiers whose items must be looked at again; in the system scope."""
    return await repository.take_changed_approvers(session)


async def by_id(session: ReadSession, dossier_id: UUID) -> Dossier | None:
    """One dossier as it is now; of any firm in the system scope."""
    return await repository.by_id(session, dossier_id)


async def nobody_to_ask(session: ReadSession, dossiers: Iterable[Dossier]) -> set[UUID]:
    """Which of some dossiers ask for approval by their policy, and nobody of the company can give it."""
    silent = {one.id for one in dossiers if one.access in OPEN_ACCESS and one.approvers == 0}
    return await repository.asking(session, silent)
