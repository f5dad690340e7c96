"""Several invoices in one file, and one invoice in several: cut apart, put together, and both taken back while nothing is processed.

Files are fetched, cut and stored without a session; the move of the paper that is cut, or of those that are joined, is the guard against two
people and two clicks: whoever comes second is told that it is done.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents.service import files
from portal.features.documents.service.lookups import own_uploads_only
from portal.features.dossiers.models import belongs_to
from portal.features.intake.domain.files import FileKind, IntakeState
from portal.features.intake.domain.papers import (
    MOST_JOINED,
    MOST_PAGES,
    TOO_FEW,
    TOO_MANY,
    Relative,
    joined_name,
    marked,
    part_name,
    ranges_of,
)
from portal.features.intake.models import IntakeFile
from portal.features.intake.repository import papers as papers_repository
from portal.features.intake.service.quick_entry import HANDLED, invoice_hints, is_paper
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_
from portal.sandbox import count_paper_pages, cut_paper, join_papers, read_pdf_page

OFFERED = 60
"""So many waiting papers are offered to be put together with one."""
THUMB = 320
"""Pixels of a page that is small enough to see many."""
MOST_TOGETHER = 64 * 1024 * 1024
"""Bytes of papers that are put together at once: they are in memory twice meanwhile."""
TOO_LARGE = N_("Together these papers are too large to be one. Choose fewer of them.")
NOT_WHOLE = N_("A part was processed or rejected already: the paper stays split.")
NOT_WAITING = N_("The file was processed already: it stays as it is.")


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A PDF that we made, stored: pages `first` to `last` of another, or several put together."""

    name: str
    sha256: str
    size: int
    first: int | None = None
    last: int | None = None


def _check(actor: Actor, row: IntakeFile) -> None:
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    if (
        not is_paper(row) or invoice_hints(row) is not None
    ):  # the data of an invoice would be lost with its pages
        raise NotFound
    if row.state is not IntakeState.TO_PROCESS:
        raise Conflict(HANDLED, code="handled")


async def page_count(tools: Tools, row: IntakeFile) -> int:
    """How many pages of a paper can be ticked.

    Raises:
        Invalid: it cannot be read.
        Unavailable: the store or the readers are away.
    """
    async with files.COUNTS.turn():
        data = await tools.store.get(row.company_id, row.sha256)
        return min(await count_paper_pages(data), MOST_PAGES)


async def thumbnail(tools: Tools, row: IntakeFile, page: int) -> bytes:
    """A small picture of one page (from 1).

    Raises:
        NotFound: there is none.
        Unavailable: too many are drawn at this moment, or a part is away.
    """
    if not 1 <= page <= MOST_PAGES:
        raise NotFound
    if row.media_type != FileKind.PDF:
        return await files.original_page(tools, row.company_id, row.sha256, row.media_type, page)
    try:
        async with files.PAGES.turn():
            data = await tools.store.get(row.company_id, row.sha256)
            return (await read_pdf_page(data, page=page - 1, width=THUMB)).png
    except Invalid as error:
        raise NotFound from error


async def cut(tools: Tools, actor: Actor, row: IntakeFile, begins: Collection[int]) -> list[NewPaper]:
    """The parts of a paper, stored: new ones begin at these pages (from 1). Nothing is written down yet.

    Raises:
        Invalid: there would be one part alone, or the paper cannot be cut.
        Conflict: it waits no more (`handled`).
    """
    _check(actor, row)
    data = await tools.store.get(row.company_id, row.sha256)
    count = await count_paper_pages(data)
    ranges = ranges_of(begins, count)
    parts: list[NewPaper] = []
    for (first, last), pages in zip(ranges, await cut_paper(data, ranges), strict=True):
        whole = marked(pages, row.sha256, first, last)
        put = await tools.store.put(row.company_id, whole, media_type=FileKind.PDF.value)
        parts.append(NewPaper(part_name(row.name, first, last), put.sha256, put.size, first, last))
    return parts


async def write_cut(
    session: WriteSession, actor: Actor, row: IntakeFile, parts: Sequence[NewPaper], dossier_id: UUID | None
) -> UUID | None:
    """The paper is split, its parts wait; gives the first that does. What is a document already is said to be.

    Raises:
        Conflict: it waits no more: somebody was faster, or clicked twice (`handled`).
    """
    _check(actor, row)
    now = clock_of(session).now()
    moved = await papers_repository.move_from(
        session, row.id, IntakeState.TO_PROCESS, IntakeState.SPLIT, {"handled_at": now, "reason": None}
    )
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    known = await papers_repository.known(session, row.company_id, [part.sha256 for part in parts])
    rows = [_new(moved, part, parent_id=row.id) for part in parts]
    for one in rows:
        if (document_id := known.get(one["sha256"])) is not None:
            change = {"reason": "already", "document_id": document_id, "handled_at": now}
            one.update(change, state=IntakeState.PROCESSED)
    await papers_repository.add(session, rows)
    await _tell(session, actor, moved, "intake.cut", dossier_id, parts=len(parts))
    return next((one["id"] for one in rows if one["state"] is IntakeState.TO_PROCESS), None)


async def undo_cut(
    session: WriteSession, actor: Actor, row: IntakeFile, dossier_id: UUID | None
) -> IntakeFile:
    """The parts of a paper are put together again: it waits as it came.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: a part was processed or rejected, or it is not split.
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    parts = await papers_repository.parts_of(session, row.id, lock=True)
    if not parts or any(part.state is not IntakeState.TO_PROCESS for part in parts):
        raise Conflict(NOT_WHOLE, code="not_whole")
    now = clock_of(session).now()
    if await papers_repository.merge(session, [part.id for part in parts], row.id, now) != len(parts):
        raise Conflict(NOT_WHOLE, code="not_whole")
    moved = await papers_repository.move_from(
        session, row.id, IntakeState.SPLIT, IntakeState.TO_PROCESS, {"handled_at": None}
    )
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    await _tell(session, actor, moved, "intake.cut_undone", dossier_id)
    return moved


async def offered(
    session: ReadSession, actor: Actor, row: IntakeFile, dossier_id: UUID | None
) -> list[IntakeFile]:
    """Waiting papers that may be put together with one: those that came with it first, then the newest."""
    where = belongs_to(IntakeFile.dossier_id, dossier_id) if dossier_id is not None else None
    found = await papers_repository.waiting_papers(
        session, row.company_id, own_uploads_only(actor), where, OFFERED
    )
    others = [one for one in found if one.id != row.id]
    return sorted(
        others, key=lambda one: (one.upload_id != row.upload_id, abs(one.received_at - row.received_at))
    )


async def join(tools: Tools, actor: Actor, rows: Sequence[IntakeFile]) -> NewPaper:
    """One PDF of several papers, stored. Nothing is written down yet.

    Raises:
        Invalid: they are too few, too many, or one of them cannot be read.
        Conflict: one waits no more (`handled`).
    """
    if len(rows) < 2:
        raise Invalid(TOO_FEW, fields={"with": TOO_FEW}, code="too_few")
    if len(rows) > MOST_JOINED:
        raise Invalid(TOO_MANY, code="too_many", limit=MOST_JOINED)
    for row in rows:
        _check(actor, row)
    if sum(row.size for row in rows) > MOST_TOGETHER:
        raise Invalid(TOO_LARGE, code="too_large")
    async with files.COUNTS.turn():
        whole = await join_papers([await tools.store.get(row.company_id, row.sha256) for row in rows])
    # Joined once more, after it was taken apart, it is another paper with the same pages.
    source = hashlib.sha256("".join(row.sha256 for row in rows).encode()).hexdigest()
    put = await tools.store.put(
        rows[0].company_id,
        marked(whole, source, 1, await count_paper_pages(whole)),
        media_type=FileKind.PDF.value,
    )
    return NewPaper(joined_name(rows[0].name, len(rows)), put.sha256, put.size)


async def write_join(
    session: WriteSession,
    actor: Actor,
    rows: Sequence[IntakeFile],
    made: NewPaper,
    dossier_id: UUID | None,
) -> UUID:
    """The papers are in a new one, which waits in their place; gives it.

    Raises:
        Conflict: one waits no more: somebody was faster, or clicked twice (`handled`).
    """
    for row in rows:
        _check(actor, row)
    new = _new(rows[0], made)
    await papers_repository.add(session, [new])
    now = clock_of(session).now()
    if await papers_repository.merge(session, [row.id for row in rows], new["id"], now) != len(rows):
        raise Conflict(HANDLED, code="handled")
    await audit.record(
        session,
        actor,
        "intake.joined",
        "intake_file",
        new["id"],
        dossier_id=dossier_id,
        what=made.name,
        parts=len(rows),
    )
    return new["id"]


async def undo_join(session: WriteSession, actor: Actor, row: IntakeFile, dossier_id: UUID | None) -> None:
    """Papers that were put together wait by themselves again.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: the one they are in was processed or rejected.
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    change: dict[str, Any] = {"handled_at": clock_of(session).now(), "reason": "taken_apart", "sha256": ""}
    moved = await papers_repository.move_from(
        session, row.id, IntakeState.TO_PROCESS, IntakeState.SPLIT, change
    )
    if moved is None or not await papers_repository.release(session, row.id):
        raise Conflict(NOT_WAITING, code="handled")
    await _tell(session, actor, moved, "intake.joined_undone", dossier_id)


@dataclass(frozen=True, slots=True)
class Kin:
    """What a paper was cut into or put together from, what it is a part of, and where it is now."""

    parts: Sequence[Relative]
    sources: Sequence[Relative]
    parent: Relative | None
    whole: Relative | None

    @property
    def may_put_together(self) -> bool:
        """Whether nothing was done with the parts yet."""
        return bool(self.parts) and all(part.state is IntakeState.TO_PROCESS for part in self.parts)


def kin(row: IntakeFile) -> Figure[Kin]:
    """Of one paper."""

    def sorted_out(found: Sequence[Relative]) -> Kin:
        by_id = {one.id: one for one in found}
        # parts that were put together again are none any more; one that went into another paper still is
        parts = [
            one
            for one in found
            if one.parent_id == row.id
            and one.first_page is not None
            and not (one.state is IntakeState.MERGED and one.merged_into == row.id)
        ]
        sources = [one for one in found if one.merged_into == row.id and one.parent_id != row.id]
        return Kin(
            parts if row.state is IntakeState.SPLIT else (),
            sources if row.state is IntakeState.TO_PROCESS else (),
            by_id.get(row.parent_id) if row.parent_id and row.first_page else None,
            by_id.get(row.merged_into) if row.merged_into else None,
        )

    return papers_repository.relatives(row).mapped(sorted_out)


def _new(like: IntakeFile, paper: NewPaper, *, parent_id: UUID | None = None) -> dict[str, Any]:
    """A new file that came in as another one did, and waits."""
    return {
        "id": new_id(),
        "company_id": like.company_id,
        "upload_id": like.upload_id,
        "dossier_id": like.dossier_id,
        "received_at": like.received_at,
        "received_by": like.received_by,
        "channel": like.channel,
        "sender": like.sender,
        "parent_id": parent_id,
        "name": paper.name,
        "media_type": FileKind.PDF.value,
        "size": paper.size,
        "sha256": paper.sha256,
        "first_page": paper.first,
        "last_page": paper.last,
        "state": IntakeState.TO_PROCESS,
        "reason": None,
        "document_id": None,
        "handled_at": None,
    }


async def _tell(
    session: WriteSession, actor: Actor, row: IntakeFile, action: str, dossier_id: UUID | None, **data: Any
) -> None:
    await audit.record(
        session, actor, action, "intake_file", row.id, dossier_id=dossier_id, what=row.name, **data
    )
