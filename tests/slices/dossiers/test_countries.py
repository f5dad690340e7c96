"""A dossier on a company abroad, made in the form."""

import sqlalchemy as sa

from portal.features.dossiers.models import Dossier
from portal.features.parties.models import Company
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World

FORM = {"name": "Bloemen", "language": "nl", "vat_regime": "quarterly"}


async def test_the_country_that_was_chosen_is_the_companys(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        made = await client.post("/dossiers", data=FORM | {"country": "NL", "number": "NL004495445B01"})
        odd = await client.post("/dossiers", data=FORM | {"country": "XX", "number": ""})
    assert made.status_code == 303
    assert (odd.status_code, "Choose one of the list" in odd.text) == (422, True)
    async with world.as_system() as session:
        dossier = (await session.scalars(sa.select(Dossier))).one()
        company = await session.get_one(Company, dossier.company_id)
    assert (dossier.country, dossier.number, company.country) == ("NL", "004495445B01", "NL")
    assert company.vat_id is None, "whether it is liable to VAT nobody said"
