"""A list costs the same statements however long it is, and a turn of its acceptance reads nothing of the others."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal.db.session import scope_of
from portal.db.statements import counting
from portal.features.accounts.models import RateCount
from portal.features.audit.models import AuditEvent
from portal.features.dossiers.models import Dossier, DossierStaff, DossierVatRegime
from portal.features.dossiers.service import creation, dossiers
from portal.features.imports.domain.matches import Wanted
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport, ImportPart
from portal.features.imports.service import acceptance, files, previews
from portal.features.parties.service import claimed_numbers
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.ids import new_id
from tests.slices.imports.test_importing import workbook
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member
from tests.support.world import World

MANY = 40_000
"""More than a statement may have values bound one by one."""


def rows_of(count: int, first: int = 0) -> list[list[Any]]:
    return [
        [a_number(600_000 + n), f"Company {n}", f"c{n}", f"c{n}@x.example"]
        for n in range(first, first + count)
    ]


async def previewed(world: World, actor: Actor, rows: Sequence[list[Any]]) -> tuple[DossierImport, int]:
    """A list as it is looked at, and how many statements that took."""
    data = workbook(*rows)
    parsed = await files.read(data)
    with counting() as asked:
        async with world.tools.database.transaction(scope_of(actor)) as session:
            kept = await files.preview(
                session, world.tools, actor, file_name="a.xlsx", data=data, parsed=parsed
            )
    return kept, asked.count


async def turn(world: World, actor: Actor, kept: DossierImport, position: int = 0) -> int:
    """Carry out one part of a list; how many statements that took."""
    async with world.as_system() as session:
        await session.execute(
            sa.update(DossierImport)
            .where(DossierImport.id == kept.id, DossierImport.state == ImportState.PREVIEWED)
            .values(state=ImportState.ACCEPTING, accepted_at=world.clock.now())
        )
    job = acceptance.AcceptRows(import_id=kept.id, position=position)
    with counting() as asked:
        async with world.tools.database.transaction(scope_of(actor)) as session:
            await acceptance.accept_rows(session, world.tools, actor, job)
    return asked.count


async def test_a_preview_takes_as_many_statements_for_many_rows_as_for_few(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    await a_dossier(world, firm, code="c1", name="Company 1")
    _kept, few = await previewed(world, owner, rows_of(3))
    _kept, many = await previewed(world, owner, rows_of(900))
    assert few == many


@pytest.mark.parametrize("role", [Role.OWNER, Role.ASSISTANT])
async def test_a_turn_takes_as_many_statements_for_many_rows_as_for_few(world: World, role: Role) -> None:
    firm = await a_firm(world)
    actor = await a_staff_member(world, firm, role)
    taken = [await a_company(world, None, number=a_number(), claimed=True) for _ in range(12)]
    asking = [[one.number, f"Theirs {n}", f"t{n}", ""] for n, one in enumerate(taken)]
    few, _ = await previewed(world, actor, [*rows_of(2), *asking[:2]])
    many, _ = await previewed(world, actor, [*rows_of(150, first=10), *asking[2:]])
    assert await turn(world, actor, few) == await turn(world, actor, many)
    async with world.as_system() as session:
        made = (await session.scalars(sa.select(Dossier).where(Dossier.firm_id == firm.id))).all()
        ids = {one.id for one in made}
        assert len(ids) == 2 + 2 + 150 + 10
        told = await session.scalars(
            sa.select(AuditEvent.subject_id).where(AuditEvent.action == "dossiers.created")
        )
        assert Counter(told) == Counter(ids)
        assert set(await session.scalars(sa.select(DossierStaff.dossier_id))) == ids
        assert Counter(await session.scalars(sa.select(DossierVatRegime.dossier_id))) == Counter(ids)
        jobs = await session.scalars(sa.select(JobRow).where(JobRow.payload.has_key("company_id")))
        assert {UUID(one.payload["dossier_id"]) for one in jobs} == {
            one.id for one in made if one.access.value == "requested"
        }


async def test_changing_many_dossiers_takes_as_many_statements_as_changing_few(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    first, _ = await previewed(world, owner, rows_of(60))
    await turn(world, owner, first)
    changed = [[*row[:3], f"new{n}@x.example"] for n, row in enumerate(rows_of(60))]
    few, _ = await previewed(world, owner, changed[:2])
    many, _ = await previewed(world, owner, changed[2:])
    assert await turn(world, owner, few) == await turn(world, owner, many)
    async with world.as_system() as session:
        addresses = await session.scalars(sa.select(Dossier.contact_email))
        assert sorted(one or "" for one in addresses) == sorted(row[3] for row in changed)
        told = await session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "dossiers.updated"))
        fields = [one.data["fields"] for one in told]
        assert len(fields) == 60
        assert {before for one in fields for before, _now in one.values()} == {row[3] for row in rows_of(60)}


async def test_a_turn_reads_and_writes_nothing_of_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TURN", 3)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    kept, _ = await previewed(world, owner, rows_of(9))
    await turn(world, owner, kept)
    async with world.as_system() as session:
        others = sa.update(ImportPart).where(ImportPart.position != 3)
        await session.execute(others.values(rows=b"nobody reads this", outcomes=b"nor this"))
    await turn(world, owner, kept, 3)
    async with world.as_system() as session:
        parts = (await session.scalars(sa.select(ImportPart).order_by(ImportPart.position))).all()
        assert [one.position for one in parts] == [0, 3, 6]
        assert parts[0].rows == parts[2].outcomes.replace(b"nor", b"nobody reads") == b"nobody reads this"
        assert {one["outcome"] for one in json.loads(parts[1].outcomes).values()} == {"created"}
        assert [len(one.made) for one in parts] == [3, 3, 0]
        assert len(await dossiers.of_company(session, new_id())) == 0
        assert await session.scalar(sa.select(sa.func.count()).select_from(Dossier)) == 6


async def test_what_the_list_itself_has_made_is_known_in_a_later_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered "new" for the second of two of one name: the first is in another part."""
    monkeypatch.setattr(previews, "TURN", 1)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    kept, _ = await previewed(world, owner, [["", "De Smet", "", ""], ["", "de smet", "", ""]])
    async with world.tools.database.transaction(scope_of(owner)) as session:
        await acceptance.accept(session, owner, kept.id, {3: "new"})
    await world.run_jobs()
    async with world.as_system() as session:
        assert sorted(await session.scalars(sa.select(Dossier.name))) == ["De Smet", "de smet"]
        done = await session.get(DossierImport, kept.id)
        assert done is not None
        assert (done.result or {})["created"] == 2


@pytest.mark.parametrize("refused", [{5: "nobody"}, {99: "skip"}], ids=["not offered", "no such row"])
async def test_refused_answers_are_not_kept_in_part(
    world: World, monkeypatch: pytest.MonkeyPatch, refused: dict[int, str]
) -> None:
    """A page that says why commits what was written before."""
    monkeypatch.setattr(previews, "TURN", 1)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    kept, _ = await previewed(world, owner, [["", name, "", ""] for name in ("A", "a", "B", "b")])
    async with world.tools.database.transaction(scope_of(owner)) as session:
        with pytest.raises(Invalid):
            await acceptance.answer_rows(session, owner, kept.id, {3: "new", **refused})
    async with world.as_system() as session:
        assert list(await session.scalars(sa.select(ImportPart.answers))) == [{}] * 4
    async with world.tools.database.transaction(scope_of(owner)) as session:
        await acceptance.answer_rows(session, owner, kept.id, {3: "new", 5: "skip"})
    async with world.as_system() as session:
        answers = await session.scalars(sa.select(ImportPart.answers).order_by(ImportPart.position))
        assert list(answers) == [{}, {"3": "new"}, {}, {"5": "skip"}]


async def test_more_values_than_a_statement_may_bind_one_by_one_are_looked_for(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    one = await a_dossier(world, firm, code="x1", name="De Smet")
    texts = [f"n{n}" for n in range(MANY)]
    wanted = Wanted(
        ids={str(new_id()) for _ in range(MANY)} | {str(one.id)},
        numbers=set(texts),
        codes=set(texts),
        code_keys=set(texts),
        name_keys=set(texts),
    )
    async with world.tools.database.transaction(scope_of(owner)) as session:
        there = await previews.present(session, owner, wanted)
        assert [found.id for found in there.dossiers] == [str(one.id)]
        ids = [one.id, *(new_id() for _ in range(MANY))]
        assert list(await dossiers.cards(session, owner, ids)) == [one.id]
        assert list(await dossiers.names(session, owner, ids)) == [one.id]
        await dossiers.hold(session, firm.id, ids)
    claimed = await a_company(world, None, number=a_number(), claimed=True)
    async with world.as_system() as session:
        found = await claimed_numbers(session, "BE", [*texts, claimed.number or ""])
    assert found == {claimed.number: claimed.id}


async def test_dossiers_are_looked_for_in_one_reading_whatever_the_planner_knows(world: World) -> None:
    """A join that was planned while there were few would compare every dossier with every row."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.ASSISTANT)
    asked: list[tuple[str, Any]] = []

    def told(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "dossier.name_key" in statement:
            asked.append((statement, parameters))

    event.listen(world.tools.database.app_engine.sync_engine, "before_cursor_execute", told)
    async with world.tools.database.transaction(scope_of(owner)) as session:
        wanted = Wanted(numbers={"1", "2"}, codes={"a"}, code_keys={"a"}, name_keys={"b", "c"})
        await previews.present(session, owner, wanted)
        ((statement, parameters),) = asked
        connection = await session.connection()
        rows = await connection.exec_driver_sql(f"explain {statement}", parameters)
        found = "\n".join(row[0] for row in rows)
    assert found.count("hashed SubPlan") == 4
    assert "Join" not in found
    assert "Nested Loop" not in found


async def counted(world: World, firm_id: UUID) -> int:
    """How many owners a firm has asked today, as it is counted."""
    async with world.as_system() as session:
        key = f"access-request:{firm_id}"
        return await session.scalar(sa.select(RateCount.count).where(RateCount.key == key)) or 0


async def test_an_owner_that_was_not_asked_after_all_is_not_counted(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    theirs = await a_company(world, None, number=a_number(), claimed=True)
    values: dict[str, Any] = {"name": "Theirs", "number": theirs.number}

    async def create() -> None:
        async with world.tools.database.transaction(scope_of(owner)) as session:
            await creation.create(session, world.tools, owner, **values)

    await create()
    assert await counted(world, firm.id) == 1
    with pytest.raises(Conflict):  # the firm has a dossier on it
        await create()
    assert await counted(world, firm.id) == 1


async def test_owners_beyond_those_of_a_day_are_not_counted_and_the_others_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "REQUESTS_PER_DAY", 3)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    assert await dossiers.take_requests(world.tools, firm.id, 1) == 1
    theirs = [await a_company(world, None, number=a_number(), claimed=True) for _ in range(5)]
    new = [creation.NewDossier(name=f"Theirs {n}", number=one.number) for n, one in enumerate(theirs)]
    async with world.tools.database.transaction(scope_of(owner)) as session:
        known = await creation.look_up(session, world.tools, owner, new)
        assert known.requests == 2
        assert await counted(world, firm.id) == 3
        placed = [await creation.place(session, new[0], known)]
        await creation.write(session, world.tools, owner, placed, known)
    assert await counted(world, firm.id) == 2
    assert [await dossiers.take_requests(world.tools, firm.id, 1) for _ in range(3)] == [1, 0, 0]
    assert await counted(world, firm.id) == 3
