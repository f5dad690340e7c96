"""Excel import: read, preview, accept once."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts import service as accounts
from portal.features.audit import service as audit
from portal.features.dossiers import repository
from portal.features.dossiers.domain import ImportState, VatRegime
from portal.features.dossiers.domain.columns import (
    Column,
    find_columns,
    language_of,
    letter,
    regime_of,
    wanted,
)
from portal.features.dossiers.domain.importing import (
    GOOD,
    MOST_ROWS,
    ImportRow,
    Known,
    KnownDossier,
    Remark,
    RowStatus,
    counts,
    judge,
)
from portal.features.dossiers.models import Dossier, DossierImport
from portal.features.dossiers.service.core import change, create
from portal.features.parties import service as parties
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PortalError, TooMany
from portal.kernel.ids import new_id
from portal.kernel.language import N_, Language
from portal.sandbox import Sheet, Workbook, read_workbook

NO_HEADING = N_(
    "No row of this file names the columns. Use the template, or a first row with at least the company name and number."
)
NO_ROWS = N_("The list is empty: there is no row below the headings.")
TOO_MANY = N_("The list has %(rows)s rows; at most %(limit)s are taken at once. Split it.")
TAKEN = N_("This list was accepted already.")
REQUESTS_USED_UP = N_("Your office has used up its access requests of today, so this owner was not asked.")
TOMORROW = N_("Hand this row in again tomorrow.")
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
    rows = judge(sheet.rows, heading, columns, await known(session, tools, actor, sheet, heading, columns))
    if not rows:
        raise Invalid(NO_ROWS, code="no_rows")
    if len(rows) > MOST_ROWS:
        raise Invalid(TOO_MANY, code="too_many_rows", rows=len(rows), limit=MOST_ROWS)
    kept = DossierImport(
        id=new_id(),
        firm_id=actor.firm_id,
        file_name=file_name[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        sheet=sheet.name,
        mapping={column.value: letter(position) for column, position in columns.items()},
        rows=msgspec.to_builtins(rows),
        counts=counts(rows),
        state=ImportState.PREVIEWED,
        created_by=actor.person_id,
        created_at=clock_of(session).now(),
        accepted_at=None,
        result=None,
    )
    repository.add(session, kept)
    await session.flush()
    return kept


async def known(
    session: ReadSession,
    tools: Tools,
    actor: Actor,
    sheet: Sheet,
    heading: int,
    columns: dict[Column, int],
) -> Known:
    """What is there already, as far as this list needs it.

    Of claimed companies only that they are is asked, and of the firm's dossiers out of the actor's sight only which numbers they have.

    Raises:
        TooMany: more numbers of this office were looked up today than an office has clients.
    """
    mine = [_known(dossier) for dossier in await repository.all_of(session, actor)]
    kept = frozenset(await repository.numbers_out_of_sight(session, actor))
    first = judge(sheet.rows, heading, columns, Known(mine, kept_already=kept))
    asked: dict[str, list[str]] = {}
    for row in first:
        if row.number and row.status is RowStatus.CREATE:
            asked.setdefault((row.values.get(Column.COUNTRY.value) or "BE").upper(), []).append(row.number)
    claimed: set[tuple[str, str]] = set()
    if asked:
        assert actor.firm_id is not None
        count = sum(len(numbers) for numbers in asked.values())
        await accounts.limit(
            tools, f"numbers:{actor.firm_id}", NUMBERS_PER_DAY, timedelta(days=1), count=count
        )
        async with tools.database.system_scope() as system:
            for country, numbers in asked.items():
                claimed |= {
                    (country, number) for number in await parties.claimed_numbers(system, country, numbers)
                }
    return Known(mine, frozenset(claimed), kept)


def values_of(dossier: Dossier) -> dict[str, str]:
    """A dossier as the template's columns."""
    return {
        Column.CODE.value: dossier.code or "",
        Column.NAME.value: dossier.name,
        Column.NUMBER.value: dossier.number or "",
        Column.COUNTRY.value: dossier.country,
        Column.LANGUAGE.value: dossier.language.value,
        Column.CONTACT.value: dossier.contact_name or "",
        Column.EMAIL.value: dossier.contact_email or "",
        Column.PHONE.value: dossier.contact_phone or "",
        Column.VAT_REGIME.value: dossier.vat_regime.value,
        Column.ACTIVITY.value: dossier.activity or "",
    }


def _known(dossier: Dossier) -> KnownDossier:
    return KnownDossier(
        id=str(dossier.id),
        code=dossier.code,
        country=dossier.country,
        number=dossier.number,
        activity=dossier.activity or "",
        values=wanted(values_of(dossier)),
    )


def rows_of(kept: DossierImport) -> list[ImportRow]:
    """The judged rows of an import."""
    return msgspec.convert(kept.rows, list[ImportRow])


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


async def accept(session: WriteSession, tools: Tools, actor: Actor, import_id: UUID) -> DossierImport:
    """Carry the good rows out, once. Rows are judged again: what changed since the preview is not made twice.

    Nobody is mailed: login details are sent by a step of their own.

    Raises:
        Forbidden: the actor may not make dossiers.
        NotFound: unknown, another firm's, or not this assistant's.
        Conflict: it was accepted already.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    kept = await repository.import_of(session, actor, import_id, lock=True)
    if kept is None:
        raise NotFound
    if kept.state is not ImportState.PREVIEWED:
        raise Conflict(TAKEN, code="accepted")
    assert actor.firm_id is not None
    await repository.lock_dossiers(session, actor.firm_id)
    present = {str(one.id): one for one in await repository.all_of(session, actor)}
    rows = rows_of(kept)
    again = Known([_known(one) for one in present.values()])
    done = {"created": 0, "requested": 0, "updated": 0, "unchanged": 0, "refused": 0}
    for row in rows:
        if row.status not in GOOD:
            continue
        country = (row.values.get(Column.COUNTRY.value) or "BE").upper()
        code = row.values.get(Column.CODE.value) or None
        existing = again.find(country, row.number, code, row.values.get(Column.ACTIVITY.value, ""))
        try:
            if existing is not None:
                changed = await change(session, actor, present[existing.id], _changes(row))
                done["updated" if changed else "unchanged"] += 1
            elif code and again.with_code(code) is not None:
                done["unchanged"] += 1
            else:
                dossier = await _create(session, tools, actor, row, country, code)
                done["requested" if dossier.access.value == "requested" else "created"] += 1
        except (Conflict, Invalid, TooMany) as refused:  # said before anything of this row was written
            row.status = RowStatus.ERROR
            row.remarks.append(_refusal(row, refused))
            done["refused"] += 1
    kept.state = ImportState.ACCEPTED
    kept.accepted_at = clock_of(session).now()
    kept.result = dict(done)
    if done["refused"]:
        kept.rows = msgspec.to_builtins(rows)
        kept.counts = counts(rows)
    await audit.record(session, actor, "dossiers.imported", "import", kept.id, file=kept.file_name, rows=done)
    return kept


def _refusal(row: ImportRow, refused: PortalError) -> Remark:
    what, fix = (
        (REQUESTS_USED_UP, TOMORROW)
        if isinstance(refused, TooMany)
        else (next(iter(refused.fields.values()), refused.message), "")
    )
    params = {name: str(value) for name, value in refused.params.items()}
    column = Column.CODE if refused.code == "code_taken" else Column.NUMBER
    return Remark(column, row.values.get(column.value, ""), what, fix, params=params)


async def _create(
    session: WriteSession, tools: Tools, actor: Actor, row: ImportRow, country: str, code: str | None
) -> Dossier:
    get = row.values.get
    return await create(
        session,
        tools,
        actor,
        name=get(Column.NAME.value, ""),
        number=row.number,
        country=country,
        code=code,
        language=language_of(row.values) or Language.NL,
        contact_name=get(Column.CONTACT.value) or None,
        contact_email=(get(Column.EMAIL.value) or "").lower() or None,
        contact_phone=get(Column.PHONE.value) or None,
        activity=get(Column.ACTIVITY.value) or None,
        vat_regime=regime_of(row.values) or VatRegime.QUARTERLY,
        manager_id=actor.person_id,
        email=(get(Column.EMAIL.value) or "").lower() or None,
        phone=get(Column.PHONE.value) or None,
        street=get(Column.STREET.value) or None,
        postcode=get(Column.POSTCODE.value) or None,
        city=get(Column.CITY.value) or None,
    )


def _changes(row: ImportRow) -> dict[str, Any]:
    """What the row wants the dossier to say, as `change` takes it."""
    values: dict[str, Any] = dict(wanted(row.values))
    if "language" in values:
        values["language"] = Language(values["language"])
    if "vat_regime" in values:
        values["vat_regime"] = VatRegime(values["vat_regime"])
    return values
