"""Export policies: which one is in force, changing it, and what acts by itself."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.queries import ListedDossier
from portal.features.dossiers.domain.staff import is_own
from portal.features.dossiers.models import Dossier
from portal.features.policies import repository
from portal.features.policies.domain import (
    Cadence,
    PolicyChanged,
    PolicyValues,
    faults,
    month_clock,
    month_end_due,
)
from portal.features.policies.models import ExportPolicy
from portal.features.policies.repository import Standing
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.kinds import KIND_PLURALS
from portal.kernel.language import N_

NOT_YOURS = N_(
    "Only the file manager of this dossier, a manager or the owner of the office changes its policy."
)


async def policy_for(session: ReadSession, firm_id: UUID, dossier_id: UUID) -> ExportPolicy:
    """The dossier's own policy, else the firm's default.

    Raises:
        NotFound: the firm has no default, which its registration always makes.
    """
    found = await repository.in_force(session, firm_id, dossier_id)
    if found is None:
        raise NotFound
    return found


def asked_for(firm_id: UUID, dossier_id: UUID) -> Figure[PolicyValues]:
    """What the policy of a dossier asks for, to be shown along with other things; NotFound as `policy_for`, when it is found."""

    def told(found: Standing | None) -> PolicyValues:
        if found is None:
            raise NotFound
        return values_of(found)

    return repository.standing(firm_id, dossier_id).mapped(told)


async def lock_policies(session: WriteSession, actor: Actor) -> None:
    """Whoever compares a policy with what stands and then changes it goes first; the others of the firm wait."""
    if actor.firm_id is not None:
        await repository.lock_policies(session, actor.firm_id)


async def own_policy(session: ReadSession, firm_id: UUID, dossier_id: UUID | None) -> ExportPolicy | None:
    """Exactly one dossier's own policy, or (None) the firm's default; None when there is none."""
    return await repository.of(session, firm_id, dossier_id)


async def dossiers_with_own(session: ReadSession, firm_id: UUID) -> set[UUID]:
    """The dossiers of a firm that do not follow its default."""
    return await repository.dossiers_with_own_of(session, firm_id)


# ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def may_change(actor: Actor, dossier: Dossier | None) -> bool:
    """Whether the actor may change a dossier's policy, or (None) the firm's default."""
    return actor.may(Right.FIRM_SETTINGS) if dossier is None else is_own(actor, dossier.manager_id)


def values_of(policy: ExportPolicy | Standing) -> PolicyValues:
    """What a policy says, as plain values; kinds nobody knows any more are left out."""
    known = {kind.value: kind for kind in KIND_PLURALS}
    return PolicyValues(
        cadence=policy.cadence,
        delay_seconds=policy.delay_seconds,
        run_day=policy.run_day,
        run_hour=policy.run_hour,
        needs_approval=policy.needs_approval,
        approval_kinds=tuple(known[kind] for kind in known if kind in policy.approval_kinds),
        lock_exported=policy.lock_exported,
        include_statements=policy.include_statements,
        export_from=policy.export_from,
        hold_odd_attachments=policy.hold_odd_attachments,
    )


async def change(
    session: WriteSession,
    actor: Actor,
    dossier: Dossier | None,
    values: PolicyValues,
    *,
    catch_up: bool = False,
) -> ExportPolicy:
    """Write a dossier's own policy, or (no dossier) the firm's default. What is open is looked at again by a job.

    A policy that begins to act monthly waits for its next day and hour; what is due then includes everything older.

    Args:
        catch_up: a policy that begins to act monthly also takes at once what is dated up to the month end that has passed.

    Raises:
        Forbidden: not this actor's to change.
        Invalid: with a message per field.
    """
    if not may_change(actor, dossier):
        raise Forbidden(NOT_YOURS)
    assert actor.firm_id is not None
    dossier_id = dossier.id if dossier is not None else None
    wrong = faults(values)
    if wrong:
        raise Invalid(fields=wrong)
    await repository.lock_policies(session, actor.firm_id)
    own = await repository.of(session, actor.firm_id, dossier_id)
    before = await repository.in_force(session, actor.firm_id, dossier_id) if dossier_id else own
    said = msgspec.structs.asdict(values_of(before)) if before is not None else {}
    says = msgspec.structs.asdict(values)
    changed = audit.changes(said, says)
    if own is not None and not changed and not catch_up:
        return own
    columns: dict[str, Any] = {**says, "approval_kinds": [kind.value for kind in values.approval_kinds]}
    written = await repository.write(
        session,
        actor.firm_id,
        dossier_id,
        {
            "id": own.id if own is not None else new_id(),
            **columns,
            "changed_at": clock_of(session).now(),
            "last_month_run": _months_run(before, values, clock_of(session).now(), catch_up=catch_up),
        },
    )
    await audit.record(
        session,
        actor,
        "policies.changed",
        "export_policy",
        written.id,
        dossier_id=dossier_id,
        what=dossier.name if dossier is not None else "",
        own=dossier_id is not None,
        fields=changed,
        catch_up=catch_up,
    )
    await publish(session, actor, PolicyChanged(firm_id=actor.firm_id, dossier_id=dossier_id))
    return written


def _months_run(
    before: ExportPolicy | None, values: PolicyValues, now: datetime, *, catch_up: bool
) -> date | None:
    if values.cadence is Cadence.LAST_FULL_MONTH and catch_up:
        return None
    if before is not None and before.cadence is Cadence.LAST_FULL_MONTH:
        return before.last_month_run  # a month whose run was still to come stays due
    return month_end_due(values.run_day, values.run_hour, now)


async def back_to_default(session: WriteSession, actor: Actor, dossier: Dossier) -> bool:
    """The dossier follows the firm's default again; False when it did already.

    Raises:
        Forbidden: not this actor's to change.
    """
    if not may_change(actor, dossier):
        raise Forbidden(NOT_YOURS)
    assert actor.firm_id is not None
    await repository.lock_policies(session, actor.firm_id)
    removed = await repository.remove_own(session, actor.firm_id, dossier.id)
    if removed is None:
        return False
    await audit.record(
        session,
        actor,
        "policies.defaulted",
        "export_policy",
        removed,
        dossier_id=dossier.id,
        what=dossier.name,
    )
    await publish(session, actor, PolicyChanged(firm_id=actor.firm_id, dossier_id=dossier.id))
    return True


# ── what acts by itself ──────────────────────────────────────────────────────────────────────────────────────────


def delay_begins(policy: ExportPolicy, now: datetime) -> datetime:
    """Items final since before this moment are due under *after N minutes*."""
    return now - timedelta(seconds=policy.delay_seconds)


async def run_months(session: WriteSession) -> Sequence[UUID]:
    """The monthly policies, of all firms, whose day and hour have come since the last time; from now on they have run.

    Runs in the system scope. What each lets leave is up to its `last_month_run`.
    """
    return await repository.run_months(session, month_clock(clock_of(session).now()))


def nobody_to_ask(dossiers: Iterable[Dossier | ListedDossier]) -> Figure[set[UUID]]:
    """Which of some dossiers ask for approval by their policy, and nobody of the company can give it."""
    silent = {one.id for one in dossiers if one.access in OPEN_ACCESS and one.approvers == 0}
    return repository.asking(silent)
