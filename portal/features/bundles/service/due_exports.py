"""Standing policies: what is due by itself, and exports that nobody works on any more."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from portal.db.session import WriteSession
from portal.features.bundles.domain import ExportOptions
from portal.features.bundles.models import Export
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service.selection import abandon, build_key, request_export
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.items.domain import Due
from portal.features.items.service import sync
from portal.features.policies import service as policies
from portal.features.policies.domain import SHORTEST_DELAY, Cadence, month_end_due
from portal.jobs import ledger
from portal.jobs.contract import Job, Later, clock_of
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Principal, policy_actor
from portal.kernel.errors import Conflict
from portal.kernel.ids import FirmId, PersonId
from portal.kernel.language import N_

GIVEN_UP = N_("The bundle could not be made; it was tried several times. Nothing was exported.")
LOOK_SECONDS = SHORTEST_DELAY
"""Between two looks at what policies let leave. None lets anything leave sooner after it is ready: so each look sees all that is due
before the next one, and its job is due at the very moment."""
WAIT, LONG_WAIT = 5, 3600
"""Seconds; the long one until somebody has given the dossier another code."""
AGAIN_AFTER = timedelta(hours=1)
"""A build that was given up had been tried for a quarter of an hour: what is broken needs longer than that."""


class ExportByPolicy(Job, frozen=True, kw_only=True):
    """A standing policy says that items of this dossier are due."""

    name = "bundles.by_policy"
    dossier_id: UUID
    until: date | None


class GiveUpExport(Job, frozen=True, kw_only=True):
    """Nobody builds this export any more: abandon it."""

    name = "bundles.give_up"
    export_id: UUID


def policy_key(dossier_id: UUID) -> str:
    """The ledger's unique key: one waiting export by policy per dossier."""
    return f"bundles.policy:{dossier_id}"


async def due_dossiers(session: WriteSession, now: datetime) -> list[Due]:
    """Dossiers in which a standing policy lets something leave by the next look but one. Runs in the system scope."""
    months = await policies.run_months(session)
    return await sync.due(session, now, now + 2 * timedelta(seconds=LOOK_SECONDS), months)


async def export_by_policy(task: Task, job: ExportByPolicy) -> None:
    """Carry one ExportByPolicy out.

    Raises:
        Later: see `_export_what_is_due`.
    """
    async with opening.dossier(task.tools.database, task.actor, job.dossier_id) as (session, dossier):
        await _export_what_is_due(session, task.actor, dossier, job)
        await task.finish(session)


async def _export_what_is_due(
    session: WriteSession, actor: Actor, dossier: Dossier, job: ExportByPolicy
) -> None:
    """Begin a due export; the policy is read again, because it may have changed meanwhile.

    Raises:
        Later: an export that somebody began by hand is running, a document is being changed, or no folder can have the dossier's code
            as its name.
    """
    if dossier.access not in OPEN_ACCESS:
        return
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    if policy.cadence is Cadence.NEVER:
        return
    now = clock_of(session).now()
    final_before = policies.delay_begins(policy, now) if policy.cadence is Cadence.AFTER_DELAY else None
    until = job.until
    if (
        policy.cadence is Cadence.LAST_FULL_MONTH
    ):  # one that comes late carries the months that fell due meanwhile
        month_end = month_end_due(policy.run_day, policy.run_hour, now)
        until = max(job.until or month_end, month_end)
    options = ExportOptions(until=until, final_before=final_before)
    try:
        async with session.begin_nested():
            export = await request_export(session, actor, dossier, options, by_policy=True)
    except Conflict as conflict:
        if conflict.code == "nothing_new":
            return
        raise Later(LONG_WAIT if conflict.code == "wrong_code" else WAIT, conflict.code) from conflict
    if not export.by_policy:
        raise Later(WAIT, "another export is running")


async def requeue(
    session: WriteSession, actor: Actor, export: Export, *, after: timedelta | None = None
) -> None:
    """What a policy wanted to export and could not is asked for again; a month is asked for only once by the clock.

    Args:
        after: not before that long; until then the clock's own wish for this dossier waits too.
    """
    if not export.by_policy:
        return  # whoever pressed the button sees what became of it
    await ledger.enqueue(
        session,
        actor,
        ExportByPolicy(
            dossier_id=export.dossier_id, until=msgspec.convert(export.options, ExportOptions).until
        ),
        due_at=clock_of(session).now() + after if after is not None else None,
        unique_key=policy_key(export.dossier_id),
    )


async def give_up_dead(session: WriteSession, before: datetime) -> None:
    """A job for each export that is open since `before` and whose build is in nobody's ledger. Runs in the system scope.

    A job each, so that one that cannot be given up holds no other back.
    """
    for export in await exports_repository.stuck(session, before):
        if not await ledger.is_pending(session, build_key(export.id)):
            await ledger.enqueue(
                session,
                policy_actor(FirmId(export.firm_id), "system", _wanted_by(export)),
                GiveUpExport(export_id=export.id),
                unique_key=f"bundles.give_up:{export.id}",
            )


def _wanted_by(export: Export) -> Principal | None:
    """The person who pressed the button; nobody, where a policy or a program did."""
    if export.requested_by is None:
        return None
    return Principal(person_id=PersonId(export.requested_by), name=export.requested_by_name)


async def give_up(task: Task, job: GiveUpExport) -> None:
    """Abandon an export that nobody works on; what a policy had asked for comes back later."""
    async with task.transaction() as session:
        export = await exports_repository.export(session, job.export_id)
        if export is None:
            await task.finish(session)
            return
    async with opening.dossier(task.tools.database, task.actor, export.dossier_id) as (session, _dossier):
        revived = await ledger.is_pending(session, build_key(export.id))  # somebody did, meanwhile
        if not revived and await abandon(session, task.actor, export, GIVEN_UP):
            asks = policy_actor(FirmId(export.firm_id), "policy")
            await requeue(session, asks, export, after=AGAIN_AFTER)
        await task.finish(session)
