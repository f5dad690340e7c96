"""Our own list brought back makes no twins: the hidden id first, then the number, then the code; a name is asked."""

import asyncio
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.features.dossiers.domain.names import name_key
from portal.features.dossiers.service import dossiers
from portal.features.imports.domain.columns import Column, cell_text, find_columns
from portal.features.imports.domain.judgement import judge
from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.rows import RowStatus
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport
from portal.features.imports.service import acceptance, previews, workbooks
from portal.kernel.actor import Actor
from portal.kernel.ids import new_id
from tests.slices.imports.test_importing import judged, upload, workbook
from tests.support.builders import a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.world import World


def known(name: str, **changes: Any) -> KnownDossier:
    """A present dossier."""
    values = {"name": name, "code": changes.get("code") or "", "language": "nl", "vat_regime": "quarterly"}
    return KnownDossier(
        id=changes.pop("id", str(new_id())),
        code=changes.pop("code", None),
        country="BE",
        number=changes.pop("number", None),
        activity=changes.pop("activity", ""),
        values={**values, **changes.pop("values", {})},
        **changes,
    )


def exported(one: KnownDossier) -> dict[str, str]:
    """A dossier as our workbook has it."""
    get = one.values.get
    return {
        "code": one.code or "", "name": one.name, "number": one.number or "", "country": one.country, "language": get("language", ""),
        "contact": get("contact_name", ""), "email": get("contact_email", ""), "phone": get("contact_phone", ""),
        "vat_regime": get("vat_regime", ""), "activity": one.activity, Column.ID.value: one.id,
    }  # fmt: skip


def back(data: bytes, there: Known) -> list[Any]:
    """A workbook of ours, judged."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    found = find_columns(rows[1:2])
    assert found is not None
    return judge(rows, 1, found[1], there)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.sampled_from(
    [
        "=1+1",
        "+32 2 123",
        "@SUM(A1)",
        "-5",
        "'t Hoekje",
        "_x0041_",
        "0012",
        "1e5",
        "Müller & Zn",
        "E\u0301douard",
        "#N/A",
        "TRUE",
        "x" * 500,
    ]
)
DOSSIER = st.builds(
    known,
    TEXT.filter(lambda text: cell_text(text) != ""),
    code=st.none() | TEXT.filter(lambda text: cell_text(text) != ""),
    number=st.none() | st.integers(1, 900_000).map(a_number),
    activity=st.just("") | TEXT,
    values=st.fixed_dictionaries({"contact_name": TEXT, "contact_email": TEXT, "contact_phone": TEXT}),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(DOSSIER, min_size=1, max_size=6))
def test_present_dossiers_brought_back_are_unchanged_whatever_they_say(dossiers: list[KnownDossier]) -> None:
    data = workbooks.of_dossiers([exported(one) for one in dossiers])
    rows = back(data, Known(dossiers))
    assert [(row.status, row.dossier_id) for row in rows] == [
        (RowStatus.UNCHANGED, one.id) for one in dossiers
    ], [row.remarks for row in rows]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D'Hondt Bouw", "d\u2019hondt  bouw"), ("De Smet", "de Smet"), ("\u00c9douard", "Edouard"), ("Stra\u00dfe GmbH", "STRASSE"),
        ("\u0152uvre", "Oeuvre"), ("\u0130stanbul", "Istanbul"), ("Peeters B.V.", "Peeters BV"), ("\u00c6bler", "aebler"), ("Peeters NV", "Peeters"),
    ],
)  # fmt: skip
def test_a_name_that_may_be_the_same_is_asked(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    [row] = judged(["", other, "", ""], known=Known([mine := known(one)]))
    assert row.status is RowStatus.ASK
    assert [candidate.id for candidate in row.candidates] == [mine.id]


def test_two_numbers_prove_two_companies_of_one_name() -> None:
    [row] = judged([a_number(2), "De Smet", "", ""], known=Known([known("De Smet", number=a_number(1))]))
    assert row.status is RowStatus.CREATE


def by_id(there: Known, **values: str) -> Any:
    """A row with a hidden id, judged."""
    titles = list(values)
    [row] = judge(
        [titles, list(values.values())], 0, {Column(name): at for at, name in enumerate(titles)}, there
    )
    return row


def test_an_id_finds_its_dossier_whatever_else_was_changed() -> None:
    there = Known([mine := known("Old", code="1"), known("New")])
    row = by_id(there, name="New", code="9", dossier_id=mine.id.upper())
    assert (row.status, row.dossier_id) == (RowStatus.UPDATE, mine.id)
    assert row.changes == {"name": ["Old", "New"], "code": ["1", "9"]}


@pytest.mark.parametrize(
    "text",
    ["no id", "01a223ed-1f59-75a6-b3db-43ecf1dc92ad", "00000000-0000-0000-0000-000000000000", "{}", "1"],
)
def test_an_id_of_nobody_is_not_believed_and_all_of_them_answer_alike(text: str) -> None:
    row = by_id(Known([known("Mine")]), name="Other", number=a_number(5), dossier_id=text)
    assert row.status is RowStatus.CREATE
    assert any("hidden id" in remark.what for remark in row.remarks)
    assert Column.ID.value not in row.values


def test_what_contradicts_is_a_fault_and_nothing_is_guessed() -> None:
    first, second = known("A", number=a_number(1), code="1"), known("B", number=a_number(2), code="2")
    there = Known([first, second])
    for row in (
        by_id(there, name="A", code="2", dossier_id=first.id),
        by_id(there, name="A", number=a_number(1), code="2"),
    ):
        assert row.status is RowStatus.ERROR
        assert any(remark.error and remark.fix for remark in row.remarks)


def test_another_number_than_the_dossiers_own_is_a_question() -> None:
    first, second = known("A", number=a_number(1), code="1"), known("B", number=a_number(2), code="2")
    there = Known([first, second])
    for row, candidates, may_be_new in (
        (by_id(there, name="A", number=a_number(2), dossier_id=first.id), [first, second], False),
        (by_id(there, name="A", number=a_number(3), dossier_id=first.id), [first], True),
        (by_id(there, name="C", number=a_number(3), code="1"), [first], False),
    ):
        assert row.status is RowStatus.ASK
        assert [one.id for one in row.candidates] == [one.id for one in candidates]
        assert row.may_be_new is may_be_new
        assert all("number" not in one.changes for one in row.candidates)


def test_a_row_on_a_company_that_has_a_dossier_is_about_it_and_a_second_one_is_asked() -> None:
    mine = known("A", number=a_number(1), code="1")
    update, second = (
        by_id(Known([mine]), name="A", number=a_number(1), code="7"),
        by_id(Known([mine]), name="A", number=a_number(1), activity="Transport"),
    )
    assert (update.status, update.dossier_id, update.changes) == (
        RowStatus.UPDATE,
        mine.id,
        {"code": ["1", "7"]},
    )
    assert second.status is RowStatus.ASK


def test_one_number_with_two_codes_in_a_list_says_what_to_do() -> None:
    rows = judged([a_number(4), "A", "1", ""], [a_number(4), "A", "2", ""])
    assert [row.status for row in rows] == [RowStatus.CREATE, RowStatus.DUPLICATE]
    assert "one dossier, with one code" in rows[1].remarks[-1].fix


def test_a_row_twice_in_a_list_is_made_once_and_a_name_twice_is_asked() -> None:
    rows = judged(["", "A", "", ""], ["", "A", "", ""], ["", "a", "", "els@a.example"])
    assert [row.status for row in rows] == [RowStatus.CREATE, RowStatus.DUPLICATE, RowStatus.ASK]


def test_codes_that_are_one_folder_are_not_made_twice(corpus: Path) -> None:
    rows = CalamineWorkbook.from_path(corpus / "cases" / "22-codes.xlsx").get_sheet_by_index(0).to_python()
    found = find_columns(rows)
    assert found is not None
    status = {row.values["name"]: row.status for row in judge(rows, found[0], found[1], Known())}
    made = {name for name, one in status.items() if one is RowStatus.CREATE}
    assert made == {"Code Hoofd", "Code accent", "Code ss", "Code spatie"}


async def names_of(world: World, actor: Actor) -> list[str]:
    async with world.as_scope(firm_id=actor.firm_id) as session:
        return sorted(one.name for one in await dossiers.all_of(session, actor))


async def accepted(world: World, client: httpx.AsyncClient, data: bytes, **answers: str) -> str:
    """Bring a list in, answer, accept, and let the worker carry it out."""
    where = (await upload(client, data)).headers["location"]
    answer = await client.post(f"{where}/accept", data=answers)
    assert answer.status_code == 303, answer.text
    await world.run_jobs()
    return where


async def test_the_old_export_without_ids_makes_no_twin(world: World, corpus: Path) -> None:
    """What was found: 23 of 35 rows were new."""
    owner = await a_staff_member(world, await a_firm(world))
    data = (corpus / "cases" / "25-present.xlsx").read_bytes()
    async with sign_in(world, owner) as client:
        await accepted(world, client, data, rest="new")
        made = await names_of(world, owner)
        where = await accepted(world, client, data)
        assert await names_of(world, owner) == made
        page = (await client.get(where)).text
        assert "Not every question was answered" in page
        present = (await client.get("/dossiers/import/present")).content
        where = (await upload(client, present)).headers["location"]
        page = (await client.get(where)).text
        assert 'data-status="unchanged"' in page
        assert not any(
            f'data-status="{status}"' in page for status in ("create", "update", "ask", "error", "duplicate")
        )


async def test_an_answer_is_carried_out_and_none_is_not(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        await accepted(
            world, client, workbook(["", "De Smet", "", ""], ["", "Appel", "", ""], ["", "Peer", "", ""])
        )
        data = workbook(["", "de smet", "", "els@smet.example"], ["", "APPEL", "", ""], ["", "PEER", "", ""])
        where = (await upload(client, data)).headers["location"]
        async with world.as_scope(firm_id=firm.id) as session:
            smet = next(one for one in await dossiers.all_of(session, owner) if one.name == "De Smet")
        wrong = await client.post(f"{where}/answers", data={"answer_2": str(new_id())})
        assert wrong.status_code == 422
        saved = await client.post(f"{where}/answers", data={"answer_2": str(smet.id), "answer_3": "new"})
        assert saved.status_code == 303
        assert (await client.post(f"{where}/accept", data={})).status_code == 303
        await world.run_jobs()
        assert await names_of(world, owner) == ["APPEL", "Appel", "Peer", "de smet"]
        errors = (await client.get(f"{where}/errors")).content
        cells = [
            cell
            for row in CalamineWorkbook.from_filelike(io.BytesIO(errors)).get_sheet_by_index(0).to_python()
            for cell in row
        ]
        assert "PEER" in cells
        assert "APPEL" not in cells


async def test_two_people_with_one_list_at_once_make_no_twins(world: World) -> None:
    firm = await a_firm(world)
    people = [await a_staff_member(world, firm) for _ in range(2)]
    data = workbook(["", "De Smet", "", ""], [a_number(), "Peeters", "", ""], ["", "Met code", "7", ""])
    for person in people:
        async with sign_in(world, person) as client:
            where = (await upload(client, data)).headers["location"]
            assert (await client.post(f"{where}/accept")).status_code == 303
    async with world.as_system() as session:
        kept = list(await session.scalars(sa.select(DossierImport)))
    await asyncio.gather(*[_carry(world, one, person) for one, person in zip(kept, people, strict=True)])
    assert await names_of(world, people[0]) == ["De Smet", "Met code", "Peeters"]


async def _carry(world: World, kept: DossierImport, actor: Actor) -> None:
    async with world.as_scope(firm_id=actor.firm_id) as session:
        await acceptance.accept_rows(
            session, world.tools, actor, acceptance.AcceptRows(import_id=kept.id, position=0)
        )


async def test_a_list_goes_in_batches_and_shows_how_far_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TURN", 2)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    data = workbook(*[[a_number(), f"Company {n}", str(n), ""] for n in range(5)])
    async with sign_in(world, owner) as client:
        where = (await upload(client, data)).headers["location"]
        await client.post(f"{where}/accept")
        async with world.as_system() as session:
            kept = (await session.scalars(sa.select(DossierImport))).one()
        await _carry(world, kept, owner)
        await _carry(world, kept, owner)  # the same batch once more does nothing
        page = (await client.get(where)).text
        assert 'value="2" max="5"' in page
        assert 'http-equiv="refresh"' in page
        bar = await client.get(f"{where}/progress", headers={"hx-request": "true"})
        assert 'value="2" max="5"' in bar.text
        await world.run_jobs()
        done = await client.get(f"{where}/progress", headers={"hx-request": "true"})
        assert done.headers["hx-redirect"] == where
        assert "5 dossiers made" in (await client.get(where)).text
    assert len(await names_of(world, owner)) == 5


async def test_a_batch_that_breaks_is_done_again_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TURN", 2)
    owner = await a_staff_member(world, await a_firm(world))
    data = workbook(*[["", f"Company {n}", "", ""] for n in range(4)])
    broken = {"left": 1}
    write = acceptance.write

    async def breaks(*given: Any) -> None:
        await write(*given)
        if broken["left"]:
            broken["left"] -= 1
            raise RuntimeError("the worker dies")

    monkeypatch.setattr(acceptance, "write", breaks)
    async with sign_in(world, owner) as client:
        where = await accepted(world, client, data)
        assert await names_of(world, owner) == []
        world.clock.at = world.clock.now().replace(hour=11)
        await world.run_jobs()
        assert "4 dossiers made" in (await client.get(where)).text
    assert len(await names_of(world, owner)) == 4


async def test_a_list_that_was_given_up_ends_and_its_rows_come_back(world: World) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        where = (await upload(client, workbook([a_number(), "A", "", ""]))).headers["location"]
        async with world.as_system() as session:
            await session.execute(
                sa.update(DossierImport).values(
                    state=ImportState.ACCEPTING, accepted_at=world.clock.now().replace(hour=1)
                )
            )
        await world.sweep()
        page = (await client.get(where)).text
        assert "Not every row could be carried out" in page
        assert "given up before this row" in page
        assert f"the portal on behalf of {owner.name}" in (await client.get("/history")).text


async def test_a_second_row_with_the_answer_of_the_first_makes_no_twin_later(world: World) -> None:
    """Answered "new" while one of that name was there; meanwhile a second one is: asked again."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    await a_dossier(world, firm, code="1", name="De Smet")
    data = workbook(["", "De Smet", "", ""])
    async with sign_in(world, owner) as client:
        wheres = [(await upload(client, data)).headers["location"] for _ in range(2)]
        for where in wheres:
            await client.post(f"{where}/accept", data={"answer_2": "new"})
            await world.run_jobs()
        assert "By now there is a dossier like this" in (await client.get(wheres[1])).text
    assert await names_of(world, owner) == ["De Smet", "De Smet"]
