"""Somebody who brings lists to an office, and what becomes of them."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from portal.features.dossiers.models import Dossier
from portal.features.imports.domain.judgement import judge_rows
from portal.features.imports.domain.matches import Known
from portal.features.imports.domain.rows import ImportRow
from portal.features.imports.domain.table import Choice, table_of
from portal.features.imports.models import ImportPart
from portal.features.imports.service import files
from portal.features.parties.models import Firm
from portal.sandbox import Sheet, Workbook
from tests.slices.imports.test_importing import upload
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.cases import Case, of_kind
from tests.support.world import World

HEADINGS = ["Dossiercode", "Naam", "Ondernemingsnummer", "E-mail"]


def one_of(kind: str, part: str = "") -> Case:
    """The input of a kind whose name has a part in it."""
    return next(one for one in of_kind(kind) if part in one.path.name)


def book(*rows: Sequence[Any], kind: str = "xlsx", **more: Any) -> Workbook:
    """A workbook of one sheet, as a reader gives it."""
    of_book = {name: more.pop(name) for name in ("broken_lines", "encodings", "encoding") if name in more}
    width = max(map(len, rows))
    even = [[*row, *[""] * (width - len(row))] for row in rows]
    return Workbook(kind, [Sheet("Klanten", hidden=False, rows=even, **more)], **of_book)


def judged(read: Workbook, choice: Choice | None = None) -> list[ImportRow]:
    """The rows of a workbook, judged as for an office without dossiers."""
    table = table_of(read, choice)
    assert table is not None
    listed = files.listed_in(table)
    return judge_rows(listed.read, Known(), listed.keys, apart=listed.apart, said=listed.said)


def remarks(row: ImportRow) -> str:
    """All that is said of a row."""
    return " ".join(one.what % one.params for one in row.remarks)


@dataclass(slots=True)
class Lists:
    """Somebody of an office who brings lists."""

    world: World
    client: httpx.AsyncClient
    firm: Firm

    async def brings(self, data: bytes, name: str = "list.xlsx") -> str:
        """Hand a list in; where it goes on."""
        answer = await upload(self.client, data, name)
        assert answer.status_code == 303, re.findall(r"ui-alert[^<]*<[^§]{0,900}", answer.text)[:1]
        return str(answer.headers["location"])

    async def page(self, where: str) -> str:
        """A page."""
        answer = await self.client.get(where)
        assert answer.status_code == 200, (where, answer.status_code)
        return answer.text

    async def rows(self, where: str) -> list[ImportRow]:
        """The rows of a list, as they are kept."""
        async with self.world.as_system() as session:
            found = await session.scalars(
                sa.select(ImportPart)
                .where(ImportPart.import_id == UUID(where.split("/")[3]))
                .order_by(ImportPart.position)
            )
            return [row for part in found for row in part.read_rows()]

    async def accepts(self, where: str, **form: Any) -> dict[str, Dossier]:
        """Accept a list as it is; the dossiers of the office, by name."""
        answer = await self.client.post(f"{where.removesuffix('/columns')}/accept", data=form)
        assert answer.status_code == 303, answer.text
        await self.world.run_jobs()
        return await self.dossiers()

    async def dossiers(self) -> dict[str, Dossier]:
        """The dossiers of the office, by name."""
        async with self.world.as_system() as session:
            found = await session.scalars(sa.select(Dossier).where(Dossier.firm_id == self.firm.id))
            return {one.name: one for one in found}


@asynccontextmanager
async def lists_of(world: World) -> AsyncIterator[Lists]:
    """Somebody of a new office who has signed in."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        yield Lists(world, client, firm)
