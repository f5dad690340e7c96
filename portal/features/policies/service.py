"""Export policies: which one is in force."""

from uuid import UUID

from portal.db.session import ReadSession
from portal.features.policies import repository
from portal.features.policies.models import ExportPolicy
from portal.kernel.errors import NotFound


async def policy_for(session: ReadSession, firm_id: UUID, dossier_id: UUID) -> ExportPolicy:
    """The dossier's own policy, else the firm's default.

    Raises:
        NotFound: the firm has no default, which its registration always makes.
    """
    found = await repository.in_force(session, firm_id, dossier_id)
    if found is None:
        raise NotFound
    return found


__all__ = ["ExportPolicy", "policy_for"]
