"""A file of the inbox goes to a dossier: its bytes are copied to the company first, its row is written second.

A crash between the two leaves a copy that no row names, which is thrown away by itself or found again by the next try: nothing is lost, and
nothing doubled, since the move of the row is the guard.
"""

from collections.abc import Sequence
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.service.places import Place
from portal.features.intake.domain.files import FileKind, NewFile, Reception
from portal.features.intake.domain.inbox import InboxChange, InboxState
from portal.features.intake.models import InboxFile
from portal.features.intake.repository import files as files_repository
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.service.reception import READING, ReadUpload, company_of
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import FirmId, PersonId, new_id


async def copy(tools: Tools, rows: Sequence[InboxFile], company_id: UUID) -> None:
    """Put the bytes of files of the inbox under the company's key. Without a session; may be repeated.

    Raises:
        BrokenFile, StorageUnavailable: the store is to blame; nothing half is kept.
    """
    for row in rows:
        content = tools.store.stream(row.firm_id, row.sha256)
        await tools.store.put(company_id, content, media_type=row.media_type)


async def write(
    session: WriteSession,
    actor: Actor,
    rows: Sequence[InboxFile],
    place: Place,
    company_id: UUID,
    *,
    source: InboxState,
) -> UUID | None:
    """Write files down for a dossier, the first one with those beside it, and ask for their reading. Their bytes are copied.

    Args:
        actor: who hands them over, of all who see the dossier.
        place: the dossier that the transaction was begun for.
        company_id: to whom they were copied.
        source: where they must be: waiting for this person, or just received and known by their number.

    Returns:
        The id of the new upload; None when somebody was there first, or the dossier is another company's by now.

    Raises:
        Conflict: the firm has no access (`no_access`).
    """
    if company_of(place) != company_id:
        return None
    now, upload_id = clock_of(session).now(), new_id()
    for nth, row in enumerate(rows):
        file_id = new_id()
        change = InboxChange(
            reason=None,
            reason_params={},
            object_sha256=None,
            handled_at=now,
            dossier_id=place.dossier_id,
            intake_file_id=file_id,
        )
        moved = await inbox_repository.move(session, row.id, InboxState.ROUTED, change, only_from=source)
        if moved is None and nth == 0:
            return None
        if moved is not None:
            await _add(session, moved, upload_id, company_id)
    first = rows[0]
    action = "intake.assigned" if source is InboxState.WAITING else "intake.routed"
    await audit.record(
        session,
        actor,
        action,
        "upload",
        upload_id,
        dossier_id=place.dossier_id,
        what=first.name,
        sender=first.sender,
    )
    await enqueue(
        session, _sender(first), ReadUpload(upload_id=upload_id), unique_key=f"{READING}{upload_id}"
    )
    return upload_id


async def _add(session: WriteSession, row: InboxFile, upload_id: UUID, company_id: UUID) -> None:
    reception = Reception(
        company_id=company_id,
        upload_id=upload_id,
        dossier_id=row.dossier_id,
        received_at=row.received_at,
        received_by=row.received_by,
        channel=row.channel,
        sender=row.sender,
    )
    file = NewFile(
        id=row.intake_file_id,
        name=row.name,
        folder=row.folder,
        media_type=FileKind(row.media_type),
        size=row.size,
        sha256=row.sha256,
        scanned_at=row.scanned_at,
    )
    await files_repository.add_all(session, reception, [file])


def _sender(row: InboxFile) -> Actor:
    """Whoever sent it, as the one who handed it in: what it becomes is theirs, without any right."""
    person_id = PersonId(row.received_by) if row.received_by is not None else None
    return Actor(door=Door.JOB, name=row.sender, firm_id=FirmId(row.firm_id), person_id=person_id)
