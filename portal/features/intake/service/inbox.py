"""The office's inbox: what is dropped on the office as a whole, and what people decide about what waits.

Who sees all dossiers sees all of it; an assistant what they sent themselves, and of the dossiers only their own are named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.db.figures import Figure, constant
from portal.db.paging import Page
from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.queries import DossierQuery, ListedDossier
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers, opening
from portal.features.intake.domain.files import Channel, clean_name
from portal.features.intake.domain.inbox import (
    BY_HAND,
    InboxChange,
    InboxQuery,
    InboxReception,
    InboxState,
)
from portal.features.intake.models import InboxFile
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.service import transfer
from portal.features.intake.service.lookups import why_of
from portal.features.intake.service.order import pairs
from portal.features.intake.service.quick_entry import HANDLED, NOT_BY_HAND, REASON_NEEDED
from portal.features.intake.service.reception import (
    NO_FILES,
    READING_INBOX,
    Incoming,
    ReadInbox,
    company_of,
    named,
    store,
    without_droppings,
)
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import FirmId, new_id

CHOICES = 20
"""So many dossiers are offered at once; a search finds the others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One file of the inbox as its reader sees it.

    Attributes:
        why: why it waits, or was discarded, in words.
        dossier: where it went, where the reader may know.
        members: what was in it.
    """

    file: InboxFile
    why: str
    dossier: Dossier | None
    members: "list[Shown]" = field(default_factory=list["Shown"])


@dataclass(frozen=True, slots=True)
class InboxUpload:
    """What was dropped together."""

    id: UUID
    files: Sequence[Shown]
    total: int
    done: int

    @property
    def settled(self) -> bool:
        """Whether all of it was looked at."""
        return self.done == self.total


def _firm(actor: Actor) -> FirmId:
    if actor.firm_id is None:
        raise NotFound
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    return actor.firm_id


async def hand_in(tools: Tools, actor: Actor, files: Sequence[Incoming]) -> UUID:
    """Store files for the office as a whole and write them down, with a job that finds out whose they are.

    Returns:
        The id of this upload, for its page of results.

    Raises:
        NotFound, Forbidden: nobody of the office, or nobody who may upload.
        Invalid: no file at all.
        StorageUnavailable: nothing was written down.
    """
    firm_id = _firm(actor)
    if not files:
        raise Invalid(NO_FILES, fields={"files": NO_FILES})
    stored = [await store(tools, firm_id, one) for one in without_droppings(files)]
    upload_id = new_id()
    async with tools.database.transaction(scope_of(actor)) as session:
        reception = InboxReception(
            firm_id=firm_id,
            upload_id=upload_id,
            received_at=tools.clock.now(),
            received_by=actor.person_id,
            channel=Channel.INBOX,
            sender=actor.name,
        )
        await inbox_repository.add_all(session, reception, stored)
        await audit.record(
            session,
            actor,
            "intake.inbox_received",
            "inbox_upload",
            upload_id,
            what=named([clean_name(one.name) for one in stored]),
            files=len(stored),
            refused=sum(1 for one in stored if one.refusal is not None),
        )
        if any(one.refusal is None for one in stored):
            key = f"{READING_INBOX}{upload_id}"
            await enqueue(session, actor, ReadInbox(upload_id=upload_id), unique_key=key)
    return upload_id


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _fitting(row: InboxFile) -> list[UUID]:
    """The dossiers that a file was found to fit, when it was looked at."""
    return [UUID(one) for one in row.reason_params.get("dossiers", [])]


async def _shown(session: ReadSession, actor: Actor, rows: Sequence[InboxFile]) -> list[Shown]:
    wanted = {one for row in rows for one in (*_fitting(row), row.dossier_id) if one is not None}
    cards = await dossiers.cards(session, actor, wanted)
    return [
        Shown(row, _why(row, cards), cards.get(row.dossier_id) if row.dossier_id is not None else None)
        for row in rows
    ]


def _why(row: InboxFile, cards: Mapping[UUID, Dossier]) -> str:
    """The reason in words; dossiers that the reader may not see are not named."""
    if row.reason != "inbox.several":
        return why_of(row.reason, row.reason_params)
    fitting = _fitting(row)
    names = [cards[one].title for one in fitting if one in cards]
    if len(names) < len(fitting):
        return why_of("inbox.several_hidden", {})
    return why_of(row.reason, {"names": ", ".join(names)})


async def file(session: ReadSession, actor: Actor, file_id: UUID) -> InboxFile:
    """One file of the inbox.

    Raises:
        NotFound: unknown, another firm's, not this assistant's, or nobody of an office asks.
    """
    _firm(actor)
    found = await inbox_repository.one(session, actor, file_id)
    if found is None:
        raise NotFound
    return found


async def shown(session: ReadSession, actor: Actor, row: InboxFile) -> Shown:
    """One file with why it waits, or where it went; an archive with what was in it."""
    rows = [row]
    if row.state is InboxState.SPLIT:
        there = await inbox_repository.of_upload(session, actor, row.upload_id)
        rows += [one for one in there if one.parent_id == row.id]
    top, *members = await _shown(session, actor, rows)
    top.members.extend(members)
    return top


async def upload(session: ReadSession, actor: Actor, upload_id: UUID) -> InboxUpload:
    """What became of what was dropped together.

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    _firm(actor)
    rows = await inbox_repository.of_upload(session, actor, upload_id)
    if not rows:
        raise NotFound
    by_id = {one.file.id: one for one in await _shown(session, actor, rows)}
    top: list[Shown] = []
    for one in by_id.values():
        parent = by_id.get(one.file.parent_id) if one.file.parent_id else None
        (parent.members if parent else top).append(one)
    leaves = [row for row in rows if row.state is not InboxState.SPLIT]
    return InboxUpload(upload_id, top, len(leaves), sum(1 for row in leaves if not row.is_unread))


async def listed(session: ReadSession, actor: Actor, query: InboxQuery) -> Page[Shown]:
    """One page of the inbox."""
    _firm(actor)
    page = await inbox_repository.page(session, actor, query)
    return Page(await _shown(session, actor, page.rows), page.next, page.previous)


async def counts(session: ReadSession, actor: Actor, query: InboxQuery) -> dict[InboxState, int]:
    """How many files are in each state."""
    return await inbox_repository.counts(session, actor, query)


def waiting_count(actor: Actor) -> Figure[int]:
    """How many files wait for the reader to say whose they are; nobody but staff has any."""
    return inbox_repository.waiting_count(actor) if actor.is_firm else constant(0)


async def next_waiting(session: ReadSession, actor: Actor, exclude: UUID) -> UUID | None:
    """The next file that waits."""
    return await inbox_repository.next_waiting(session, actor, exclude)


async def choices(
    session: ReadSession, actor: Actor, row: InboxFile, search: str
) -> list[Dossier | ListedDossier]:
    """The dossiers a file may be handed to by the actor: those it fits first, or those a search finds."""
    if search:
        found = (await dossiers.listed(session, actor, DossierQuery(search=search))).rows
    else:
        cards = await dossiers.cards(session, actor, _fitting(row))
        found = sorted(cards.values(), key=lambda one: one.sort_key)
    return [one for one in found if one.access in OPEN_ACCESS][:CHOICES]


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _with_its_pdf(session: ReadSession, actor: Actor, row: InboxFile) -> list[InboxFile]:
    """A file, and the PDF beside a UBL that waits as well."""
    there = await inbox_repository.of_upload(session, actor, row.upload_id)
    paper = pairs(there).get(row.id)
    return [row, *(one for one in there if one.id == paper and one.state is InboxState.WAITING)]


async def assign(tools: Tools, actor: Actor, file_id: UUID, dossier_id: UUID) -> UUID:
    """Hand a file that waits to a dossier, as a person has chosen; its bytes are copied between two transactions.

    Returns:
        The id of the upload that it became there.

    Raises:
        NotFound: no such file or dossier for this actor.
        Conflict: somebody has handled the file meanwhile (`handled`), or the firm has no access (`no_access`).
        BrokenFile, StorageUnavailable: the store is to blame; the file waits on.
    """
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await file(session, actor, file_id)
        company_id = company_of(place)
        if row.state is not InboxState.WAITING:
            raise Conflict(HANDLED, code="handled")
        rows = await _with_its_pdf(session, actor, row)
    await transfer.copy(tools, rows, company_id)
    async with opening.place(tools.database, actor, dossier_id) as (session, place):
        upload_id = await transfer.write(
            session,
            actor,
            rows,
            place,
            company_id,
            source=InboxState.WAITING,
        )
        if upload_id is None:
            raise Conflict(HANDLED, code="handled")
    return upload_id


async def discard(session: WriteSession, actor: Actor, row: InboxFile, reason: str) -> None:
    """Nothing for anybody's books, with a reason.

    Raises:
        Invalid: no reason.
        Conflict: somebody has handled it meanwhile (`handled`).
    """
    _firm(actor)
    text = reason.strip()[:500]
    if not text:
        raise Invalid(REASON_NEEDED, fields={"reason": REASON_NEEDED})
    change = InboxChange(
        reason=BY_HAND,
        reason_params={"text": text, "asked": row.reason, "asked_params": row.reason_params},
        handled_at=clock_of(session).now(),
    )
    moved = await inbox_repository.move(
        session, row.id, InboxState.DISCARDED, change, only_from=InboxState.WAITING
    )
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    await _tell(session, actor, row, "intake.discarded", reason=text)


async def take_back(session: WriteSession, actor: Actor, row: InboxFile) -> None:
    """What a person discarded waits again, for the reason that it had.

    Raises:
        Conflict: nobody discarded it, or somebody has taken it back meanwhile.
    """
    _firm(actor)
    if row.state is not InboxState.DISCARDED or row.reason != BY_HAND:
        raise Conflict(NOT_BY_HAND, code="not_by_hand")
    asked = row.reason_params
    change = InboxChange(
        reason=asked.get("asked"),
        reason_params=asked.get("asked_params") or {},
        handled_at=None,
    )
    moved = await inbox_repository.move(
        session, row.id, InboxState.WAITING, change, only_from=InboxState.DISCARDED
    )
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    await _tell(session, actor, row, "intake.discard_undone")


async def _tell(session: WriteSession, actor: Actor, row: InboxFile, action: str, **data: Any) -> None:
    await audit.record(session, actor, action, "inbox_file", row.id, what=row.name, **data)


async def copies_of_erased(session: ReadSession, erasure_id: UUID) -> dict[UUID, list[str]]:
    """What the inboxes of firms held of something that was erased: hashes by firm. In the system scope."""
    found: dict[UUID, list[str]] = {}
    for firm_id, sha256 in await inbox_repository.copies_of_erased(session, erasure_id):
        found.setdefault(firm_id, []).append(sha256)
    return found


async def drop_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Throw away what was discarded, handed over or opened before that moment. In the system scope."""
    return await inbox_repository.drop_old(session, before, limit)
