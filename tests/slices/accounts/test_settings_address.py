"""The address of the office is one thing: a street of one writer and a town of another are nobody's address."""

import sqlalchemy as sa

from portal.features.accounts.pages.settings import GROUPS
from portal.features.parties.models import Firm
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World

SHOWN = {"street": "Kerkstraat 1", "postcode": "8000", "city": "Brugge"}


async def test_a_new_town_does_not_come_to_stand_under_a_street_that_somebody_else_changed(
    world: World,
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with world.as_system() as session:
        await session.execute(sa.update(Firm).values(street="Kerkstraat 1", postcode="8000", city="Brugge"))
    async with sign_in(world, owner) as client:
        page = (await client.get("/settings")).text
        form = {"seen_" + name: value for name, value in SHOWN.items()}
        assert all(f'name="{name}" value="{value}"' in page for name, value in form.items())
        form |= {**SHOWN, "name": firm.name, "email": firm.email, "language": firm.language.value}
        async with world.as_system() as session:
            await session.execute(sa.update(Firm).values(street="Markt 7"))
        answer = await client.post("/settings", data=form | {"city": "Gent", "postcode": "9000"})
        assert answer.status_code == 409
        assert "Markt 7" in answer.text
        assert "Kerkstraat 1" in answer.text
        async with world.as_system() as session:
            kept = (await session.scalars(sa.select(Firm).where(Firm.id == firm.id))).one()
            assert (kept.street, kept.postcode, kept.city) == ("Markt 7", "8000", "Brugge")
    assert GROUPS == (("street", "postcode", "city"),)
