"""Malware: every file is scanned before anything reads it, and what carries some is out of reach from that moment, and gone after a week.

Out of reach means: no row names its bytes but by the reason for which it was refused, so that no page, download, job or copy finds them.
The archive or mail it was in goes the same way.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from exports.model import Document as Invoice
from portal.db.figures import Figure
from portal.db.session import WriteSession
from portal.features.intake.models import InboxFile, IntakeFile
from portal.features.intake.repository import refused as refused_repository
from portal.jobs.contract import Job, Priority, Tools
from portal.jobs.ledger import enqueue
from portal.jobs.upkeep import Owner
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import CompanyId, FirmId


class Infected(Exception):
    """A file carries malware; `signature` is what the scanner calls it."""

    def __init__(self, signature: str) -> None:
        super().__init__(signature)
        self.signature = signature


class RemoveRefused(Job, frozen=True, kw_only=True):
    """Delete the bytes of files that were refused a week ago."""

    name: ClassVar[str] = "intake.remove_refused"
    priority: ClassVar[Priority] = Priority.UPKEEP
    kind: Owner
    owner: UUID
    hashes: list[str]


def owner_of(row: IntakeFile | InboxFile) -> UUID:
    """Whose its bytes are: the company's, or the firm's."""
    return row.company_id if isinstance(row, IntakeFile) else row.firm_id


async def scan(tools: Tools, row: IntakeFile | InboxFile) -> datetime | None:
    """Scan a file that nobody has read yet; gives when it was found clean, None where nothing is scanned.

    Raises:
        Infected: it carries malware.
        ScannerUnavailable: the scanner is away; the file waits.
        BrokenFile, StorageUnavailable: the store is to blame.
    """
    if not tools.scanner.is_on:
        return None
    if row.scanned_at is not None:  # before this turn, or before it was handed on
        return row.scanned_at
    await look_through(tools, tools.store.stream(owner_of(row), row.sha256))
    return tools.clock.now()


async def look_through(tools: Tools, content: bytes | AsyncIterator[bytes]) -> None:
    """Scan bytes, where anything is scanned.

    Raises:
        Infected, ScannerUnavailable: see `scan`.
    """
    if tools.scanner.is_on and (found := await tools.scanner.scan(content)).signature:
        raise Infected(found.signature)


async def look_into(tools: Tools, invoice: Invoice) -> None:
    """Scan what is embedded in an invoice: written as base64, no scanner sees it from outside.

    Raises:
        Infected, ScannerUnavailable: see `scan`.
    """
    if not tools.scanner.is_on:
        return
    for one in invoice.attachments:
        if one.is_embedded and (content := await asyncio.to_thread(one.decoded)):
            await look_through(tools, content)


async def note_clean(session: WriteSession, row: IntakeFile | InboxFile, moment: datetime) -> None:
    """Write down when a file was scanned and found clean."""
    await refused_repository.note_scanned(session, type(row), row.id, moment)


async def refuse(
    session: WriteSession, row: IntakeFile | InboxFile, signature: str, moment: datetime
) -> None:
    """A file is refused for malware, and out of reach from now on; so is what it was in."""
    await refused_repository.refuse(session, type(row), row.id, signature, moment)
    inner, above = row, row.parent_id
    while above is not None:
        parent = await refused_repository.withdraw(session, type(row), above, signature, inner.name, moment)
        if parent is None:
            return
        inner, above = parent, parent.parent_id


async def remove_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Ask for the deletion of what was refused before that moment, and say so on its pages. In the system scope.

    Returns:
        How many files it was, of each kind at most so many.
    """
    many = 0
    hashes: dict[tuple[Owner, UUID], list[str]] = {}
    tables: Sequence[tuple[Owner, type[IntakeFile | InboxFile]]] = (
        ("company", IntakeFile),
        ("firm", InboxFile),
    )
    for kind, table in tables:
        found = await refused_repository.let_go(session, table, before, limit)
        many = max(many, len(found))
        for owner, sha256 in found:
            hashes.setdefault((kind, owner), []).append(sha256)
    for (kind, owner), those in hashes.items():
        actor = (
            Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(owner))
            if kind == "company"
            else Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(owner))
        )
        await enqueue(session, actor, RemoveRefused(kind=kind, owner=owner, hashes=those))
    return many


def scanned_at(document_id: UUID) -> Figure[datetime | None]:
    """When the file of a document was found clean; None for not scanned."""
    return refused_repository.scanned_at(document_id)
