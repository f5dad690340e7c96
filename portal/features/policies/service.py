"""Export policies: which one is in force."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
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


@dataclass(frozen=True, slots=True)
class Standing:
    """A policy that acts by itself, and for which dossiers: exactly these (`only`), or the firm's others (`but`)."""

    policy: ExportPolicy
    dossiers: "Whose"


@dataclass(frozen=True, slots=True)
class Whose:
    """The dossiers a policy is in force for: one of its own, or all of the firm but those with a policy of their own."""

    only: UUID | None = None
    but: frozenset[UUID] = frozenset()


async def standing(session: ReadSession) -> list[Standing]:
    """Every policy that acts by itself, of all firms; runs in the system scope."""
    own = await repository.dossiers_with_own(session)
    return [
        Standing(
            policy,
            Whose(only=policy.dossier_id)
            if policy.dossier_id is not None
            else Whose(but=frozenset(own.get(policy.firm_id, ()))),
        )
        for policy in await repository.standing(session)
    ]


def delay_begins(policy: ExportPolicy, now: datetime) -> datetime:
    """Items final since before this moment are due under *after N minutes*."""
    return now - timedelta(seconds=policy.delay_seconds)


async def month_has_run(session: WriteSession, policy: ExportPolicy, month_end: date) -> None:
    """*Last full month* has run up to this month end."""
    await repository.remember_month(session, policy.id, month_end)


__all__ = ["ExportPolicy", "Standing", "Whose", "delay_begins", "month_has_run", "policy_for", "standing"]
