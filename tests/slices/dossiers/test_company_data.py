"""Data of the company: changed, told of, refused; what else it is known by is read from papers."""

import re

import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.parties.models import Company, CompanyIdentifier
from portal.kernel.kinds import Kind
from tests.support.builders import a_dossier, a_firm, a_staff_member, sign_in
from tests.support.builders_papers import a_ubl
from tests.support.builders_scene import Office, an_office
from tests.support.world import World

GLN = "5412345000013"
FORM = {
    "scheme": "gln",
    "value": f" {GLN[:7]} {GLN[7:]}",
    "valid_from": "2026-01-01",
    "source": "register",
    "evidence": "GS1, 3 November",
}


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def page_of(office: Office) -> str:
    return f"{office.base}/edit/company"


async def told(office: Office, action: str) -> list[AuditEvent]:
    async with office.world.as_system() as session:
        return list(await session.scalars(sa.select(AuditEvent).where(AuditEvent.action == action)))


async def identifiers(office: Office) -> list[CompanyIdentifier]:
    async with office.world.as_system() as session:
        return list(await session.scalars(sa.select(CompanyIdentifier)))


async def known_by(office: Office, text: str) -> bool:
    async with office.world.tools.database.transaction(office.opened) as session:
        us = await arrivals.identity_of(session, office.company.id)
    return text in us.texts or ("BE", text) in us.numbers


async def test_name_and_address_are_changed_and_told(office: Office) -> None:
    form = {"name": "Bakkerij Peeters NV", "street": "Molenstraat 7", "postcode": "9000", "city": "Gent"}
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(page_of(office), data=form)).status_code == 303
        assert "Molenstraat 7" in (await client.get(office.base)).text
        history = (await client.get(f"{office.base}/history")).text
        assert (await client.post(page_of(office), data=form)).status_code == 303
    (event,) = await told(office, "parties.company_changed")
    assert set(event.data["fields"]) == {"name", "street", "postcode", "city"}
    assert "Molenstraat 7" in history
    async with office.world.as_system() as session:
        found = await session.get_one(Company, office.company.id)
        assert (found.name, found.sort_key) == ("Bakkerij Peeters NV", "bakkerij peeters nv")


async def test_a_company_has_a_name_and_two_writers_are_told(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        empty = await client.post(page_of(office), data={"name": "", "city": "Gent"})
        assert (empty.status_code, "Gent" in empty.text) == (422, True)
        other = {"name": "Bakkerij A", "seen_name": "Bakkerij Z"}
        assert (await client.post(page_of(office), data=other)).status_code == 409
    assert await told(office, "parties.company_changed") == []


async def test_an_identifier_is_added_shown_and_ended(office: Office) -> None:
    assert not await known_by(office, GLN)
    async with sign_in(office.world, office.accountant) as client:
        where = f"{page_of(office)}/identifiers"
        assert (await client.post(where, data=FORM)).status_code == 303
        assert await known_by(office, GLN)
        for path in (office.base, page_of(office)):
            assert GLN in (await client.get(path)).text
        assert GLN in (await client.get(f"{office.base}/history")).text
        again = await client.post(where, data=FORM)
        assert (again.status_code, "has this one already" in again.text) == (422, True)
        (one,) = await identifiers(office)
        early = await client.post(f"{where}/{one.id}/end", data={"valid_until": "2025-12-31"})
        assert early.status_code == 422
        done = await client.post(f"{where}/{one.id}/end", data={"valid_until": "2026-10-31"})
        assert done.status_code == 303
        assert (await client.post(f"{where}/{one.id}/end", data={})).status_code == 404
        assert (await client.post(where, data=FORM)).status_code == 303, "it came back"
    (added, _again), (ended,) = (
        await told(office, "parties.identifier_added"),
        await told(office, "parties.identifier_ended"),
    )
    assert added.data["fields"]["value"] == [None, GLN]
    assert ended.data["fields"] == {"valid_until": [None, "2026-10-31"]}


async def test_a_paper_that_names_any_identifier_of_the_company_is_its_own(office: Office) -> None:
    form = FORM | {"scheme": "enterprise", "value": "0403170701"}
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(f"{page_of(office)}/identifiers", data=form)).status_code == 303
    await office.hand_in({"other.xml": a_ubl(customer="0403170701")})
    async with office.world.as_system() as session:
        assert list(await session.scalars(sa.select(Document.kind))) == [Kind.PURCHASE_INVOICE]


async def test_what_has_ended_stands_for_the_company_no_longer(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        where = f"{page_of(office)}/identifiers"
        await client.post(where, data=FORM)
        (one,) = await identifiers(office)
        await client.post(f"{where}/{one.id}/end", data={"valid_until": "2026-10-31"})
    assert not await known_by(office, GLN)


async def test_what_begins_later_does_not_stand_for_the_company_yet(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        added = await client.post(f"{page_of(office)}/identifiers", data=FORM | {"valid_from": "2099-01-01"})
    assert added.status_code == 303
    assert not await known_by(office, GLN)


async def test_a_last_day_to_come_is_refused_so_that_nothing_stands_twice(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        where = f"{page_of(office)}/identifiers"
        await client.post(where, data=FORM)
        (one,) = await identifiers(office)
        late = await client.post(f"{where}/{one.id}/end", data={"valid_until": "2099-01-01"})
    assert (late.status_code, "still to come" in late.text) == (422, True)
    assert [one.valid_until for one in await identifiers(office)] == [None]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "5412345000014"},
        {"value": ""},
        {"scheme": "iban"},
        {"source": "rumour"},
        {"valid_from": "yesterday"},
        {"evidence": "x" * 501},
    ],
)
async def test_what_is_wrong_is_said_and_kept_on_the_page(office: Office, changes: dict[str, str]) -> None:
    async with sign_in(office.world, office.accountant) as client:
        said = await client.post(f"{page_of(office)}/identifiers", data=FORM | changes)
    assert said.status_code == 422
    assert re.search(r'role="alert"|is-invalid', said.text)
    assert await identifiers(office) == []


async def test_the_number_of_the_company_is_no_second_one(office: Office) -> None:
    form = FORM | {"scheme": "enterprise", "value": str(office.company.number)}
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(f"{page_of(office)}/identifiers", data=form)).status_code == 422


async def test_another_office_and_one_without_access_find_nothing(office: Office) -> None:
    world = office.world
    other = await a_firm(world, "ardennes")
    await a_dossier(world, other, code="9")
    stranger = await a_staff_member(world, other)
    async with sign_in(world, office.accountant) as client:
        await client.post(f"{page_of(office)}/identifiers", data=FORM)
    (one,) = await identifiers(office)
    paths = (page_of(office), f"{page_of(office)}/identifiers", f"{page_of(office)}/identifiers/{one.id}/end")
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        assert [(await client.post(path, data=FORM)).status_code for path in paths] == [404] * 3
    async with world.as_system() as session:
        await session.execute(
            sa.update(Dossier).where(Dossier.id == office.dossier.id).values(access=Access.ENDED)
        )
    async with sign_in(world, office.accountant) as client:
        assert (await client.get(page_of(office))).status_code == 404
        assert [(await client.post(path, data=FORM)).status_code for path in paths] == [404] * 3
