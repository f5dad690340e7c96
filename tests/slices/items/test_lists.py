"""Items looked up for lists: found by parts of words beyond row security, and seen within it."""

from uuid import uuid4

import sqlalchemy as sa

from portal.db.session import Scope
from portal.features.items.models import DossierItem
from portal.features.items.service import lists
from portal.kernel.searching import sought
from tests.support.builders import a_firm
from tests.support.builders_scene import an_office
from tests.support.world import World


async def test_items_are_found_by_number_and_counterparty(world: World) -> None:
    """By parts of names and numbers, whatever stands between their signs; of short ones the whole number or what is new."""
    office = await an_office(world)
    for number in ("2026-0017", "2026-0018", "b_1"):
        await office.purchase(number, supplier_name="Telecom NV")
    unnumbered = await office.purchase("gone", supplier_name="Nameloos NV")
    async with world.as_system() as session:
        await session.execute(
            sa.update(DossierItem).where(DossierItem.document_id == unnumbered.id).values(number="")
        )
    everything = {"2026-0017", "2026-0018", "b_1"}
    expected = {
        "teleCOM": everything,
        "lecom n": everything,
        "nv": everything | {""},
        "-": set(),
        "2026/0017": {"2026-0017"},
        "20260": {"2026-0017", "2026-0018"},
        "B1": {"b_1"},
        "%": set(),
        "nowhere": set(),
    }
    async with world.tools.database.reading(Scope(firm_id=office.firm.id)) as session:
        for text, numbers in expected.items():
            found = await lists.find(session, sought(text), manager_id=None, limit=9)
            assert {item.number for item in found} == numbers, text
        assert len(await lists.find(session, sought("telecom"), manager_id=None, limit=2)) == 2
        assert not await lists.find(session, sought("telecom"), manager_id=uuid4(), limit=9)


async def test_nobody_finds_what_another_firm_has(world: World) -> None:
    office = await an_office(world)
    await office.purchase("2026-0017", supplier_name="Telecom NV")
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    for scope, expected in (
        (Scope(firm_id=office.firm.id), 1),
        (Scope(firm_id=other.id), 0),
        (Scope(company_id=office.company.id), 0),  # members have lists of their own
        (Scope(host_firm_id=office.firm.id), 0),
        (Scope(), 0),
    ):
        async with world.tools.database.reading(scope) as session:
            for text in ("telecom", "20260017"):
                found = await lists.find(session, sought(text), manager_id=None, limit=9)
                assert len(found) == expected, (scope, text)
