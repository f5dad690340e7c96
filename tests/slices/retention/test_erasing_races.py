"""Two people erase once, whatever races with them, and nobody erases past the second one."""

import asyncio

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db.session import Scope
from portal.features.documents.models import Document
from portal.kernel.actor import Role
from tests.support.builders import a_member, sign_in
from tests.support.builders_scene import Office
from tests.support.erasing import (
    SECRET,
    a_private_paper,
    erasures,
    propose,
    second,
)
from tests.support.world import World


async def test_two_second_people_at_once_erase_it_once(office: Office) -> None:
    world = office.world
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    await propose(office, path)
    people = [await second(office), await second(office, Role.OWNER)]
    async with sign_in(world, people[0]) as one, sign_in(world, people[1]) as two:
        answers = await asyncio.gather(
            *(client.post(f"{path}/erase/answer", data={"answer": "erase"}) for client in (one, two))
        )
    assert min(answer.status_code for answer in answers) == 303
    assert max(answer.status_code for answer in answers) in (404, 409)
    assert [one.state.value for one in await erasures(world)] == ["confirmed"]


async def test_confirming_withdrawing_and_bringing_back_at_once_end_in_one_of_them(office: Office) -> None:
    world = office.world
    other = await second(office)
    for number in range(3):
        document = await a_private_paper(office, f"{SECRET}-{number}")
        path = f"{office.base}/documents/{document.id}"
        await propose(office, path)
        async with (
            sign_in(world, other) as one,
            sign_in(world, office.accountant) as two,
            sign_in(world, office.entrepreneur) as three,
        ):
            answers = await asyncio.gather(
                one.post(f"{path}/erase/answer", data={"answer": "erase"}),
                two.post(f"{path}/erase/withdraw"),
                three.post(f"/documents/{document.id}/bring-back"),
            )
        assert all(answer.status_code in (303, 404, 409) for answer in answers)
        async with world.as_system() as session:
            present = await session.get_one(Document, document.id)
        erasure = (await erasures(world))[-1]
        assert (present.erased_at is not None) == (erasure.state.value == "confirmed")
        assert (present.erased_at is None) == (present.number != "")
        assert erasure.state.value in ("confirmed", "withdrawn", "ended")


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────────────


async def refused(world: World, scope: Scope | None, statement: str, **values: object) -> str:
    database = world.tools.database
    try:
        async with database.system_scope() if scope is None else database.transaction(scope) as session:
            await session.execute(sa.text(statement), values)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))
    return "done"


async def test_nobody_erases_past_the_second_person_not_even_by_sql(office: Office) -> None:
    world = office.world
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    other, outsider = await second(office), await a_member(world, office.firm, office.company.id)
    scopes = (office.opened, None)
    for scope in scopes:
        assert await refused(world, scope, "update document set erased_at = now(), number = ''") == "FL005"
    await propose(office, path)
    answer = "update erasure set state = 'confirmed', answered_at = now(), answered_by = :who"
    for scope in scopes:
        assert await refused(world, scope, answer, who=office.accountant.person_id) in ("FL005", "23514")
        assert await refused(world, scope, answer, who=outsider.person_id) in ("FL005", "23503")
        assert await refused(world, scope, answer, who=None) in ("FL005", "23514")
        assert (
            await refused(world, scope, "update erasure set proposed_by = :who", who=other.person_id)
            == "FL003"
        )
        gone = await refused(world, scope, "delete from erasure")
        assert gone == ("FL003" if scope is None else "done"), "the application sees nothing it may delete"
        assert len(await erasures(world)) == 1
        assert await refused(world, scope, "update document set erased_at = now()") == "FL005"
    async with sign_in(world, other) as client:
        await client.post(f"{path}/erase/answer", data={"answer": "erase"})
    for scope in scopes:
        assert await refused(world, scope, "update document set number = 'x'") == "FL005"
        assert await refused(world, scope, "update document set erased_at = null") == "FL005"
        assert await refused(world, scope, "update intake_file set name = 'x'") == "FL005"
        assert await refused(world, scope, "update erasure set reason = 'x'") == "FL003"
        assert await refused(world, scope, "delete from document") in ("FL004", "23503")
