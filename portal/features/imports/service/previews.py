"""Excel import: reading a list, judging its rows, keeping the judgement."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import limits
from portal.features.dossiers.domain.queries import WrittenFor
from portal.features.dossiers.domain.vat import VatRegime, regime_on
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.dossiers import claimed_companies
from portal.features.dossiers.service.folders import Folder, folders
from portal.features.imports import repository
from portal.features.imports.domain.columns import Column, find_columns, letter
from portal.features.imports.domain.judgement import Read, judge, judge_rows, read_rows
from portal.features.imports.domain.matches import Known, KnownDossier, folded_name
from portal.features.imports.domain.rows import MOST_ROWS, ImportRow, Outcome, Remark, RowStatus, counts
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport
from portal.features.targets import service as targets
from portal.jobs.contract import Tools, ask, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_
from portal.sandbox import Sheet, Workbook, read_workbook

NO_HEADING = N_(
    "No row of this file names the columns. Use the template, or a first row with at least the company name and number."
)
NO_ROWS = N_("The list is empty: there is no row below the headings.")
TOO_MANY = N_("The list has %(rows)s rows; at most %(limit)s are taken at once. Split it.")
NUMBERS_PER_DAY = 20_000
"""Whether a number has an account here is told in the preview: an office may look up its clients, not the register."""


async def read(data: bytes) -> tuple[Sheet, int, dict[Column, int]]:
    """The sheet of a workbook that holds the list, its heading row and its columns. The workbook is read in the sandbox.

    Raises:
        Invalid: no workbook, damaged, too large, or no sheet with headings we know.
    """
    book: Workbook = await read_workbook(data, max_rows=MOST_ROWS + 100)
    best: tuple[Sheet, int, dict[Column, int]] | None = None
    for sheet in book.sheets:
        found = find_columns(sheet.rows)
        if found is not None and (best is None or len(found[1]) > len(best[2])):
            best = (sheet, found[0], found[1])
    if best is None:
        raise Invalid(NO_HEADING, code="no_heading")
    sheet, heading, columns = best
    if heading + 1 < len(sheet.rows) and _is_ids(sheet.rows[heading + 1]):
        heading += 1  # the template's hidden row of column ids: it names the columns whatever the language
        found = find_columns([sheet.rows[heading]])
        columns = found[1] if found is not None else columns
    return sheet, heading, columns


def _is_ids(row: Sequence[Any]) -> bool:
    ids = {column.value for column in Column}
    cells = [cell for cell in row if cell]
    return len(cells) >= 2 and all(cell in ids for cell in cells)


async def keep_preview(
    session: WriteSession,
    actor: Actor,
    rows: Sequence[ImportRow],
    *,
    file_name: str,
    sha256: str,
    sheet: str,
    mapping: Any,
) -> DossierImport:
    """Keep rows that were judged as a list that somebody looks at before anything is done."""
    kept = DossierImport(
        id=new_id(),
        firm_id=actor.firm_id,
        file_name=file_name,
        sha256=sha256,
        sheet=sheet,
        mapping=mapping,
        rows=msgspec.to_builtins(rows),
        counts=counts(rows),
        answers={},
        outcomes={},
        position=0,
        state=ImportState.PREVIEWED,
        created_by=actor.person_id,
        created_at=clock_of(session).now(),
        accepted_at=None,
        result=None,
    )
    repository.add(session, kept)
    await session.flush()
    return kept


async def preview(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    *,
    file_name: str,
    data: bytes,
    parsed: tuple[Sheet, int, dict[Column, int]],
) -> DossierImport:
    """Judge every row and keep the judgement; nothing is made yet, nobody is mailed.

    Raises:
        Forbidden: the actor may not make dossiers.
        Invalid: no rows, or too many.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    assert actor.firm_id is not None
    sheet, heading, columns = parsed
    cells = list(read_rows(sheet.rows, heading, columns))
    if not cells:
        raise Invalid(NO_ROWS, code="no_rows")
    if len(cells) > MOST_ROWS:
        raise Invalid(TOO_MANY, code="too_many_rows", rows=len(cells), limit=MOST_ROWS)
    rows = judge(sheet.rows, heading, columns, await known(session, tools, actor, cells))
    return await keep_preview(
        session,
        actor,
        rows,
        file_name=file_name[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        sheet=sheet.name,
        mapping={column.value: letter(position) for column, position in columns.items()},
    )


async def known(session: ReadSession, tools: Tools, actor: Actor, cells: Sequence[Read]) -> Known:
    """What is there already, as far as this list needs it.

    Of claimed companies only that they are is asked, and of the firm's dossiers out of the actor's sight only what would make twins.

    Raises:
        TooMany: more numbers of this office were looked up today than an office has clients.
    """
    there = await present(session, actor)
    first = judge_rows(((line, dict(values)) for line, values in cells), there)
    asked: dict[str, list[str]] = {}
    for row in first:
        if row.number and (row.status in (RowStatus.CREATE, RowStatus.ASK) or "number" in row.changes):
            asked.setdefault(row.country, []).append(row.number)
    if asked:
        assert actor.firm_id is not None
        count = sum(len(numbers) for numbers in asked.values())
        await limits.limit(tools, f"numbers:{actor.firm_id}", NUMBERS_PER_DAY, timedelta(days=1), count=count)
        there.claimed = frozenset(await claimed_companies(tools, asked))
    return there


async def present(session: ReadSession, actor: Actor, made_here: Collection[str] = ()) -> Known:
    """The dossiers that are there now.

    Args:
        made_here: those that the list itself has made.
    """
    assert actor.firm_id is not None
    unseen = await dossiers.hidden_from(session, actor)
    mine = await dossiers.all_of(session, actor)
    written = await ask(session, WrittenFor(firm_id=actor.firm_id))
    regimes = await _regimes_now(session)
    places = await folders(session, actor.firm_id, [one for one in mine if one.id in written])
    packages = await targets.listed(session, actor.firm_id)
    spaces = {target_id: str(min(space)) for target_id, space in targets.spaces_of(packages).items()}
    seen_numbers = {(one.country, one.number) for one in mine}
    return Known(
        [
            _known(
                one,
                regimes.get(one.id),
                made_here=str(one.id) in made_here,
                folder=places.get(one.id),
                space=spaces[one.target_id],
            )
            for one in mine
        ],
        kept_already=frozenset(
            (one.country, one.number)
            for one in unseen
            if one.number and (one.country, one.number) not in seen_numbers
        ),
        codes_out_of_sight=frozenset((spaces[one.target_id], one.code_key) for one in unseen if one.code_key),
        names_out_of_sight=frozenset(folded_name(one.name) for one in unseen),
        space=spaces[packages[0].id],
    )


async def _regimes_now(session: ReadSession) -> dict[UUID, VatRegime]:
    """The VAT regime that holds today, by dossier of the firm."""
    today = local_date(clock_of(session).now())
    found = {
        one_id: regime_on(of_one, today) for one_id, of_one in (await dossiers.regimes_of(session)).items()
    }
    return {one_id: regime for one_id, regime in found.items() if regime is not None}


async def workbook_rows(session: ReadSession, actor: Actor) -> list[dict[str, str]]:
    """The dossiers that the actor may list as the template's columns, by name."""
    regimes = await _regimes_now(session)
    return [_values(one, regimes.get(one.id)) for one in await dossiers.all_of(session, actor)]


def _values(dossier: Dossier, regime: VatRegime | None) -> dict[str, str]:
    return {
        Column.CODE.value: dossier.code or "",
        Column.NAME.value: dossier.name,
        Column.NUMBER.value: dossier.number or "",
        Column.COUNTRY.value: dossier.country,
        Column.LANGUAGE.value: dossier.language.value,
        Column.CONTACT.value: dossier.contact_name or "",
        Column.EMAIL.value: dossier.contact_email or "",
        Column.PHONE.value: dossier.contact_phone or "",
        Column.VAT_REGIME.value: regime.value if regime else "",
        Column.ACTIVITY.value: dossier.activity or "",
        Column.ID.value: str(dossier.id),
    }


def _known(
    dossier: Dossier, regime: VatRegime | None, *, made_here: bool, folder: Folder | None, space: str
) -> KnownDossier:
    return KnownDossier(
        id=str(dossier.id),
        code=dossier.code,
        country=dossier.country,
        number=dossier.number,
        activity=dossier.activity or "",
        values={
            "code": dossier.code or "",
            "name": dossier.name,
            "contact_name": dossier.contact_name or "",
            "contact_email": dossier.contact_email or "",
            "contact_phone": dossier.contact_phone or "",
            "language": dossier.language.value,
            "vat_regime": regime.value if regime else "",
        },
        made_here=made_here,
        clashes=dossier.clashes,
        access=dossier.access,
        folder=folder.path if folder is not None else "",
        space=space,
    )


def rows_of(kept: DossierImport) -> list[ImportRow]:
    """The judged rows of an import; one that was refused says why."""
    rows = msgspec.convert(kept.rows, list[ImportRow])
    became = outcomes_of(kept)
    for row in rows:
        told = became.get(row.line)
        if told is not None and told.outcome in (Outcome.REFUSED, Outcome.OVERTAKEN):
            row.status = RowStatus.ERROR
            row.remarks = [*(remark for remark in row.remarks if remark not in told.remarks), *told.remarks]
    return rows


class Became(msgspec.Struct, frozen=True):
    """What became of one row of a list."""

    outcome: Outcome
    dossier_id: str | None = None
    remarks: list[Remark] = []


def outcomes_of(kept: DossierImport) -> dict[int, Became]:
    """What became of the rows that were looked at so far, by line."""
    return msgspec.convert(kept.outcomes, dict[int, Became], strict=False)


async def import_of(session: ReadSession, actor: Actor, import_id: UUID) -> DossierImport:
    """An import of the firm; of an assistant, the own ones alone.

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    found = await repository.import_of(session, actor, import_id)
    if found is None:
        raise NotFound
    return found


async def imports(session: ReadSession, actor: Actor) -> Sequence[DossierImport]:
    """The latest imports of the firm; of an assistant, the own ones alone."""
    return await repository.imports(session, actor)
