"""Whether somebody of a company can approve: approval is asked only where somebody answers."""

from collections.abc import Sequence
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.repository import approvers as approvers_repository


async def hold_approvers(session: ReadSession, company_id: UUID) -> None:
    """Called before a dossier's `approvers` decide about new or changed items: whoever gets the right meanwhile waits.

    Their dossiers are marked behind this transaction, and the sweep then finds what it wrote.
    """
    await approvers_repository.hold_approvers(session, company_id)


async def pop_changed_approvers(session: WriteSession) -> Sequence[tuple[UUID, UUID]]:
    """Firm and id of the dossiers whose items must be looked at again; in the system scope."""
    return await approvers_repository.pop_changed_approvers(session)
