"""In which of a firm's dossiers a document or statement stands: moving it to another one, and what once stood in two."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import ApprovalState, ItemState, after_move, first_states, stays
from portal.features.items.models import DossierItem
from portal.features.items.repository import items as items_repository
from portal.features.items.repository import places as places_repository
from portal.features.items.repository.places import Double
from portal.features.items.service import holding
from portal.features.policies import service as policies
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.language import N_

MOST_AT_ONCE = 500
TOO_MANY = N_("At most %(limit)s documents at once, please.")
NOT_THERE = N_("Choose another dossier on the same company, to which your office has access.")


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of moving: the items that stand in the other dossier now, and those that stay, each with the reason."""

    moved: Sequence[DossierItem]
    stayed: Sequence[tuple[DossierItem, str]]


async def to_move(
    session: ReadSession, dossier: Dossier, subject_ids: Sequence[UUID]
) -> Sequence[tuple[DossierItem, str | None]]:
    """The items of a dossier on these documents and statements, each with the reason why it may not be moved (None: it may)."""
    found = await places_repository.of_subjects(session, dossier.id, subject_ids)
    return [(item, stays(item.state, item.bundle_number)) for item in found]


async def move_to(
    session: WriteSession, actor: Actor, source: Dossier, target: Dossier, subject_ids: Sequence[UUID]
) -> Moved:
    """Documents and statements that never left go to another dossier of the firm on the same company; the caller has opened the first.

    What the entrepreneur said, and what was put aside, stays so; whether anybody is asked is for the policy of the other dossier.

    Raises:
        Forbidden: the actor may not export.
        Invalid: more than 500 at once.
        Conflict: no other dossier of this company with access (`not_there`).
        NotFound: none of them stands in this dossier.
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    if len(subject_ids) > MOST_AT_ONCE:
        raise Invalid(TOO_MANY, code="too_many", limit=MOST_AT_ONCE)
    if (
        (target.firm_id, target.company_id) != (source.firm_id, source.company_id)
        or target.id == source.id
        or not {source.access, target.access} <= OPEN_ACCESS
    ):
        raise Conflict(NOT_THERE, code="not_there")
    found = await places_repository.of_subjects(session, source.id, subject_ids, lock=True)
    if not found:
        raise NotFound
    await approvers.hold_approvers(session, source.company_id)
    target = await dossiers.by_id(session, target.id) or target
    policy = await policies.policy_for(session, target.firm_id, target.id)
    now = clock_of(session).now()
    moved: list[DossierItem] = []
    stayed: list[tuple[DossierItem, str]] = []
    for item in found:
        why = stays(item.state, item.bundle_number)
        if why is not None:
            stayed.append((item, why))
            continue
        says = first_states(
            item.kind,
            needs_approval=policy.needs_approval,
            approval_kinds=policy.approval_kinds,
            can_answer=target.approvers > 0,
        )
        state, approval = after_move(item.state, item.approval, says)
        values = {"dossier_id": target.id, "state": state, "approval": approval, "final_at": now}
        if state is not ItemState.HELD and (
            held := await holding.why_held_now(session, policy, item, item.state)
        ):
            values |= {"state": ItemState.HELD, "approval": ApprovalState.NOT_NEEDED, "state_reason": held}
        await items_repository.change(session, item.id, values)
        await _tell(session, actor, item, source, target)
        moved.append(item)
    return Moved(moved, stayed)


async def _tell(
    session: WriteSession, actor: Actor, item: DossierItem, source: Dossier, target: Dossier
) -> None:
    """In the history of both dossiers."""
    kind = "document" if item.document_id is not None else "statement"
    subject = item.document_id or item.statement_id
    assert subject is not None
    for action, here, other in (
        ("items.moved_out", source, target),
        ("items.moved_in", target, source),
    ):
        await audit.record(
            session,
            actor,
            action,
            kind,
            subject,
            dossier_id=here.id,
            what=audit.named(item.number, item.counterparty),
            dossier=other.title,
            other_dossier=str(other.id),
        )


async def doubles(session: ReadSession, actor: Actor, limit: int = 200) -> Sequence[Double]:
    """What stood in two dossiers and nobody of the office has taken note of, as far as the actor sees dossiers."""
    return await places_repository.doubles(session, manager_id=assigned_only(actor), limit=limit)


def doubles_count(actor: Actor) -> Figure[int]:
    """How many papers of the firm stand in two dossiers and were not noted."""
    return places_repository.doubles_count(manager_id=assigned_only(actor))


async def note_doubles(session: WriteSession, actor: Actor, ids: Sequence[UUID]) -> int:
    """The office has taken note of these; they leave the list, and stay where they are. Returns how many.

    Raises:
        Forbidden: the actor may not export.
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    seen = await places_repository.note_doubles(
        session, ids, clock_of(session).now(), manager_id=assigned_only(actor)
    )
    for item in seen:
        subject = item.document_id or item.statement_id
        assert subject is not None
        assert item.state is ItemState.SUPERSEDED
        await audit.record(
            session,
            actor,
            "items.double_noted",
            "document" if item.document_id is not None else "statement",
            subject,
            dossier_id=item.dossier_id,
            what=audit.named(item.number, item.counterparty),
        )
    return len(seen)
