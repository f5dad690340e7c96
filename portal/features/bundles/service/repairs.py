"""Archives that are missing or damaged in the store: said at once, made again from their parts, and offered again.

A bundle is deterministic, its manifest is kept, and its parts are the documents' own files: as long as these are whole, the same
bytes can be made once more. One whose parts are gone is refused for good, with the part named.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import file_digest
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from exports import bundle
from exports.bundle import ItemFault, Manifest, ManifestDossier, ManifestFile, ManifestItem, Unreadable
from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.audit import service as audit
from portal.features.bundles.domain import DeliveryState, ExportState
from portal.features.bundles.models import Export
from portal.features.bundles.repository import channels as channels_repository
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service.archive_mail import Outcome, known_as_lost, tell_office
from portal.features.bundles.service.deliveries import (
    ARCHIVE_DAMAGED,
    ARCHIVE_LOST,
    ARCHIVE_REASONS,
    FOUND_DAMAGED,
    MendArchive,
    ask_to_mend,
    offer,
)
from portal.features.bundles.service.exclusions import is_outage
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.service import dossiers
from portal.features.policies.domain import Cadence
from portal.jobs.contract import Tools, clock_of
from portal.jobs.runner import Task
from portal.kernel.actor import Actor
from portal.kernel.errors import Unavailable
from portal.kernel.language import N_
from portal.storage import BrokenFile, ObjectStore

IS_DAMAGED = N_(
    "The archive of this bundle is missing or damaged in the store. It is being made again from its parts; try again in a minute."
)
MOST_MENDED = 3
"""So often one archive is made again by itself; a store that loses it each time needs a person."""
SOFTWARE = "bundle 1"


async def is_broken(store: ObjectStore, export: Export, *, thorough: bool = False) -> bool:
    """Whether the archive is missing, or of another length; thorough: or has other bytes.

    Raises:
        StorageUnavailable: the store is away.
    """
    assert export.sha256 is not None
    if await store.size(export.firm_id, export.sha256) != export.size:
        return True
    if thorough:
        try:
            async for _piece in store.stream(export.firm_id, export.sha256):
                pass
        except BrokenFile:
            return True
    return False


async def note_damage(session: WriteSession, actor: Actor, export: Export) -> None:
    """What is on its way with this archive is refused, people see why, and a worker makes the archive again."""
    now = clock_of(session).now()
    refused = False
    await exports_repository.lock_export(session, export.id)
    for delivery in await exports_repository.deliveries_of(session, export.id):
        if delivery.state is not DeliveryState.REFUSED:
            refused |= (
                await exports_repository.move_delivery(
                    session,
                    delivery.id,
                    DeliveryState.REFUSED,
                    reason=ARCHIVE_DAMAGED,
                    detail=None,
                    changed_at=now,
                )
                is not None
            )
    if refused:
        await _record(session, actor, export, "bundles.archive_damaged")
    await ask_to_mend(session, actor, export.id)


async def noting_damage(
    tools: Tools, actor: Actor, export: Export, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The bytes on their way out; damage that shows on the way cuts them short and is noted, so that the next asking is told."""
    try:
        async for piece in body:
            yield piece
    except BrokenFile:
        async with tools.database.transaction(scope_of(actor)) as session:
            await note_damage(session, actor, export)
        raise


async def mend(task: Task, job: MendArchive) -> None:
    """Carry out one MendArchive: look at the archive, make it again where it is broken, and offer it again.

    Raises:
        Unavailable: the store is away: tried again.
    """
    store = task.tools.store
    async with task.transaction() as session:
        export = await exports_repository.export(session, job.export_id)
        if export is None or export.state is not ExportState.FINISHED:
            await task.finish(session)
            return
        dossier = await dossiers.look_up(session, task.actor, export.dossier_id)
        company_id = dossier.company_id if dossier.access in OPEN_ACCESS else None
    broken = await is_broken(store, export, thorough=True)
    why: str | None = None
    if broken:
        async with task.transaction() as session:
            await note_damage(session, task.actor, export)
        manifest = await _manifest(task, export)
        why = "manifest.json" if manifest is None else await _make_again(store, export, manifest, company_id)
    async with task.transaction() as session:
        await _settle(
            session, task.actor, export, mended=broken and why is None, why=why, by_hand=job.by_hand
        )
        await task.finish(session)


async def _make_again(
    store: ObjectStore, export: Export, manifest: Manifest, company_id: UUID | None
) -> str | None:
    """Why the archive cannot be made again: the part at fault; None when it is whole in the store."""
    if company_id is None:
        return "–"  # the access to the company's files has ended
    archive = await asyncio.to_thread(store.scratch)
    try:

        def opened(file: ManifestFile) -> BinaryIO:
            return store.open(company_id, file.sha256, verified=False)  # the bundle compares the hash itself

        try:
            await asyncio.to_thread(bundle.rebuild, manifest, opened, archive)
        except ItemFault as fault:
            if is_outage(fault):
                raise Unavailable from fault
            return str(fault.params.get("file", fault.item_id))
        await asyncio.to_thread(archive.seek, 0)
        if (await asyncio.to_thread(file_digest, archive, "sha256")).hexdigest() != export.sha256:
            return "manifest.json"
        await store.put(export.firm_id, archive, media_type="application/zip")
    finally:
        await asyncio.to_thread(archive.close)
    await store.put(export.firm_id, manifest.to_bytes(), media_type="application/json")
    return None


async def _manifest(task: Task, export: Export) -> Manifest | None:
    """The manifest as it was stored; else made from what the database kept of it, if that has the same hash."""
    assert export.manifest_sha256 is not None
    with suppress(BrokenFile, Unreadable):
        data = await task.tools.store.get(export.firm_id, export.manifest_sha256)
        return bundle.read_manifest(data)
    async with task.transaction() as session:
        return await _manifest_from_rows(session, task.actor, export)


async def _manifest_from_rows(session: ReadSession, actor: Actor, export: Export) -> Manifest | None:
    dossier = await dossiers.look_up(session, actor, export.dossier_id)
    rows = await exports_repository.items_of(session, export.id)
    entries = tuple(msgspec.convert(row.entry, ManifestItem) for row in rows)
    previous = await channels_repository.manifest_before(session, export)
    for policy in ("by_hand", *(cadence.value for cadence in Cadence)):
        made = Manifest(
            dossier=ManifestDossier(
                id=str(dossier.id),
                code=dossier.code,
                name=dossier.name,
                company_number=dossier.number,
            ),
            number=export.number or 0,
            previous_sha256=previous,
            policy=policy,
            created=export.created_at.replace(microsecond=0),
            software=SOFTWARE,
            layout=export.layout,
            items=entries,
            totals=bundle.totals(entries),
        )
        if made.sha256 == export.manifest_sha256:
            return made
    return None


async def _settle(
    session: WriteSession, actor: Actor, export: Export, *, mended: bool, why: str | None, by_hand: bool
) -> None:
    """Say what became of it, offer what is whole again, and write to the office."""
    now = clock_of(session).now()
    await exports_repository.lock_export(session, export.id)
    made = await exports_repository.deliveries_of(session, export.id)
    # What an agent found damaged counts when it was the archive, and not the line.
    reasons = ARCHIVE_REASONS | {FOUND_DAMAGED} if mended or why else ARCHIVE_REASONS
    about_archive = bool(made and made[0].state is DeliveryState.REFUSED and made[0].reason in reasons)
    if why is not None:
        told = await known_as_lost(session, export)
        if about_archive:
            await channels_repository.explain(
                session, made[0].id, reason=ARCHIVE_LOST, detail=why, changed_at=now
            )
        await _record(session, actor, export, "bundles.archive_lost", part=why)
        if not told:
            await tell_office(session, actor, export, Outcome.LOST, part=why)
        return
    if mended:
        await _record(session, actor, export, "bundles.archive_mended")
    outcome = Outcome.WHOLE
    if about_archive:
        outcome = Outcome.STAYS
        if by_hand or sum(1 for one in made if one.reason in reasons) <= MOST_MENDED:
            offered = await offer(session, export, made[0].files, now)
            outcome = Outcome.OFFERED if offered is DeliveryState.PENDING else Outcome.TO_DOWNLOAD
    if mended or about_archive:
        await tell_office(session, actor, export, outcome)


async def _record(session: WriteSession, actor: Actor, export: Export, action: str, **data: str) -> None:
    told: dict[str, Any] = {"number": export.number, **data}
    await audit.record(session, actor, action, "export", export.id, dossier_id=export.dossier_id, **told)
