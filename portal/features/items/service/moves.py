"""Dossier items: made when papers arrive, moved by decisions and exports.

What others build on:

    candidates → (reserve → reserved → bundle | release) → deliver      exports
    set_approval                                                        the entrepreneur's decision
    put_aside → try_again                                               a damaged file
    listed, counts, named (lists.py)                                    lists

Every move is `UPDATE … WHERE state IN (ITEM.sources(to)) RETURNING` on rows that were taken first, in id order.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from portal.db.figures import Figure, figures
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import (
    APPROVAL,
    DECIDED,
    ApprovalState,
    ExportCandidate,
    ItemState,
    ReservedItem,
    first_states,
    is_held_for_attachments,
)
from portal.features.items.models import DossierItem
from portal.features.items.repository import exports as exports_repository
from portal.features.items.repository import items as items_repository
from portal.features.items.repository import lists as lists_repository
from portal.features.items.repository import places as places_repository
from portal.features.items.repository.lists import Aside
from portal.features.policies import service as policies
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.language import N_

ALREADY_DECIDED = N_("Somebody has decided about this meanwhile, or the document changed. Look at it again.")


# ── exports ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def candidates(
    session: ReadSession,
    dossier_id: UUID,
    *,
    include_exported: bool = True,
    until: date | None = None,
    lock: bool = False,
) -> Sequence[ExportCandidate]:
    """Every item of a dossier that an export might take, in id order; who leaves is the caller's rule.

    Args:
        include_exported: also what is in a bundle already (bundled, delivered).
        until: the last legal date of interest.
        lock: take the rows FOR NO KEY UPDATE in that order: edits and decisions under way are waited for. Needs a session
            that may write.
    """
    return await exports_repository.candidates(
        session, dossier_id, include_exported=include_exported, until=until, lock=lock
    )


async def reserve(session: WriteSession, ids: Sequence[UUID], export_id: UUID) -> None:
    """These items, locked by `candidates(lock=True)`, belong to an open export now; they remember where they were.

    Raises:
        Conflict: one of them cannot be reserved (`busy`); nothing is.
    """
    moved = await exports_repository.reserve(session, ids, export_id)
    if moved != len(set(ids)):
        raise Conflict(code="busy")


async def reserved(session: ReadSession, export_id: UUID) -> Sequence[ReservedItem]:
    """What an open export holds, in id order."""
    return await exports_repository.reserved(session, export_id)


async def lock_reserved(session: WriteSession, export_id: UUID) -> Mapping[UUID, int]:
    """Take what an open export holds for writing, in id order; gives the present version of each."""
    return await exports_repository.lock_reserved(session, export_id)


def left_before(dossier_id: UUID) -> Figure[frozenset[UUID]]:
    """As `left_elsewhere`, to be asked for along with other things."""
    return places_repository.left_elsewhere(dossier_id).mapped(frozenset)


async def left_elsewhere(session: ReadSession, dossier_id: UUID) -> frozenset[UUID]:
    """Items of a dossier whose present version is in a bundle of another dossier of the firm: *left before* is a fact of the document."""
    return (await figures(session, left=left_before(dossier_id))).left


async def release(session: WriteSession, export_id: UUID, ids: Sequence[UUID] | None = None) -> int:
    """Let go of what an export holds (or of `ids` among it): each item returns to where it was. Returns how many."""
    return await exports_repository.release(session, export_id, ids)


async def bundle(session: WriteSession, export_id: UUID, number: int, *, locked: bool) -> int:
    """What an export holds is in bundle `number` now; returns how many. The first bundle's number stays with what leaves again.

    Args:
        locked: whether the policy locks what left; a lock from before stays in any case.
    """
    return await exports_repository.bundle(session, export_id, number, locked=locked)


async def deliver(session: WriteSession, versions: Mapping[UUID, int]) -> Sequence[UUID]:
    """These versions of items have arrived in the bookkeeping. Gives who moved.

    Those that had arrived before, are due again, or have left in a newer version since, stay: an old bundle proves nothing of a
    new one.
    """
    found = await items_repository.lock(session, list(versions))
    same = [item.id for item in found if item.bundled_version == versions[item.id]]
    return await items_repository.move(session, same, ItemState.DELIVERED, (ItemState.BUNDLED,))


async def set_locked(session: WriteSession, ids: Sequence[UUID], *, locked: bool) -> None:
    """Show on the items whether their papers are locked; the lock itself is a row of the documents slice."""
    await items_repository.set_locked(session, ids, locked=locked)


# ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────────


async def set_approval(
    session: WriteSession,
    document_id: UUID,
    version: int,
    state: ApprovalState,
    reason: str,
    actor: Actor,
) -> Sequence[DossierItem]:
    """The entrepreneur's word on one version of a document, for every firm that sees it; in the company's scope.

    Approved makes ready, disputed and not ours put aside, waiting takes a decision back. Items that have left already, or are in
    an open export, only note the decision.

    Returns:
        The items it counted for.

    Raises:
        Conflict: nobody was asked (any more) about this version.
    """
    now = clock_of(session).now()
    counted: list[DossierItem] = []
    for item in await items_repository.of_document(session, document_id, lock=True):
        if item.version != version or item.approval not in APPROVAL.sources(state):
            continue
        if state is ApprovalState.WAITING and (
            item.approval is ApprovalState.NOT_NEEDED or item.state in (ItemState.RESERVED, *_OUT)
        ):
            continue
        decided = state is not ApprovalState.WAITING
        values: dict[str, Any] = {
            "approval": state,
            "approval_reason": reason or None,
            "decided_by": actor.person_id if decided else None,
            "decided_by_name": actor.name if decided else None,
            "decided_at": now if decided else None,
        }
        to = DECIDED[state]
        if item.state is ItemState.RESERVED:
            if item.state_before in _HERE:
                values["state_before"] = to.value
        elif item.state not in _OUT:
            values["state"] = to
            values["state_reason"] = reason or None if to is ItemState.HELD else None
            if to is ItemState.READY or (to is ItemState.WAITING and actor.is_firm):
                values["final_at"] = now  # asked again: it waits anew
        await items_repository.change(session, item.id, values)
        counted.append(item)
    if not counted:
        raise Conflict(ALREADY_DECIDED, code="already_decided")
    return [await _again(session, item.id) for item in counted]


_OUT = (ItemState.BUNDLED, ItemState.DELIVERED)
_HERE = (ItemState.NEW, ItemState.WAITING, ItemState.HELD, ItemState.READY)


async def _again(session: ReadSession, item_id: UUID) -> DossierItem:
    found = await items_repository.one(session, item_id)
    assert found is not None
    await session.refresh(found)
    return found


async def lock_document_rows(session: WriteSession, document_ids: Sequence[UUID]) -> None:
    """Take the items on several documents, in id order, before `set_approval` goes over them one by one."""
    await items_repository.lock_documents(session, document_ids)


PUT_ASIDE = frozenset({ApprovalState.NOT_NEEDED, ApprovalState.WAITING, ApprovalState.APPROVED})
"""What the entrepreneur may have said of an item that we put aside; held with another word it is their rejection."""


async def put_aside(
    session: WriteSession, actor: Actor, dossier_id: UUID, ids: Sequence[UUID], reason: str
) -> Sequence[UUID]:
    """Hold items back for a reason of ours (a damaged file), until a person tries again. Gives who was.

    What has left before stays exported and is kept out of re-exports.
    """
    found = await items_repository.lock(session, ids)
    moved = await items_repository.move(
        session, ids, ItemState.HELD, (ItemState.WAITING, ItemState.READY), state_reason=reason
    )
    moved += await items_repository.set_reason(session, ids, reason)
    if moved:
        await audit.record(
            session,
            actor,
            "items.held",
            "dossier",
            dossier_id,
            dossier_id=dossier_id,
            what=_named([item for item in found if item.id in moved]),
            reason=reason,
            items=len(moved),
            item_ids=[item.id for item in found if item.id in moved][:NAMED],
        )
    return moved


NAMED = 10


def _named(found: Sequence[DossierItem]) -> str:
    """History names the first of them."""
    names = [audit.named(item.number, item.counterparty) for item in found]
    return ", ".join(names[:NAMED]) + (f" + {len(names) - NAMED}" if len(names) > NAMED else "")


def put_aside_count(dossier_id: UUID) -> Figure[int]:
    """How many items of a dossier could not be exported and wait for a person of the office; the client's rejections are not counted."""
    return lists_repository.aside_count(dossier_id, PUT_ASIDE)


@dataclass(frozen=True, slots=True)
class PutAside:
    """What of ours is put aside, with its reason: how many, and the first of them. What the entrepreneur rejected is not among it."""

    count: int
    first: Sequence[Aside]


def _put_aside(found: Sequence[Aside]) -> PutAside:
    return PutAside(found[0].total if found else 0, found)


async def all_put_aside(session: ReadSession, *, manager_id: UUID | None, limit: int = 10) -> PutAside:
    """What is put aside over the firm's dossiers, or over those that one person manages."""
    everywhere = lists_repository.aside(PUT_ASIDE, manager_id=manager_id, limit=limit)
    return (await figures(session, found=everywhere.mapped(_put_aside))).found


def put_aside_of(dossier_id: UUID, limit: int) -> Figure[PutAside]:
    """What is put aside in one dossier."""
    return lists_repository.aside(PUT_ASIDE, dossier_id=dossier_id, limit=limit).mapped(_put_aside)


async def try_again(session: WriteSession, actor: Actor, dossier: Dossier) -> int:
    """What was put aside goes on: to the entrepreneur where the policy asks them, else to the next export. Returns how many.

    What they rejected stays with them, what is held for its attachments until somebody has looked at those (`holding.let_go`).

    Raises:
        Forbidden: the actor may not export.
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    every = await items_repository.held(session, dossier.id, PUT_ASIDE, lock=True)
    found = [item for item in every if not is_held_for_attachments(item.state, item.state_reason)]
    await approvers.hold_approvers(session, dossier.company_id)
    dossier = await dossiers.by_id(session, dossier.id) or dossier
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    goes: dict[tuple[ItemState, ApprovalState], list[UUID]] = defaultdict(list)
    await items_repository.set_reason(session, [item.id for item in found], None)
    for item in found:
        if item.state is not ItemState.HELD:
            continue
        says = first_states(
            item.kind,
            needs_approval=policy.needs_approval,
            approval_kinds=policy.approval_kinds,
            can_answer=dossier.approvers > 0,
        )
        approved = item.approval is ApprovalState.APPROVED
        goes[(ItemState.READY, item.approval) if approved else says].append(item.id)
    now = clock_of(session).now()
    for (to, approval), ids in goes.items():
        await items_repository.move(
            session, ids, to, (ItemState.HELD,), approval=approval, state_reason=None, final_at=now
        )
    if found:
        await audit.record(
            session,
            actor,
            "items.resumed",
            "dossier",
            dossier.id,
            dossier_id=dossier.id,
            what=_named(found),
            items=len(found),
            item_ids=[item.id for item in found][:NAMED],
        )
    return len(found)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def of_document(session: ReadSession, document_id: UUID) -> Sequence[DossierItem]:
    """The items on a document that the session may see, in id order."""
    return await items_repository.of_document(session, document_id)


async def lock_on_document(session: WriteSession, document_id: UUID) -> Sequence[DossierItem]:
    """The items on a document that count, taken in id order: before the document itself, as everywhere."""
    return await items_repository.of_document(session, document_id, lock=True)


async def of_subject(
    session: ReadSession,
    dossier_id: UUID,
    *,
    document_id: UUID | None = None,
    statement_id: UUID | None = None,
) -> DossierItem | None:
    """The item of a dossier on one document or one statement."""
    return await items_repository.of_subject(
        session, dossier_id, document_id=document_id, statement_id=statement_id
    )
