"""Building a bundle: read what was reserved, make the archive outside any transaction, finish in one."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from exports import bundle, layouts
from exports.bundle import Item, ItemFault, ItemFile, Manifest, TaxAmount
from exports.bundle import Kind as BundleKind
from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.banking import service as banking
from portal.features.bundles import repository
from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import Export
from portal.features.bundles.service.choosing import BuildBundle, abandon, is_reexport
from portal.features.bundles.service.delivering import new_delivery
from portal.features.bundles.service.standing import come_back
from portal.features.documents import service as documents
from portal.features.dossiers import service as dossiers
from portal.features.dossiers.domain import OPEN_ACCESS
from portal.features.items import service as items
from portal.features.items.service import DossierItem
from portal.features.policies import service as policies
from portal.jobs.contract import clock_of
from portal.jobs.runner import Task
from portal.kernel.ids import new_id
from portal.kernel.language import N_
from portal.storage import BrokenFile, ObjectStore

SOFTWARE = "bundle 1"
DAMAGED_ITEM = N_("Its file is missing or damaged in the store.")
DAMAGED = N_(
    "The file of %(number)s of %(counterparty)s is missing or damaged in the store; nothing was exported."
)
ENDED = N_("The access to this company ended while the bundle was being made; nothing was exported.")
PROGRESS_SECONDS = 0.5


@dataclass(slots=True)
class Plan:
    """Everything the archive needs, as plain values: no database row crosses into the thread that builds."""

    export_id: UUID
    company_id: UUID
    firm_id: UUID
    dossier_id: UUID
    number: int
    header: bundle.Header
    layout: Any
    items: list[Item]
    labels: dict[str, tuple[str, str]]
    reexports: dict[str, bool]
    locks: bool
    counter: list[int] = field(default_factory=lambda: [0])


def fail_point(name: str) -> None:
    """Die here when a test of crashes says so (`PORTAL_FAIL_AT`), or freeze (`wait-…`); nothing else sets it."""
    asked = os.environ.get("PORTAL_FAIL_AT")
    if asked == name:
        os._exit(9)
    if asked == f"wait-{name}":
        os.kill(os.getpid(), signal.SIGSTOP)


async def build(task: Task, job: BuildBundle) -> None:
    """Carry out one BuildBundle; may be repeated after any crash, and ends in one finished bundle or an abandoned export."""
    async with task.transaction() as session:
        export = await repository.export(session, job.export_id)
        if export is None or export.state is not ExportState.BUILDING:
            await task.finish(session)
            return
        plan = await _plan(session, task, export)
        if plan is None:
            await abandon(session, task.actor, export, ENDED)
            await task.finish(session)
            return
    fail_point("planned")
    # A file without a name: whatever happens to this process, nothing of it stays behind.
    archive = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        try:
            manifest = await _archive(task, plan, archive)
        except ItemFault as fault:
            if not _is_damage(fault):
                raise
            await _give_up(task, plan, fault)
            return
        fail_point("archived")
        await asyncio.to_thread(archive.seek, 0)
        stored = await task.tools.store.put(plan.firm_id, archive, media_type="application/zip")
    finally:
        await asyncio.to_thread(archive.close)
    written = manifest.to_bytes()
    kept = await task.tools.store.put(plan.firm_id, written, media_type="application/json")
    fail_point("stored")
    async with task.transaction() as session:
        await _finish(session, task, plan, manifest, stored.sha256, stored.size, kept.sha256)
        await task.finish(session)
    fail_point("finished")


def _is_damage(fault: ItemFault) -> bool:
    """Whether the item itself is at fault; a store that is away for the moment is none of its business: try again."""
    return fault.__cause__ is None or isinstance(fault.__cause__, BrokenFile)


async def _plan(session: WriteSession, task: Task, export: Export) -> Plan | None:
    """What to build; None when the firm's access to the company has ended meanwhile."""
    dossier = await dossiers.open_dossier(session, task.actor, export.dossier_id)
    if dossier.access not in OPEN_ACCESS:
        return None
    policy = await policies.policy_for(session, export.firm_id, export.dossier_id)
    held = await items.reserved(session, export.id)
    papers = await documents.by_ids(session, [item.document_id for item in held if item.document_id])
    statements = await banking.by_ids(session, [item.statement_id for item in held if item.statement_id])
    number = await repository.last_number(session, export.dossier_id) + 1
    layout = layouts.get(export.layout)
    if dossier.folders:
        layout = layout.with_folders({BundleKind(kind): folder for kind, folder in dossier.folders.items()})
    made: list[Item] = []
    for item in held:
        if item.document_id is not None:
            made.append(_document_item(item, papers[item.document_id], task.tools.store))
        elif item.statement_id is not None:
            made.append(_statement_item(item, *statements[item.statement_id], task.tools.store))
    made.sort(key=bundle.import_order)
    return Plan(
        export_id=export.id,
        company_id=export.company_id,
        firm_id=export.firm_id,
        dossier_id=export.dossier_id,
        number=number,
        header=bundle.Header(
            dossier_id=str(dossier.id),
            dossier_code=dossier.code,
            dossier_name=dossier.name,
            company_number=dossier.number,
            number=number,
            previous_sha256=await repository.previous_manifest(session, export.dossier_id),
            policy="by_hand" if not export.by_policy else policy.cadence.value,
            created=export.created_at,
            software=SOFTWARE,
        ),
        layout=layout,
        items=made,
        labels={str(item.id): (item.number, item.counterparty) for item in held},
        reexports={str(item.id): is_reexport(item) for item in held},
        locks=policy.lock_exported,
    )


def _opener(store: ObjectStore, namespace: UUID, sha256: str) -> Any:
    return lambda: store.open(namespace, sha256)


def _document_item(item: DossierItem, paper: Any, store: ObjectStore) -> Item:
    files: list[ItemFile] = []
    if paper.ubl_sha256 is not None:
        files.append(
            ItemFile(
                role="ubl",
                name=paper.original_name,
                media_type="application/xml",
                size=paper.original_size,
                sha256=paper.ubl_sha256,
                origin="received",
                open=_opener(store, item.company_id, paper.ubl_sha256),
                embeds_pdf=paper.pdf_origin == "embedded",
            )
        )
        if paper.pdf_sha256 is not None and paper.pdf_origin != "embedded":
            files.append(
                ItemFile(
                    role="pdf",
                    name=paper.pdf_name or "document.pdf",
                    media_type="application/pdf",
                    size=paper.pdf_size or 0,
                    sha256=paper.pdf_sha256,
                    origin="received" if paper.pdf_origin == "received" else "derived",
                    open=_opener(store, item.company_id, paper.pdf_sha256),
                )
            )
    else:
        files.append(
            ItemFile(
                role="pdf" if paper.original_type == "application/pdf" else "original",
                name=paper.original_name,
                media_type=paper.original_type,
                size=paper.original_size,
                sha256=paper.original_sha256,
                origin="received",
                open=_opener(store, item.company_id, paper.original_sha256),
            )
        )
    amended = item.bundled_version is not None and item.bundled_version != item.version
    return Item(
        id=str(item.id),
        version=item.version,
        kind=BundleKind(item.kind.value),
        number=item.number,
        date=item.item_date,
        counterparty=item.counterparty,
        currency=item.currency,
        net=item.net,
        tax=item.tax,
        gross=item.gross,
        tax_subtotals=tuple(
            TaxAmount(
                str(rate["category"]),
                None if rate.get("percent") is None else Decimal(str(rate["percent"])),
                Decimal(str(rate["taxable"])),
                Decimal(str(rate["tax"])),
            )
            for rate in paper.tax_subtotals
        ),
        files=tuple(files),
        reexport=is_reexport(item),
        first_exported_in=item.bundle_number,
        replaces=f"{item.id}:{item.bundled_version}" if amended else None,
    )


def _statement_item(item: DossierItem, statement: Any, account: Any, store: ObjectStore) -> Item:
    return Item(
        id=str(item.id),
        version=item.version,
        kind=BundleKind.statement,
        number=item.number,
        date=item.item_date,
        counterparty=item.counterparty,
        currency=item.currency,
        files=(
            ItemFile(
                role="coda",
                name=statement.original_name,
                media_type="text/plain",
                size=statement.file_size,
                sha256=statement.file_sha256,
                origin="derived" if statement.derived else "received",
                open=_opener(store, item.company_id, statement.file_sha256),
            ),
        ),
        account=account.iban or account.number,
        statement_number=str(statement.coda_number),
        reexport=is_reexport(item),
        first_exported_in=item.bundle_number,
    )


async def _archive(task: Task, plan: Plan, out: BinaryIO) -> Manifest:
    """Make the ZIP in a thread, telling its progress meanwhile."""

    def counted() -> Iterator[Item]:
        for item in plan.items:
            yield item
            plan.counter[0] += 1

    building = asyncio.create_task(asyncio.to_thread(bundle.build, plan.header, counted(), plan.layout, out))
    told = 0
    while True:
        done, _pending = await asyncio.wait({building}, timeout=PROGRESS_SECONDS)
        if plan.counter[0] != told:
            told = plan.counter[0]
            async with task.transaction() as session:
                await repository.progress(session, plan.export_id, told)
        if done:
            return building.result()


async def _give_up(task: Task, plan: Plan, fault: ItemFault) -> None:
    async with task.transaction() as session:
        await dossiers.open_dossier(session, task.actor, plan.dossier_id)
        export = await repository.export(session, plan.export_id)
        assert export is not None
        number, counterparty = plan.labels.get(fault.item_id, ("", ""))
        await abandon(session, task.actor, export, DAMAGED, {"number": number, "counterparty": counterparty})
        # The culprit waits for a person: a standing policy must not meet it again every second, nor hold the rest back.
        await items.put_aside(session, task.actor, plan.dossier_id, [UUID(fault.item_id)], DAMAGED_ITEM)
        await come_back(session, task.actor, export)
        await task.finish(session)


async def _finish(
    session: WriteSession,
    task: Task,
    plan: Plan,
    manifest: Manifest,
    sha256: str,
    size: int,
    manifest_sha256: str,
) -> None:
    """Number, manifest, exported facts, locks and the delivery: one transaction, so they cannot disagree."""
    dossier = await dossiers.open_dossier(session, task.actor, plan.dossier_id)
    now = clock_of(session).now()
    ids = [UUID(entry.id) for entry in manifest.items]
    held = await items.reserved(session, plan.export_id, lock=True)
    built = {entry.id: entry.version for entry in manifest.items}
    if any(built.get(str(item.id), item.version) != item.version for item in held):
        raise RuntimeError("an item changed while its bundle was built")  # tried again, with what is true now
    if dossier.access not in OPEN_ACCESS or {item.id for item in held} != set(ids):
        export = await repository.export(session, plan.export_id)
        assert export is not None
        await abandon(session, task.actor, export, ENDED)
        return
    await repository.write_items(
        session,
        [
            {
                "firm_id": plan.firm_id,
                "id": new_id(),
                "export_id": plan.export_id,
                "item_id": UUID(entry.id),
                "position": entry.sequence,
                "version": entry.version,
                "reexport": plan.reexports[entry.id],
                "entry": msgspec.to_builtins(entry),
            }
            for entry in manifest.items
        ],
    )
    await items.bundle(session, plan.export_id, plan.number, locked=plan.locks)
    if plan.locks:
        await documents.keep_export_locks(session, ids)
    else:
        await documents.release_export_locks(session, ids)
    files = sum(len(entry.files) for entry in manifest.items)
    counts = {
        "items": len(ids),
        "statements": sum(1 for entry in manifest.items if entry.kind is BundleKind.statement),
        "reexports": sum(plan.reexports.values()),
        "files": files,
    }
    finished = await repository.move(
        session,
        plan.export_id,
        ExportState.FINISHED,
        number=plan.number,
        done=len(ids),
        counts=counts,
        sha256=sha256,
        size=size,
        manifest_sha256=manifest_sha256,
        finished_at=now,
    )
    if finished is None:
        raise RuntimeError("the export ended meanwhile")
    repository.add(session, new_delivery(finished, files, now))
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
