"""The file of a list: read in the sandbox, kept as it came, read anew when somebody says how; what was said of its columns."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.imports import repository
from portal.features.imports.domain.apart import set_apart
from portal.features.imports.domain.columns import Column, letter
from portal.features.imports.domain.reading import marked, read_rows
from portal.features.imports.domain.rows import MOST_ROWS
from portal.features.imports.domain.state import ImportState
from portal.features.imports.domain.table import (
    Choice,
    Table,
    from_profile,
    reading_of,
    table_of,
    to_profile,
)
from portal.features.imports.models import DossierImport
from portal.features.imports.service.previews import (
    Judged,
    Listed,
    judge_list,
    keep_preview,
    listed_of,
    put_rows,
    whole,
)
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.language import N_
from portal.sandbox import read_workbook

NO_ROWS = N_("The list is empty: there is no row below the headings.")
TOO_MANY = N_("The list has %(rows)s rows; at most %(limit)s are taken at once. Split it.")
NO_NAME = N_("Say which column holds the company name: without it no row is a company.")
NOT_AGAIN = N_("This list cannot be read anew any more. Hand the file in again.")
MEDIA_TYPE = "application/octet-stream"


async def read(data: bytes, choice: Choice | None = None) -> Table:
    """The list in a file. The file is read in the sandbox.

    Args:
        choice: what somebody says of how it is read.

    Raises:
        Invalid: no list of any kind we read, damaged, too large, or without a filled cell.
    """
    choice = choice or Choice()
    book = await read_workbook(
        data,
        encoding=choice.encoding or None,
        delimiter=choice.delimiter or None,
        max_rows=MOST_ROWS + 100,
    )
    table = await asyncio.to_thread(table_of, book, choice)
    if table is None:
        raise Invalid(NO_ROWS, code="no_rows")
    return table


async def preview(
    session: WriteSession, tools: Tools, actor: Actor, *, file_name: str, data: bytes, parsed: Table
) -> DossierImport:
    """Judge every row and keep the judgement; nothing is made yet, nobody is mailed. The file is kept too.

    Where it is not certain which column is what, nothing is judged before somebody has said so.

    Raises:
        Forbidden: the actor may not make dossiers.
        Invalid: no rows, or too many.
        TooMany: as `judge_list`.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    assert actor.firm_id is not None
    table = await _as_said_before(session, parsed)
    judged = await _judge(session, tools, actor, table)
    stored = await tools.store.put(actor.firm_id, data, media_type=MEDIA_TYPE)
    return await keep_preview(
        session,
        actor,
        judged,
        file_name=file_name[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        sheet=table.sheet_read.name,
        mapping=_letters(table),
        object_sha256=stored.sha256,
        reading=await asyncio.to_thread(reading_of, table),
    )


def _letters(table: Table) -> dict[str, str]:
    return {column.value: letter(position) for column, position in table.columns.items()}


async def _as_said_before(session: ReadSession, table: Table) -> Table:
    """The list with the columns that somebody of the office said of such a one, if anybody did."""
    key = (await asyncio.to_thread(reading_of, table)).key
    found = await repository.profile(session, key) if key else None
    return from_profile(table, found.columns) if found is not None else table


async def _judge(session: ReadSession, tools: Tools, actor: Actor, table: Table) -> Judged | None:
    """The rows of a list, judged; None while it is not certain which column is what."""
    if not table.is_sure:
        if len(table.rows) <= table.heading + 1:
            raise Invalid(NO_ROWS, code="no_rows")
        return None
    listed = await asyncio.to_thread(listed_in, table)
    if not listed.read:
        raise Invalid(NO_ROWS, code="no_rows")
    if len(listed.read) > MOST_ROWS:
        raise Invalid(TOO_MANY, code="too_many_rows", rows=len(listed.read), limit=MOST_ROWS)
    return await judge_list(session, tools, actor, listed)


def listed_in(table: Table) -> Listed:
    """The rows of a list as texts, with what there is to say of them and which are set apart."""
    sheet, heading, columns = table.sheet_read, table.heading, table.columns
    read, said = read_rows(sheet.rows, heading, columns)
    for line, remarks in marked(sheet.marks, table.book.broken_lines, columns).items():
        said.setdefault(line, []).extend(remarks)
    return listed_of(read, said, set_apart(sheet.rows, heading, columns, read, frozenset(sheet.hidden_rows)))


async def read_again(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    import_id: UUID,
    choice: Choice,
    columns: Mapping[Column, int] | None = None,
) -> DossierImport:
    """Read the file of a list as somebody says, and judge its rows anew. What was said to rows that still ask is kept.

    Args:
        columns: which column holds what, by position: kept for the next list with these headings. None: whatever it seems to be.

    Raises:
        Forbidden: the actor may not make dossiers.
        NotFound: unknown, another firm's, or not this assistant's.
        Conflict: it was accepted, or its file is not kept any more.
        Invalid: no column holds the name, or as `read` and `preview`.
        TooMany: as `judge_list`.
    """
    kept = await _open_list(session, actor, import_id)
    if kept.object_sha256 is None:
        raise Conflict(NOT_AGAIN, code="not_again")
    before = kept.read_reading()
    table = await read(await tools.store.get(kept.firm_id, kept.object_sha256), choice)
    if columns is None:
        table = await _as_said_before(session, table)
    else:
        table = await _as_said(session, actor, table, columns)
    judged = await _judge(session, tools, actor, table)
    reading = await asyncio.to_thread(reading_of, table)
    same = ("sheet", "heading", "encoding", "delimiter")
    answers = (
        (await whole(session, kept)).answers
        if kept.counts and all(getattr(before, name) == getattr(reading, name) for name in same)
        else {}
    )
    kept.sheet, kept.mapping = table.sheet_read.name, _letters(table)
    await put_rows(session, kept, judged, reading, answers)
    await session.flush()
    return kept


async def _as_said(session: WriteSession, actor: Actor, table: Table, columns: Mapping[Column, int]) -> Table:
    """The list with the columns that somebody says, which are kept as a profile unless we would have said the same."""
    if Column.NAME not in columns:
        raise Invalid(NO_NAME, code="no_name")
    width = max(map(len, table.rows), default=0)
    said = {column: position for column, position in columns.items() if 0 <= position < width}
    if Column.ID in table.columns and table.columns[Column.ID] not in said.values():
        said[Column.ID] = table.columns[Column.ID]
    key = (await asyncio.to_thread(reading_of, table)).key
    if key and said == table.columns and not table.guessed:
        await repository.drop_profile(session, key)
        return table
    if key:
        assert actor.firm_id is not None
        await repository.put_profile(
            session,
            firm_id=actor.firm_id,
            key=key,
            columns=to_profile(table, said),
            said_by=actor.person_id,
            said_at=clock_of(session).now(),
        )
    return replace(table, columns=said, guessed=frozenset(), profile=bool(key))


async def forget(session: WriteSession, tools: Tools, actor: Actor, import_id: UUID) -> DossierImport:
    """Forget what was said of lists with these headings, and read this one as it seems to be.

    Raises:
        Forbidden, NotFound, Conflict, Invalid, TooMany: as `read_again`.
    """
    kept = await _open_list(session, actor, import_id)
    reading = kept.read_reading()
    await repository.drop_profile(session, reading.key)
    return await read_again(session, tools, actor, import_id, choice_of(kept))


def choice_of(kept: DossierImport) -> Choice:
    """How the file of a list is read now."""
    reading = kept.read_reading()
    return Choice(
        sheet=reading.sheet,
        heading=reading.heading,
        encoding=reading.encoding if reading.encodings else "",
        delimiter=reading.delimiter if reading.delimiters else "",
    )


async def discard(session: WriteSession, actor: Actor, import_id: UUID) -> None:
    """Throw a list away that nobody accepted: its rows and what was said to them. Its file goes with the next round of upkeep.

    Raises:
        Forbidden: the actor may not make dossiers.
        NotFound: unknown, another firm's, or not this assistant's.
        Conflict: it was accepted.
    """
    kept = await _open_list(session, actor, import_id)
    await repository.drop(session, kept.id)


async def _open_list(session: WriteSession, actor: Actor, import_id: UUID) -> DossierImport:
    """A list that was not accepted, locked."""
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    kept = await repository.import_of(session, actor, import_id, lock=True)
    if kept is None:
        raise NotFound
    if kept.state not in (ImportState.MAPPING, ImportState.PREVIEWED):
        raise Conflict(N_("This list was accepted already."), code="accepted")
    return kept


__all__ = ["choice_of", "discard", "forget", "listed_in", "preview", "read", "read_again"]
