"""Building a bundle: read what was reserved, make the archive outside any transaction, finish in one."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO
from uuid import UUID

import structlog

from exports import bundle
from exports.bundle import HeaderFault, Item, ItemFault, Manifest
from exports.bundle import Kind as BundleKind
from exports.layouts import LayoutFault
from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.bundles.domain import ExportState
from portal.features.bundles.repository import contents as contents_repository
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service import exclusions
from portal.features.bundles.service.deliveries import offer
from portal.features.bundles.service.due_exports import AGAIN_AFTER, requeue
from portal.features.bundles.service.made_coda import make_codas
from portal.features.bundles.service.plans import Plan, plan_of
from portal.features.bundles.service.selection import BuildBundle, abandon
from portal.features.documents.service import locks
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.items.service import moves
from portal.jobs.contract import clock_of
from portal.jobs.runner import Task
from portal.kernel.errors import Unavailable
from portal.kernel.language import N_

log = structlog.get_logger()
NOTHING_LEFT = N_(
    "Not one of the items could leave (%(count)s). Each was put aside with its reason; nothing was exported."
)
NO_LAYOUT = N_(
    "The layout or a folder of this dossier cannot be used. Correct it in the dossier and export again; nothing was exported."
)
NO_HEADER = N_(
    "The code, name or number of this dossier cannot be written into a bundle. Correct it and export again; nothing was exported."
)
ENDED = N_("The access to this company ended while the bundle was being made; nothing was exported.")
PROGRESS_SECONDS = 0.5
PATIENT_TRIES = 3
"""So often a file that cannot be read is the store's fault; then, if the rest of the store answers, it is that file's."""


class Unwritten(Exception):
    """The database refuses to note these items as exported; the others can be."""

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"{len(ids)} items")
        self.ids = ids


def fail_point(name: str) -> None:
    """Die here when a test of crashes says so (`PORTAL_FAIL_AT`), or freeze (`wait-…`); nothing else sets it."""
    asked = os.environ.get("PORTAL_FAIL_AT")
    if asked == name:
        os._exit(9)
    if asked == f"wait-{name}":
        os.kill(os.getpid(), signal.SIGSTOP)


async def build(task: Task, job: BuildBundle) -> None:
    """Carry out one BuildBundle; may be repeated after any crash, and ends in one finished bundle or an abandoned export.

    An item that cannot leave is put aside by name and the rest leaves without it; a store or database that is away ends this try.
    """
    try:
        async with task.transaction() as session:
            export = await exports_repository.export(session, job.export_id)
            if export is None or export.state is not ExportState.BUILDING:
                await task.finish(session)
                return
        stays = await make_codas(task, export)
        async with opening.dossier(task.tools.database, task.actor, export.dossier_id) as (session, dossier):
            plan = await plan_of(session, task, dossier, export, stays)
            if plan is None:
                await abandon(session, task.actor, export, ENDED)
                await task.finish(session)
                return
    except LayoutFault as fault:
        log.warning("bundles.no_layout", export=str(job.export_id), fault=str(fault))
        await _give_up(task, job.export_id, NO_LAYOUT)
        return
    fail_point("planned")
    while True:
        try:
            if await _build_once(task, plan):
                return
        except HeaderFault as fault:
            log.warning("bundles.no_header", export=str(job.export_id), fault=str(fault))
            await _give_up(task, job.export_id, NO_HEADER)
            return
        except Unwritten as unwritten:
            plan.leave_out(dict.fromkeys(unwritten.ids, exclusions.WRITTEN_DOWN))


async def _build_once(task: Task, plan: Plan) -> bool:
    """Make, store and finish the bundle of what can leave; False when something more turned out to have to stay."""
    if not plan.items:
        await _abandon_empty(task, plan)
        return True
    archive = await asyncio.to_thread(task.tools.store.scratch)
    try:
        manifest = await _archive(task, plan, archive)
        if not manifest.items:
            await _abandon_empty(task, plan)
            return True
        tied = exclusions.tied(manifest, plan.aside, plan.codas)
        plan.leave_out(dict.fromkeys(tied, exclusions.TOGETHER))
        if tied:
            return False
        fail_point("archived")
        stored = await task.tools.store.put(plan.firm_id, archive, media_type="application/zip")
    finally:
        await asyncio.to_thread(archive.close)
    kept = await task.tools.store.put(plan.firm_id, manifest.to_bytes(), media_type="application/json")
    fail_point("stored")
    async with opening.dossier(task.tools.database, task.actor, plan.dossier_id) as (session, dossier):
        await _finish(session, task, dossier, plan, manifest, stored.sha256, stored.size, kept.sha256)
        await task.finish(session)
    fail_point("finished")
    return True


async def _archive(task: Task, plan: Plan, out: BinaryIO) -> Manifest:
    """Make the ZIP in a thread, telling its progress meanwhile; what cannot leave is noted in the plan.

    Raises:
        Unavailable: the store is away.
        ItemFault: it gives this file out no more, so far; how often is counted.
    """
    patient = task.attempt < PATIENT_TRIES or not await task.tools.store.healthy()
    outages: list[ItemFault] = []
    reasons: dict[str, str] = {}

    def counted() -> Iterator[Item]:
        for item in plan.items:
            yield item
            plan.counter[0] += 1

    def aside(item: Item, fault: ItemFault) -> None:
        if exclusions.is_outage(fault):
            if patient:
                raise fault
            outages.append(fault)
        log.warning("bundles.item_put_aside", item=item.id, reason=fault.reason, params=dict(fault.params))
        reasons[item.id] = exclusions.reason_of(fault)

    def make() -> Manifest:
        return bundle.build(plan.header, counted(), plan.layout, out, aside=aside)

    plan.counter[0] = 0
    try:
        manifest = await _while_telling(task, plan, make)
        if outages and (not manifest.items or not await task.tools.store.healthy()):
            raise outages[0]  # nothing could be read: that is the store
    except ItemFault as fault:
        if exclusions.is_outage(fault) and not await task.tools.store.healthy():
            raise Unavailable from fault
        raise
    plan.leave_out(reasons)
    return manifest


async def _while_telling(task: Task, plan: Plan, make: Callable[[], Manifest]) -> Manifest:
    building = asyncio.create_task(asyncio.to_thread(make))
    told = 0
    while True:
        done, _pending = await asyncio.wait({building}, timeout=PROGRESS_SECONDS)
        if done:
            return building.result()
        if plan.counter[0] != told:
            told = plan.counter[0]
            async with task.transaction() as session:
                await exports_repository.progress(session, plan.export_id, told)


async def _give_up(task: Task, export_id: UUID, problem: str) -> None:
    """Abandon an export whose dossier is at fault; a policy asks again when somebody may have corrected it."""
    async with task.transaction() as session:
        export = await exports_repository.export(session, export_id)
        assert export is not None
    async with opening.dossier(task.tools.database, task.actor, export.dossier_id) as (session, _dossier):
        if await abandon(session, task.actor, export, problem):
            await requeue(session, task.actor, export, after=AGAIN_AFTER)
        await task.finish(session)


async def _abandon_empty(task: Task, plan: Plan) -> None:
    """Abandon an export of which nothing can leave; its items wait for a person, each with its reason."""
    async with opening.dossier(task.tools.database, task.actor, plan.dossier_id) as (session, _dossier):
        export = await exports_repository.export(session, plan.export_id)
        assert export is not None
        named = await _named(session, plan)
        if await abandon(session, task.actor, export, NOTHING_LEFT, {"count": str(len(named))}, aside=named):
            await _put_aside(session, task, plan)
        await task.finish(session)


async def _named(session: WriteSession, plan: Plan) -> list[dict[str, Any]]:
    """What the export says of the items that stayed: by name, with the reason."""
    if not plan.aside:
        return []
    held = await moves.reserved(session, plan.export_id)
    return [
        {
            "item_id": str(item.id),
            "document_id": str(item.document_id) if item.document_id else None,
            "number": item.number,
            "counterparty": item.counterparty,
            "date": item.item_date.isoformat(),
            "reason": plan.aside[str(item.id)],
        }
        for item in held
        if str(item.id) in plan.aside
    ]


async def _put_aside(session: WriteSession, task: Task, plan: Plan) -> None:
    """They wait for a person: a standing policy must not meet them again every second, nor hold the rest back."""
    by_reason: dict[str, list[UUID]] = defaultdict(list)
    for item_id, reason in plan.aside.items():
        by_reason[reason].append(UUID(item_id))
    for reason, ids in by_reason.items():
        await moves.put_aside(session, task.actor, plan.dossier_id, ids, reason)


async def _finish(
    session: WriteSession,
    task: Task,
    dossier: Dossier,
    plan: Plan,
    manifest: Manifest,
    sha256: str,
    size: int,
    manifest_sha256: str,
) -> None:
    """Number, manifest, exported facts, locks and the delivery: one transaction, so they cannot disagree."""
    now = clock_of(session).now()
    ids = {UUID(entry.id): entry.version for entry in manifest.items}
    held = await moves.lock_reserved(session, plan.export_id)
    if any(ids.get(item_id, version) != version for item_id, version in held.items()):
        raise RuntimeError("an item changed while its bundle was built")  # tried again, with what is true now
    stay = [UUID(item_id) for item_id in plan.aside]
    if dossier.access not in OPEN_ACCESS:
        export = await exports_repository.export(session, plan.export_id)
        assert export is not None
        await abandon(session, task.actor, export, ENDED)
        return
    if set(held) != {*ids, *stay}:
        raise RuntimeError("what an export holds changed while its bundle was built")
    named = await _named(session, plan)
    if stay:
        await locks.release_export_locks(session, stay)
        await moves.release(session, plan.export_id, stay)
        await _put_aside(session, task, plan)
    if refused := await contents_repository.write_items(
        session, plan.firm_id, plan.export_id, manifest.items, plan.reexports
    ):
        raise Unwritten({str(item_id) for item_id in refused})
    await moves.bundle(session, plan.export_id, plan.number, locked=plan.locks)
    if plan.locks:
        await locks.keep_export_locks(session, ids)
    else:
        await locks.release_export_locks(session, ids)
    files = sum(len(entry.files) for entry in manifest.items)
    counts: dict[str, Any] = {
        "items": len(ids),
        "statements": sum(1 for entry in manifest.items if entry.kind is BundleKind.statement),
        "reexports": sum(plan.reexports.values()),
        "files": files,
        "aside": len(stay),
    }
    finished = await exports_repository.move(
        session,
        plan.export_id,
        ExportState.FINISHED,
        number=plan.number,
        total=len(ids),
        done=len(ids),
        counts=counts,
        aside=named,
        sha256=sha256,
        size=size,
        manifest_sha256=manifest_sha256,
        finished_at=now,
    )
    if finished is None:
        raise RuntimeError("the export ended meanwhile")
    await offer(session, finished, files, now)
    await audit.record(
        session,
        task.actor,
        "bundles.exported",
        "export",
        plan.export_id,
        dossier_id=plan.dossier_id,
        number=plan.number,
        sha256=sha256,
        manifest_sha256=manifest_sha256,
        **counts,
    )
