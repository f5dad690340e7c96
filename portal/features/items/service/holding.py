"""Documents whose attachments are not what they say wait for a person of the office, where the firm has chosen so; nothing is rewritten."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents.domain.attachments import HOLDING, suspicious
from portal.features.documents.models import Document
from portal.features.documents.service import lookups
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import (
    HOLDABLE,
    ApprovalState,
    ItemState,
    first_states,
    held_reason,
    is_held_for_attachments,
)
from portal.features.items.models import DossierItem
from portal.features.items.repository import items as items_repository
from portal.features.policies import service as policies
from portal.features.policies.models import ExportPolicy
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.language import N_

BATCH = 500
NOT_HELD = N_("This document is not held because of its attachments (any more).")


def why_held(policy: ExportPolicy, document: Document, item: DossierItem | None = None) -> str | None:
    """The reason for which an item is held under a policy; None where it may go on.

    Args:
        item: where there is one already: what has left, or somebody let go, is not held.
    """
    if not policy.hold_odd_attachments:
        return None
    if item is not None and (item.attachments_passed or item.state not in HOLDABLE):
        return None
    names = suspicious(document.findings)
    return held_reason(names) if names else None


async def why_held_now(
    session: ReadSession, policy: ExportPolicy, item: DossierItem, state: ItemState
) -> str | None:
    """Why an item that goes somewhere is held there, see `why_held`; `state` is where it comes from."""
    if not policy.hold_odd_attachments or item.document_id is None:
        return None
    if item.attachments_passed or state not in HOLDABLE or item.bundle_number is not None:
        return None
    document = await lookups.by_id(session, item.document_id)
    return why_held(policy, document) if document is not None else None


async def hold_or_free(session: WriteSession, dossier: Dossier, policy: ExportPolicy) -> set[UUID]:
    """The policy of a dossier changed: what is on its way is held, or what was held goes on, as it says now. Gives who moved."""
    if not policy.hold_odd_attachments:
        held = await items_repository.held(session, dossier.id, [ApprovalState.NOT_NEEDED], lock=True)
        ours = [one for one in held if is_held_for_attachments(one.state, one.state_reason)]
        await _go_on(session, dossier, policy, ours)
        return {one.id for one in ours}
    moved: set[UUID] = set()
    while found := await items_repository.holdable(session, dossier.id, HOLDING, BATCH):
        by_reason: dict[str, list[UUID]] = defaultdict(list)
        for item_id, findings in found:
            by_reason[held_reason(suspicious(findings))].append(item_id)
        for reason, ids in by_reason.items():
            await items_repository.move(
                session,
                ids,
                ItemState.HELD,
                (ItemState.WAITING, ItemState.READY),
                approval=ApprovalState.NOT_NEEDED,
                state_reason=reason,
            )
        moved.update(item_id for item_id, _findings in found)
    return moved


async def let_go(session: WriteSession, actor: Actor, dossier: Dossier, document_id: UUID) -> None:
    """Somebody of the office has looked at the attachments of a document: it goes on as it is, and is not held for them again.

    Raises:
        Forbidden: the actor may not export.
        Conflict: it is not held for them (any more).
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    item = (await items_repository.of_documents(session, dossier.id, [document_id], lock=True)).get(
        document_id
    )
    if item is None or not is_held_for_attachments(item.state, item.state_reason):
        raise Conflict(NOT_HELD, code="not_held")
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    await items_repository.change(session, item.id, {"attachments_passed": True})
    await _go_on(session, dossier, policy, [item])
    await audit.record(
        session,
        actor,
        "items.let_go",
        "document",
        document_id,
        dossier_id=dossier.id,
        what=audit.named(item.number, item.counterparty),
    )


async def _go_on(
    session: WriteSession, dossier: Dossier, policy: ExportPolicy, found: Sequence[DossierItem]
) -> None:
    if not found:
        return
    await approvers.hold_approvers(session, dossier.company_id)
    now_there = await dossiers.by_id(session, dossier.id) or dossier
    goes: Mapping[tuple[ItemState, ApprovalState], list[UUID]] = defaultdict(list)
    for item in found:
        says = first_states(
            item.kind,
            needs_approval=policy.needs_approval,
            approval_kinds=policy.approval_kinds,
            can_answer=now_there.approvers > 0,
        )
        goes[says].append(item.id)
    now = clock_of(session).now()
    for (to, approval), ids in goes.items():
        await items_repository.move(
            session, ids, to, (ItemState.HELD,), approval=approval, state_reason=None, final_at=now
        )
