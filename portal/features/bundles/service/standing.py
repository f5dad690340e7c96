"""Standing policies: what is due by itself, and exports that nobody works on any more."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.bundles import repository
from portal.features.bundles.domain import ExportOptions
from portal.features.bundles.service.choosing import abandon, build_key, request_export
from portal.features.dossiers import service as dossiers
from portal.features.dossiers.domain import OPEN_ACCESS
from portal.features.items import service as items
from portal.features.policies import service as policies
from portal.features.policies.domain import Cadence, month_end_due
from portal.jobs import ledger
from portal.jobs.contract import Job, Later, clock_of
from portal.kernel.actor import Actor, policy_actor
from portal.kernel.errors import Conflict
from portal.kernel.ids import FirmId
from portal.kernel.language import N_

GIVEN_UP = N_("The bundle could not be made; it was tried several times. Nothing was exported.")
WAIT = 5
"""Seconds."""


class ExportByPolicy(Job, frozen=True, kw_only=True):
    """A standing policy says that items of this dossier are due."""

    name = "bundles.by_policy"
    dossier_id: UUID
    until: date | None


def policy_key(dossier_id: UUID) -> str:
    """The ledger's unique key: one waiting export by policy per dossier."""
    return f"bundles.policy:{dossier_id}"


@dataclass(frozen=True, slots=True)
class Due:
    """A dossier in which something is due; `until` bounds the legal date."""

    firm_id: UUID
    dossier_id: UUID
    until: date | None


async def due_dossiers(session: WriteSession, now: datetime) -> list[Due]:
    """Dossiers whose standing policy has something to export now. Runs in the system scope."""
    due: list[Due] = []
    for standing in await policies.standing(session):
        policy = standing.policy
        if policy.cadence is Cadence.AFTER_DELAY:
            found = await items.dossiers_due(
                session,
                policy.firm_id,
                standing.dossiers,
                final_before=policies.delay_begins(policy, now),
                dated_until=None,
                dated_from=policy.export_from,
                statements=policy.include_statements,
            )
            due.extend(Due(policy.firm_id, dossier_id, None) for dossier_id in found)
            continue
        month_end = month_end_due(policy.run_day, policy.run_hour, now)
        if policy.last_month_run is not None and policy.last_month_run >= month_end:
            continue
        found = await items.dossiers_due(
            session,
            policy.firm_id,
            standing.dossiers,
            final_before=None,
            dated_until=month_end,
            dated_from=policy.export_from,
            statements=policy.include_statements,
        )
        due.extend(Due(policy.firm_id, dossier_id, month_end) for dossier_id in found)
        await policies.month_has_run(session, policy, month_end)
    return due


async def export_by_policy(session: WriteSession, actor: Actor, job: ExportByPolicy) -> None:
    """Carry a due export out; the policy is read again, because it may have changed meanwhile.

    Raises:
        Later: an export that somebody began by hand is running, or a document is being changed.
    """
    dossier = await dossiers.open_dossier(session, actor, job.dossier_id)
    if dossier.access not in OPEN_ACCESS:
        return
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    if policy.cadence is Cadence.NEVER:
        return
    final_before = (
        policies.delay_begins(policy, clock_of(session).now())
        if policy.cadence is Cadence.AFTER_DELAY
        else None
    )
    options = ExportOptions(until=job.until, final_before=final_before)
    try:
        async with session.begin_nested():
            export = await request_export(session, actor, dossier, options, by_policy=True)
    except Conflict as conflict:
        if conflict.code == "nothing_new":
            return
        raise Later(WAIT, conflict.code) from conflict
    if not export.by_policy:
        raise Later(WAIT, "another export is running")


async def give_up_dead(session: WriteSession, before: datetime) -> int:
    """Abandon open exports older than `before` whose build is in nobody's ledger. Runs in the system scope."""
    count = 0
    for export in await repository.stuck(session):
        if export.created_at > before or await ledger.is_pending(session, build_key(export.id)):
            continue
        actor = policy_actor(FirmId(export.firm_id), "system")
        count += await abandon(session, actor, export, GIVEN_UP)
    return count
