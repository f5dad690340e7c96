"""Whose a file is, by the numbers in it: of the firm's own open dossiers, whichever of them the sender sees."""

from uuid import UUID

from exports import coda
from exports.numbers import enterprise_number
from portal.features.documents.service import arrivals
from portal.features.intake.domain.files import FileKind
from portal.features.intake.domain.inbox import (
    Candidate,
    Marks,
    is_for,
    marks_of_invoice,
    marks_of_statements,
)
from portal.features.intake.models import InboxFile
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.service.contents import checked_coda, read_invoice, refuse_named
from portal.jobs.contract import Tools
from portal.kernel.clock import local_date


async def marks_of(tools: Tools, row: InboxFile) -> Marks | None:
    """What a file says of whose it is; None for a paper, which says nothing.

    Raises:
        Refused: it is of no kind that is taken, or cannot be read.
        BrokenFile, Unavailable: the store or the readers are to blame.
    """
    refuse_named(row.media_type)
    if row.media_type not in (FileKind.XML, FileKind.CODA):
        return None
    data = await tools.store.get(row.firm_id, row.sha256)
    if row.media_type == FileKind.XML:
        return marks_of_invoice(await read_invoice(data))
    file, _parts = await checked_coda(data)
    return _of_statements(file)


def _of_statements(file: coda.File) -> Marks:
    given = {enterprise_number(one.company_number) for one in file.statements if one.company_number}
    accounts = {one.account.key[0] for one in file.statements}
    return marks_of_statements(frozenset(("BE", one) for one in given if one), frozenset(accounts))


async def fitting(tools: Tools, firm_id: UUID, marks: Marks) -> tuple[Candidate, ...]:
    """The open dossiers of a firm that a file names.

    Beyond row security, which shows the companies of a firm one at a time: no dossier of anybody else is looked at, and of those that
    do not fit nothing is told.
    """
    today = local_date(tools.clock.now())
    async with tools.database.system_scope() as session:
        named = await inbox_repository.named_companies(session, firm_id, marks, today)
        companies = {company_id for _id, company_id, _by in named}
        known = {one: await arrivals.identity_of(session, one) for one in companies}
    candidates = (
        Candidate(dossier_id=dossier_id, company_id=company_id, us=known[company_id], has_account=by_account)
        for dossier_id, company_id, by_account in named
    )
    return tuple(one for one in candidates if is_for(marks, one))
