"""Choosing what leaves, and letting go of it again.

Lock order, everywhere: dossier items in id order, then documents through their lock rows, then the dossier row through its counters.
Items being edited are waited for, not skipped: a document must not miss its month because somebody had it open.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from portal.db.figures import AskTogether
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.bundles.domain import ExportOptions, ExportState, WhyNot, why_not
from portal.features.bundles.models import Export
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.repository import rehearsals
from portal.features.bundles.repository.rehearsals import Asked, Leaving, Named, Remarked
from portal.features.documents.service import locks, remarks
from portal.features.dossiers.domain.codes import code_fault
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import UNAPPROVED, ApprovalState, ItemState, ReservedItem
from portal.features.items.service import moves
from portal.features.policies import service as policies
from portal.features.policies.domain import PolicyValues
from portal.features.policies.models import ExportPolicy
from portal.features.targets import service as targets
from portal.jobs.contract import Job, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id
from portal.kernel.kinds import Kind
from portal.kernel.language import N_

NOTHING_NEW = N_("There is nothing new to export.")
"""Migration 0012 gave such exports up."""
WRONG_CODE = N_(
    "Nothing can be exported: no folder can be called %(dossier_code)s. Give this dossier another code first."
)


FIRST = 30
"""So many items a rehearsal names at most."""
MOST_TICKED = 400
"""So many items are listed to be ticked; where more would leave, a shorter period is chosen."""


class BuildBundle(Job, frozen=True, kw_only=True):
    """Make the archive of a chosen export."""

    name = "bundles.build"
    export_id: UUID


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would leave now, and why the rest stays: numbers, and the first few by name."""

    documents: int
    statements: int
    reexports: int
    """How many of what leaves have left before in this version."""
    unasked: int
    """How many of what leaves would wait for approval, were there somebody to ask."""
    reasons: Mapping[WhyNot, int]
    """How many stay for which reason."""
    staying: Sequence[tuple[Named, WhyNot]]
    """The first of those that stay and did not leave before (unless that was asked for)."""
    remarked: int
    """In how many of the documents that leave something does not agree."""
    remarks: Sequence[tuple[Remarked, list[str]]]
    """The first of them, with what."""
    listed: Sequence[Leaving] = ()
    """What leaves, by its day; nothing where that is more than `MOST_TICKED`."""

    @property
    def leaving(self) -> int:
        """How many items leave."""
        return self.documents + self.statements

    @property
    def stay(self) -> int:
        """How many items stay behind, for whatever reason."""
        return sum(self.reasons.values())


def is_reexport(item: ReservedItem, left: Collection[UUID]) -> bool:
    """Whether this version of a document or statement is in a bundle of the firm already, whichever dossier it left from.

    Args:
        left: what `items.left_elsewhere` says of the dossier.
    """
    return item.bundled_version == item.version or item.id in left


async def rehearse(
    session: ReadSession,
    dossier: Dossier,
    options: ExportOptions,
    *,
    policy: PolicyValues,
    left: Collection[UUID],
    together: AskTogether,
) -> tuple[Rehearsal, SimpleNamespace]:
    """The choice an export would make now, without making it; whatever the dossier holds, only what is shown is read.

    Args:
        policy: what the policy of the dossier asks for (`policies.asked_for`).
        left: what `moves.left_before` says of the dossier.
        together: asks for what the page needs besides, which is given back.
    """
    options = _narrowed(options, policy)
    asked = Asked(dossier.id, options, policy.export_from, left)
    found = await rehearsals.groups(session, asked)
    # Without those that left before, the groups hold all other items of the dossier: what its number has more has left.
    exported = 0 if options.include_exported else dossier.item_count - sum(group.items for group in found)
    silent = dossier.approvers == 0 and policy.needs_approval
    documents = statements = reexports = unasked = 0
    stays: dict[str, WhyNot] = {}
    reasons = Counter({WhyNot.EXPORTED: exported} if exported > 0 else {})
    leaves: list[str] = []
    for group in found:
        reason = why_not(group, options, policy.export_from, left=group.left)
        if reason is not None:
            reasons[reason] += group.items
            stays[group.key] = reason
            continue
        leaves.append(group.key)
        documents += group.items if group.is_document else 0
        statements += 0 if group.is_document else group.items
        reexports += group.items if group.same_version or group.left else 0
        if (
            silent
            and group.kind in policy.approval_kinds
            and group.state is ItemState.READY
            and group.approval is ApprovalState.NOT_NEEDED
        ):
            unasked += group.items
    shown = await together(
        staying=rehearsals.first_of(asked, stays, FIRST),
        remarked=rehearsals.remarked(asked, leaves, FIRST),
        listed=rehearsals.leaving(
            asked, leaves if documents + statements <= MOST_TICKED else (), MOST_TICKED
        ),
    )
    rehearsal = Rehearsal(
        documents,
        statements,
        reexports,
        unasked,
        reasons,
        [(item, stays[item.key]) for item in shown.staying],
        shown.remarked[0].total if shown.remarked else 0,
        [(paper, remarks.remarks(paper)) for paper in shown.remarked],
        shown.listed,
    )
    return rehearsal, shown


def _narrowed(options: ExportOptions, policy: ExportPolicy | PolicyValues) -> ExportOptions:
    """A policy may leave bank statements out, whoever asks."""
    return options if policy.include_statements else replace(options, kinds=options.kinds - {Kind.STATEMENT})


async def request_export(
    session: WriteSession,
    actor: Actor,
    dossier: Dossier,
    options: ExportOptions,
    *,
    ticked: Collection[UUID] | None = None,
    by_policy: bool = False,
) -> Export:
    """Choose and reserve what leaves, and ask a worker for the bundle; all in the caller's transaction.

    A second request while one is open (a double click, a policy at the same moment) gets the open one.

    Args:
        ticked: the items that somebody ticked, at most `MOST_TICKED`: of what may leave these alone do. None: all of it.

    Raises:
        Forbidden: the actor may not export.
        Invalid: more are ticked than can be.
        Conflict: nothing is there to export (`nothing_new`), or no folder can have the dossier's code as its name (`wrong_code`): an
            agent would refuse the finished bundle.
    """
    if not by_policy and not actor.may(Right.EXPORT):
        raise Forbidden
    if ticked is not None and len(ticked) > MOST_TICKED:
        raise Invalid
    if dossier.code is not None and code_fault(dossier.code) is not None:
        raise Conflict(WRONG_CODE, code="wrong_code", dossier_code=dossier.code)
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    target = await targets.target(session, dossier.firm_id, dossier.target_id)
    now = clock_of(session).now()
    export = await exports_repository.start(
        session,
        {
            "firm_id": dossier.firm_id,
            "id": new_id(),
            "dossier_id": dossier.id,
            "company_id": dossier.company_id,
            "state": ExportState.CHOOSING,
            "target_id": target.id,
            "layout": target.layout,
            "options": msgspec.to_builtins(options),
            "requested_by": actor.person_id,
            "requested_by_name": actor.name,
            "by_policy": by_policy,
            "created_at": now,
        },
    )
    if export is None:
        running = await exports_repository.open_export(session, dossier.id)
        if running is None:  # it ended between our two looks
            raise Conflict(code="busy")
        return running
    found = await moves.candidates(
        session, dossier.id, include_exported=options.include_exported, until=options.until, lock=True
    )
    left = await moves.left_elsewhere(session, dossier.id)
    narrowed = _narrowed(options, policy)
    chosen = [
        item
        for item in found
        if (ticked is None or item.id in ticked)
        and why_not(item, narrowed, policy.export_from, left=item.id in left) is None
    ]
    if not chosen:
        raise Conflict(NOTHING_NEW, code="nothing_new")
    number = await exports_repository.last_number(session, dossier.id) + 1
    await moves.reserve(session, [item.id for item in chosen], export.id)
    await locks.lock_for_export(session, actor, chosen, number)
    building = await exports_repository.move(session, export.id, ExportState.BUILDING, total=len(chosen))
    assert building is not None
    await audit.record(
        session,
        actor,
        "bundles.requested",
        "export",
        export.id,
        dossier_id=dossier.id,
        items=len(chosen),
        include_exported=options.include_exported,
        include_unapproved=options.include_unapproved,
        unapproved=sum(1 for item in chosen if item.approval in UNAPPROVED),
        by_policy=by_policy,
    )
    await enqueue(session, actor, BuildBundle(export_id=export.id), unique_key=build_key(export.id))
    return building


def build_key(export_id: UUID) -> str:
    """The ledger's unique key of a build: the sweep finds exports that nobody works on by it."""
    return f"bundles.build:{export_id}"


async def abandon(
    session: WriteSession,
    actor: Actor,
    export: Export,
    problem: str,
    params: dict[str, str] | None = None,
    *,
    aside: Sequence[dict[str, Any]] = (),
) -> bool:
    """Give an open export up: what it had reserved is free again, exactly as it was. False when it had ended already.

    Args:
        aside: the items that could not leave, as the export's page names them.
    """
    moved = await exports_repository.move(
        session,
        export.id,
        ExportState.ABANDONED,
        problem=problem,
        problem_params=params or {},
        aside=list(aside),
        finished_at=clock_of(session).now(),
    )
    if moved is None:
        return False
    await locks.release_export_locks(session, await moves.lock_reserved(session, export.id))
    await moves.release(session, export.id)
    await audit.record(
        session,
        actor,
        "bundles.abandoned",
        "export",
        export.id,
        dossier_id=export.dossier_id,
        problem=problem,
        problem_params=params or {},
    )
    return True
