"""Items of papers that are put aside: out of sight, until somebody brings the paper back."""

from uuid import UUID

from portal.db.session import WriteSession
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import ITEM, ApprovalState, ItemState, after_return, first_states
from portal.features.items.repository import items as items_repository
from portal.features.items.service import holding
from portal.features.policies import service as policies
from portal.jobs.contract import clock_of


async def lock_paper(session: WriteSession, paper_id: UUID) -> None:
    """Take the items on a document or statement before the paper itself: the order everywhere."""
    await items_repository.of_paper(session, paper_id)


async def dossiers_of(session: WriteSession, paper_id: UUID) -> list[UUID]:
    """The dossier of each office in which a document or statement counts. In the system scope."""
    return [item.dossier_id for item in await items_repository.of_paper(session, paper_id)]


async def set_aside(session: WriteSession, paper_id: UUID) -> int:
    """Every item on the paper that is in sight and never left goes out of the way; nobody is asked about it any more. Returns how many."""
    moved = 0
    for item in await items_repository.of_paper(session, paper_id):
        if ITEM.allows(item.state, ItemState.ASIDE):
            waited = item.approval is ApprovalState.WAITING
            values = {
                "state": ItemState.ASIDE,
                "state_before": item.state.value,
                "approval": ApprovalState.NOT_NEEDED if waited else item.approval,
            }
            await items_repository.change(session, item.id, values)
            moved += 1
    return moved


async def bring_back(session: WriteSession, paper_id: UUID) -> int:
    """The items return: what was decided stays so, the rest goes where the policy of each dossier says. In the system scope."""
    now = clock_of(session).now()
    moved = 0
    found = [
        item for item in await items_repository.of_paper(session, paper_id) if item.state is ItemState.ASIDE
    ]
    if found:
        await approvers.hold_approvers(session, found[0].company_id)
    for item in found:
        dossier = await dossiers.by_id(session, item.dossier_id)
        policy = await policies.policy_for(session, item.firm_id, item.dossier_id)
        says = first_states(
            item.kind,
            needs_approval=policy.needs_approval,
            approval_kinds=policy.approval_kinds,
            can_answer=dossier is not None and dossier.approvers > 0,
        )
        before = ItemState(item.state_before or ItemState.READY.value)
        state, approval = after_return(before, item.approval, says)
        held = await holding.why_held_now(session, policy, item, before)
        if held is not None and approval in (ApprovalState.NOT_NEEDED, ApprovalState.WAITING):
            state, approval = ItemState.HELD, ApprovalState.NOT_NEEDED
        values = {
            "state": state,
            "state_before": None,
            "approval": approval,
            "state_reason": held or (item.state_reason if state is ItemState.HELD else None),
            "final_at": now,
        }
        await items_repository.change(session, item.id, values)
        moved += 1
    return moved
