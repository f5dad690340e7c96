"""The bundle's way into the bookkeeping package: what agents fetch, what they prove, what they refuse; downloads by hand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.bundles import repository
from portal.features.bundles.domain import DeliveryState, ExportState
from portal.features.bundles.models import BundleDownload, Delivery, Export
from portal.features.items import service as items
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_

NOT_READY = N_("This bundle is not finished.")
ON_ITS_WAY = N_("This bundle is still on its way: the agent has not written all of it yet.")
ARRIVED = N_("This bundle has arrived already.")
TAKEN = N_("Another agent is writing this bundle.")
TAKEN_FOR = timedelta(minutes=15)
"""How long a delivery belongs to the agent that took it up; after that another one may."""
FEED_FILES = 5_000
"""How many files the feed names at most (but always one bundle): an agent reads an answer of 32 MiB, and comes back for the rest."""
UNKNOWN_FILE = N_("The bundle has no such file: %(file)s.")
WRONG_HASH = N_("The file %(file)s was written with other content than the bundle holds.")


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """One file an agent should write; `path` is relative to the dossier's folder."""

    item_id: UUID
    role: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """One bundle an agent should write."""

    delivery: Delivery
    export: Export
    files: tuple[WaitingFile, ...]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What an agent says it wrote."""

    item_id: UUID
    role: str
    path: str
    sha256: str
    written_at: datetime


def files_of(entries: Sequence[dict[str, Any]]) -> tuple[WaitingFile, ...]:
    """The files of a bundle from its stored manifest entries, in import order."""
    return tuple(
        WaitingFile(UUID(entry["id"]), file["role"], file["path"], file["sha256"], int(file["size"]))
        for entry in entries
        for file in entry["files"]
    )


def new_delivery(export: Export, files: int, now: datetime) -> Delivery:
    """A delivery of a finished bundle, for whichever agent of the firm comes first."""
    return Delivery(
        firm_id=export.firm_id,
        export_id=export.id,
        dossier_id=export.dossier_id,
        agent_id=None,
        state=DeliveryState.PENDING,
        reason=None,
        detail=None,
        files=files,
        confirmed=0,
        created_at=now,
        changed_at=now,
    )


async def waiting(session: ReadSession, actor: Actor) -> list[WaitingDelivery]:
    """What this agent has to write next, per dossier in the order of bundle numbers; not what another one is busy with."""
    assert actor.agent_id is not None
    since = clock_of(session).now() - TAKEN_FOR
    chosen: list[tuple[Delivery, Export]] = []
    files = 0
    for delivery, export in await repository.deliveries_waiting(session, actor.agent_id, since):
        files += delivery.files
        if chosen and files > FEED_FILES:
            break
        chosen.append((delivery, export))
    chosen.sort(key=lambda one: (one[1].dossier_id, one[1].number or 0))
    entries: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await repository.items_of(session, *(export.id for _delivery, export in chosen)):
        entries[row.export_id].append(row.entry)
    return [WaitingDelivery(delivery, export, files_of(entries[export.id])) for delivery, export in chosen]


async def delivery(session: ReadSession, delivery_id: UUID) -> tuple[Delivery, Export]:
    """A delivery of the firm.

    Raises:
        NotFound: unknown, or another firm's.
    """
    found = await repository.delivery(session, delivery_id)
    if found is None:
        raise NotFound
    return found


async def fetched(session: WriteSession, actor: Actor, delivery_id: UUID) -> None:
    """An agent takes a delivery up and fetches its archive: for a while it is nobody else's, so nothing is written twice.

    Raises:
        NotFound: another firm's delivery.
        Conflict: another agent has it (`taken`), or all of it has arrived (`confirmed`).
    """
    assert actor.agent_id is not None
    now = clock_of(session).now()
    if not await repository.claim_delivery(session, delivery_id, actor.agent_id, now, now - TAKEN_FOR):
        row, _export = await delivery(session, delivery_id)
        if row.state is DeliveryState.CONFIRMED:
            raise Conflict(ARRIVED, code="confirmed")
        raise Conflict(TAKEN, code="taken")


async def confirm(
    session: WriteSession, actor: Actor, delivery_id: UUID, written: Sequence[WrittenFile]
) -> tuple[int, Delivery]:
    """Take an agent's evidence: path and SHA-256 per file. Telling it twice changes nothing.

    When every file of the bundle is proved, the delivery is confirmed. An item whose files are proved is delivered, unless a newer
    version of it has left since. Late proofs count, whoever is busy with the delivery: what was written was written.

    Returns:
        How many files of the bundle are proved now, and the delivery.

    Raises:
        NotFound: another firm's delivery.
        Invalid: a file that is not in the bundle, or other content than it holds.
    """
    assert actor.agent_id is not None
    found = await repository.delivery(session, delivery_id, lock=True)
    if found is None:
        raise NotFound
    row, export = found
    rows = await repository.items_of(session, export.id)
    expected = {(file.item_id, file.role): file for file in files_of([item.entry for item in rows])}
    now = clock_of(session).now()
    for file in written:
        known = expected.get((file.item_id, file.role))
        if known is None:
            raise Invalid(UNKNOWN_FILE, code="unknown_file", file=file.path)
        if known.sha256 != file.sha256:
            raise Invalid(WRONG_HASH, code="wrong_hash", file=file.path)
    new = await repository.write_proofs(
        session,
        [
            {
                "firm_id": row.firm_id,
                "id": new_id(),
                "delivery_id": row.id,
                "item_id": file.item_id,
                "role": file.role,
                "agent_id": actor.agent_id,
                "agent_name": actor.name,
                "path": file.path,
                "sha256": file.sha256,
                "written_at": file.written_at,
                "confirmed_at": now,
            }
            for file in written
        ],
    )
    proofs = await repository.proofs_of_delivery(session, row.id)
    proved = {(proof.item_id, proof.role) for proof in proofs}
    complete = proved >= set(expected)
    moved = await repository.move_delivery(
        session,
        row.id,
        DeliveryState.CONFIRMED if complete else DeliveryState.WRITTEN,
        agent_id=actor.agent_id,
        confirmed=len(proved),
        reason=None,
        detail=None,
        changed_at=now,
    )
    missing = {item_id for item_id, _role in set(expected) - proved}
    delivered = {item.item_id: item.version for item in rows if item.item_id in new - missing}
    await items.deliver(session, delivered)
    if new:
        await audit.record(
            session,
            actor,
            "bundles.confirmed" if complete else "bundles.written",
            "delivery",
            row.id,
            dossier_id=row.dossier_id,
            number=export.number,
            files=len(proved),
        )
    return len(proved), moved or row


async def refuse(
    session: WriteSession, actor: Actor, delivery_id: UUID, reason: str, detail: str
) -> Delivery:
    """An agent could not write the bundle; people see why and what to do.

    Raises:
        NotFound: another firm's delivery.
        Conflict: another agent has it (`taken`).
    """
    found = await repository.delivery(session, delivery_id, lock=True)
    if found is None:
        raise NotFound
    row, export = found
    now = clock_of(session).now()
    if row.agent_id not in (None, actor.agent_id) and row.changed_at >= now - TAKEN_FOR:
        raise Conflict(TAKEN, code="taken")
    moved = await repository.move_delivery(
        session,
        row.id,
        DeliveryState.REFUSED,
        agent_id=actor.agent_id,
        reason=reason,
        detail=detail[:500],
        changed_at=now,
    )
    if moved is not None:
        await audit.record(
            session,
            actor,
            "bundles.refused",
            "delivery",
            row.id,
            dossier_id=row.dossier_id,
            number=export.number,
            reason=reason,
        )
    return moved or row


async def deliver_again(session: WriteSession, actor: Actor, dossier_id: UUID, export_id: UUID) -> Export:
    """Let the agents write the same bundle once more, under the same names: nothing is booked twice by it.

    The second half of a double click finds the delivery that the first one made.

    Raises:
        Forbidden: the actor may not export.
        NotFound, Conflict: no such bundle; not finished, or still on its way.
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    export = await finished(session, dossier_id, export_id)
    await repository.take(session, export.id)
    made = await repository.deliveries_of(session, export.id)
    if made and made[0].state not in (DeliveryState.CONFIRMED, DeliveryState.REFUSED):
        if made[0].state is DeliveryState.PENDING and len(made) > 1:
            return export
        raise Conflict(ON_ITS_WAY, code="on_its_way")
    counts: dict[str, int] = export.counts
    repository.add(session, new_delivery(export, counts["files"], clock_of(session).now()))
    await audit.record(
        session,
        actor,
        "bundles.delivered_again",
        "export",
        export.id,
        dossier_id=dossier_id,
        number=export.number,
    )
    return export


async def finished(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Export:
    """A finished bundle of a dossier.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
        Conflict: it is not finished.
    """
    export = await repository.export(session, export_id)
    if export is None or export.dossier_id != dossier_id:
        raise NotFound
    if export.state is not ExportState.FINISHED or export.sha256 is None:
        raise Conflict(NOT_READY)
    return export


async def note_download(session: WriteSession, actor: Actor, export: Export) -> None:
    """Somebody fetched a bundle by hand: evidence too."""
    repository.add(
        session,
        BundleDownload(
            firm_id=export.firm_id,
            export_id=export.id,
            person_id=actor.person_id,
            person_name=actor.name,
            at=clock_of(session).now(),
        ),
    )
    await audit.record(
        session,
        actor,
        "bundles.downloaded",
        "export",
        export.id,
        dossier_id=export.dossier_id,
        number=export.number,
    )
