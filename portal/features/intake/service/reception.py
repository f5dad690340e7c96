"""Handing in: bytes are stored and acknowledged first, looked at later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar
from uuid import UUID

from portal.features.audit import service as audit
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.features.intake.domain.files import Channel, NewFile, Reception, clean_name, sniff
from portal.features.intake.domain.reasons import Reason
from portal.features.intake.repository import files as files_repository
from portal.jobs.contract import Job, Priority, Tools
from portal.jobs.ledger import enqueue
from portal.kernel import signatures
from portal.kernel.actor import Actor, Right
from portal.kernel.droppings import is_dropping
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id
from portal.kernel.language import N_

NO_FILES = N_("Choose at least one file.")
NO_ACCESS = N_("Your firm has no access to this company (any more). Ask its owner for access.")
MEGABYTE = 1024 * 1024


class ReadUpload(Job, frozen=True, kw_only=True):
    """Look at what was handed in together."""

    name: ClassVar[str] = "intake.read_upload"
    priority: ClassVar[Priority] = Priority.NOW
    upload_id: UUID


class ReadInbox(Job, frozen=True, kw_only=True):
    """Look at what came to the office as a whole: whose is it?"""

    name: ClassVar[str] = "intake.read_inbox"
    priority: ClassVar[Priority] = Priority.NOW
    upload_id: UUID


class GiveUp(Job, frozen=True, kw_only=True):
    """Set aside what is left of an upload whose reading was given up."""

    name: ClassVar[str] = "intake.give_up"
    upload_id: UUID


class GiveUpInbox(Job, frozen=True, kw_only=True):
    """Let what is left of an upload of the inbox wait for a person: its reading was given up."""

    name: ClassVar[str] = "intake.give_up_inbox"
    upload_id: UUID


READING = "intake.read_upload:"
READING_INBOX = "intake.read_inbox:"
"""What the unique key of a reading job begins with; the upload's id follows."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file from a browser: its name as given, its length in bytes, and the bytes from the beginning."""

    name: str
    size: int
    file: BinaryIO


def company_of(place: Place) -> UUID:
    """The company whose files these are: the member's own, or that of a dossier which is open to the firm.

    Raises:
        Conflict: the firm has no access (`no_access`).
    """
    if not place.open:
        raise Conflict(NO_ACCESS, code="no_access")
    return place.company_id


NAMED = 3
"""History names so many files of an upload; the others are counted."""


def named(names: Sequence[str]) -> str:
    """The files of an upload, as history tells of them."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" + {rest}" if rest > 0 else "")


async def hand_in(
    tools: Tools, actor: Actor, files: Sequence[Incoming], *, dossier_id: UUID | None = None
) -> UUID:
    """Store files and write them down, with a job that reads them; a file that cannot be taken says why, the others go through.

    Bytes are stored between two transactions: a slow store holds nobody up, and what is written down is already kept.

    Returns:
        The id of this upload, for its page of results.

    Raises:
        Forbidden: the actor may not upload.
        Invalid: no file at all.
        NotFound: no such dossier for this actor.
        Conflict: see `company_of`.
        StorageUnavailable: nothing was written down.
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    if not files:
        raise Invalid(NO_FILES, fields={"files": NO_FILES})
    async with opening.reading_place(tools.database, actor, dossier_id) as (_session, place):
        company_id = company_of(place)
    stored = [await store(tools, company_id, one) for one in without_droppings(files)]
    upload_id = new_id()
    async with opening.place(tools.database, actor, dossier_id) as (session, place):
        company_of(place)
        reception = Reception(
            company_id=company_id,
            upload_id=upload_id,
            dossier_id=dossier_id,
            received_at=tools.clock.now(),
            received_by=actor.person_id,
            channel=Channel.MEMBER if actor.company_id is not None else Channel.OFFICE,
            sender=actor.name,
        )
        await files_repository.add_all(session, reception, stored)
        await audit.record(
            session,
            actor,
            "intake.handed_in",
            "upload",
            upload_id,
            dossier_id=dossier_id,
            what=named([clean_name(one.name) for one in stored]),
            files=len(stored),
            refused=sum(1 for one in stored if one.refusal is not None),
        )
        if any(one.refusal is None for one in stored):
            await enqueue(session, actor, ReadUpload(upload_id=upload_id), unique_key=f"{READING}{upload_id}")
    return upload_id


async def store(tools: Tools, owner: UUID, one: Incoming) -> NewFile:
    """Keep the bytes of a file; what is empty or too large is not kept, with the reason.

    Raises:
        StorageUnavailable: nothing of it is kept.
    """
    limit = tools.settings.max_upload_bytes
    if one.size == 0:
        return NewFile(name=one.name, refusal=Reason(code="empty"))
    if one.size > limit:
        params = {"size": -(-one.size // MEGABYTE), "limit": limit // MEGABYTE}
        return NewFile(name=one.name, size=one.size, refusal=Reason(code="too_large", params=params))
    kind = sniff(_beginning(one.file))
    one.file.seek(0)
    stored = await tools.store.put(owner, one.file, media_type=kind.value)
    return NewFile(name=one.name, media_type=kind, size=stored.size, sha256=stored.sha256)


def _beginning(file: BinaryIO) -> bytes:
    """What tells the kind of a file, see `signatures.beginning`."""
    file.seek(0)
    head = file.read(signatures.HEAD)
    place = signatures.ole_directory(head)
    if place is None or place <= len(head):
        return head
    file.seek(place)
    return head + file.read(signatures.DIRECTORY)


def without_droppings(files: Sequence[Incoming]) -> Sequence[Incoming]:
    """What people meant to hand in: not what systems leave in their folders for themselves, unless there is nothing else."""
    meant = [one for one in files if not is_dropping(one.name, _begin(one), one.size)]
    return meant or files


def _begin(one: Incoming) -> bytes:
    one.file.seek(0)
    return one.file.read(4)
