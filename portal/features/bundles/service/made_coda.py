"""Statements in other forms are written as CODA before their bundle is planned: numbers first, then the files, outside of any transaction.

May be repeated after any crash: a number that was taken stays, and the same file comes of it.
"""

from typing import NamedTuple
from uuid import UUID

import structlog

from portal.features.banking.domain import StatementForm
from portal.features.banking.models import DerivedCoda, Statement
from portal.features.banking.service import derived
from portal.features.banking.service import statements as banking
from portal.features.bundles.models import Export
from portal.features.bundles.service import exclusions
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.service import opening
from portal.features.items.service import moves
from portal.jobs.runner import Task
from portal.storage import BrokenFile

log = structlog.get_logger()


class _Due(NamedTuple):
    row: Statement
    made: DerivedCoda


async def make_codas(task: Task, export: Export) -> dict[UUID, str]:
    """Make the CODA of each statement in another form that an export holds. Gives those that cannot leave, with the reason.

    One that was made before is made again only where its object is not known: what left once leaves with the same bytes.

    Raises:
        Unavailable: the store is away.
    """
    stays: dict[UUID, str] = {}
    due: list[_Due] = []
    async with opening.dossier(task.tools.database, task.actor, export.dossier_id) as (session, dossier):
        if dossier.access not in OPEN_ACCESS:
            return stays
        held = await moves.reserved(session, export.id)
        found = await banking.by_ids(session, [item.statement_id for item in held if item.statement_id])
        rows = [row for row, _account in found.values() if row.form is not StatementForm.CODA]
        if not rows:
            return stays
        kept_back = await banking.kept_back(session, rows)
        left = {item.statement_id for item in held if item.bundled_version is not None}
        stays.update({one: reason for one, reason in kept_back.items() if one not in left})
        going = [row for row in rows if row.id not in stays]
        numbers = await derived.take_numbers(session, export.company_id, going)
        for row in going:
            made = numbers.get(row.id)
            if made is None:
                stays[row.id] = exclusions.NO_NUMBER
            elif made.sha256 is None:
                due.append(_Due(row, made))
    for row, made in due:
        try:
            written = await derived.make_coda(task.tools, row, made.number)
        except BrokenFile:
            stays[row.id] = exclusions.DAMAGED
            continue
        if written is None:
            stays[row.id] = exclusions.NOT_AS_CODA
            continue
        data, content = written
        stored = await task.tools.store.put(export.company_id, data, media_type="text/plain")
        async with opening.dossier(task.tools.database, task.actor, export.dossier_id) as (session, dossier):
            if dossier.access not in OPEN_ACCESS:
                return stays
            await derived.note_made(session, made, sha256=stored.sha256, size=stored.size, content=content)
    return stays
